"""Change the efforts slowly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import casadi as ca

from rl_control.costs.base import CostTerm, Symbols


@dataclass(frozen=True)
class ControlRate(CostTerm):
    """r = (u - u_prev) / dt, [n] in [N m/s] or [N/s]; one weight a joint.

    Attributes:
        joints: number of joints n.
    """

    joints: int
    name: str = "control_rate"
    uses_control: bool = True
    uses_previous_control: bool = True

    @property
    def weight_size(self) -> int:
        """One weight a joint."""
        return self.joints

    def residual(self, s: Symbols, p: Mapping[str, ca.SX]) -> ca.SX:
        """Return the efforts' rates of change."""
        return (s.u - s.u_prev) / s.dt
