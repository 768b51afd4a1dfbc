"""Keep the joints below their greatest speed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import casadi as ca
import numpy as np

from rl_control.costs.base import CostTerm, Symbols
from rl_control.costs.hinge import interval_hinge


@dataclass(frozen=True)
class VelocityLimits(CostTerm):
    """r: how far each joint's speed is into the margin below its limit, 1 at the limit; no unit.

    Attributes:
        margin: share of the greatest speed, below it, in which the wall rises.
        softness: width of the wall's bend as a share of the margin.
    """

    margin: float = 0.2
    softness: float = 0.25
    name: str = "velocity_limits"

    def residual(self, s: Symbols, p: Mapping[str, ca.SX]) -> ca.SX:
        """Return each joint's depth in its margin."""
        fastest = s.robot.limits.velocity
        return ca.vertcat(
            ca.SX(0, 1),
            *(
                interval_hinge(
                    s.v[int(i)],
                    lower=-fastest[i],
                    upper=fastest[i],
                    margin=self.margin * fastest[i],
                    softness=self.softness,
                )
                for i in np.flatnonzero(np.isfinite(fastest))
            ),
        )
