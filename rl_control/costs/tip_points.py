"""Bring points that are fixed to the tip to where they belong: place and direction in one cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import casadi as ca

from rl_control.costs.base import CostTerm, Symbols


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

    @property
    def weight_size(self) -> int:
        """One weight an axis of each point."""
        return 3 * len(self.offsets)

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
