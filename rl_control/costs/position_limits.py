"""Keep the joints away from the ends of their travel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import casadi as ca
import numpy as np

from rl_control.costs.base import CostTerm, Symbols
from rl_control.costs.hinge import interval_hinge


@dataclass(frozen=True)
class PositionLimits(CostTerm):
    """r: how far each joint is into the margin before its limits, 1 at a limit; no unit.

    Joints without an end (continuous, or infinite limits) have no entry.

    Attributes:
        margin: share of the joint's range, at either end, in which the wall rises.
        softness: width of the wall's bend as a share of the margin.
    """

    margin: float = 0.05
    softness: float = 0.05
    name: str = "position_limits"

    def residual(self, s: Symbols, p: Mapping[str, ca.SX]) -> ca.SX:
        """Return each bounded joint's depth in its margins."""
        limits = s.robot.limits
        bounded = np.flatnonzero(np.isfinite(limits.lower) & np.isfinite(limits.upper))
        return ca.vertcat(
            ca.SX(0, 1),
            *(
                interval_hinge(
                    s.q[int(i)],
                    lower=limits.lower[i],
                    upper=limits.upper[i],
                    margin=self.margin * (limits.upper[i] - limits.lower[i]),
                    softness=self.softness,
                )
                for i in bounded
                if s.robot.joints[i].kind != "continuous"
            ),
        )
