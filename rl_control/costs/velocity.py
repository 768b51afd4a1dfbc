"""Keep still: joint speeds, or the tip's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import casadi as ca

from rl_control.costs.base import CostTerm, Symbols


@dataclass(frozen=True)
class Velocity(CostTerm):
    """r = v, [n] in [rad/s] or [m/s]; one weight a joint.

    Attributes:
        joints: number of joints n.
    """

    joints: int
    name: str = "velocity"

    @property
    def weight_size(self) -> int:
        """One weight a joint."""
        return self.joints

    def residual(self, s: Symbols, p: Mapping[str, ca.SX]) -> ca.SX:
        """Return the joint velocities."""
        return s.v


@dataclass(frozen=True)
class TipVelocity(CostTerm):
    """r = tip velocity - target, [6] in [m/s] and [rad/s]; parameter "target", [6]."""

    name: str = "tip_velocity"

    @property
    def parameters(self) -> Mapping[str, int]:
        """The velocity wanted: linear, then angular, base-frame axes."""
        return {"target": 6}

    @property
    def weight_size(self) -> int:
        """One weight a component."""
        return 6

    def residual(self, s: Symbols, p: Mapping[str, ca.SX]) -> ca.SX:
        """Return the tip velocity's offset from the one wanted."""
        return s.tip_velocity - p["target"]
