"""Bring points that are fixed to the tip to where they belong: place and direction in one cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import casadi as ca

from rl_control.costs.base import CostTerm, Symbols

_NEAR_ZERO = 1e-6  # where log(1 + z) / z is 1 but for a millionth


@dataclass(frozen=True)
class TipPoints(CostTerm):
    """r_i = p(q) + R(q) offset_i - target_i of k points, [3k] in [m]; parameter "target", [3k].

    Two points leave a turn about the line through them free; three determine the rotation.

    Attributes:
        offsets: the points in the tip frame, k times x y z in [m].
    """

    offsets: tuple[tuple[float, float, float], ...]
    name: str = "tip_points"

    @property
    def parameters(self) -> Mapping[str, int]:
        """Where the points belong in the base frame, one after the other."""
        return {"target": 3 * len(self.offsets)}

    def residual(self, s: Symbols, p: Mapping[str, ca.SX]) -> ca.SX:
        """Return the points' offsets from their targets."""
        return ca.vertcat(*self._away(s, p))

    def _away(self, s: Symbols, p: Mapping[str, ca.SX]) -> list[ca.SX]:
        return [
            s.tip_position
            + ca.mtimes(s.tip_rotation, ca.DM(offset))
            - p["target"][3 * i : 3 * i + 3]
            for i, offset in enumerate(self.offsets)
        ]


@dataclass(frozen=True)
class SharpTipPoints(TipPoints):
    """The same points, with a cost that still pulls when they are almost there.

        |r_i|^2 = log(1 + |d_i|^2 / scale^2),   d_i = p(q) + R(q) offset_i - target_i

    Beyond the scale the pull is like 1 / |d|, where a quadratic cost's fades with |d|. The residual
    points along d, so that its Gauss-Newton Hessian is positive across d, too.

    Attributes:
        scale: distance within which the cost is quadratic, in [m].

    Source: the cost's form, Levine and Abbeel (2014), "Learning neural network policies with
    guided policy search under unknown dynamics".
    """

    scale: float = 0.003
    name: str = "sharp_tip_points"

    def residual(self, s: Symbols, p: Mapping[str, ca.SX]) -> ca.SX:
        """Return the points' offsets from their targets, shortened; no unit."""
        shortened = []
        for away in self._away(s, p):
            share = away / self.scale
            square = ca.dot(share, share) + _NEAR_ZERO
            shortened.append(share * ca.sqrt(ca.log(1 + square) / square))
        return ca.vertcat(*shortened)
