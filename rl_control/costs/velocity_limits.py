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
        return self._depths(s, ca.SX(ca.DM(1.0 / s.robot.limits.velocity)))

    def _depths(self, s: Symbols, slowness: ca.SX) -> ca.SX:
        """The depth of each joint that has a limit, below the greatest speeds 1 / slowness, [n]."""
        bounded = np.flatnonzero(np.isfinite(s.robot.limits.velocity))
        return ca.vertcat(
            ca.SX(0, 1),
            *(
                interval_hinge(
                    s.v[i] * slowness[i],
                    lower=-1.0,
                    upper=1.0,
                    margin=self.margin,
                    softness=self.softness,
                )
                for i in map(int, bounded)
            ),
        )


@dataclass(frozen=True)
class GivenVelocityLimits(VelocityLimits):
    """The same below limits that are run-time numbers, in the parameter "slowness".

    That is the reciprocal of each joint's greatest speed, in [s/rad] or [s/m]; 0 is no limit. So
    there are no numbers, parameters that were never set included, of which it makes no number.

    Attributes:
        joints: number of joints n.
    """

    joints: int = 0

    @property
    def parameters(self) -> Mapping[str, int]:
        """The slowness of each joint; that of one without a limit is not used."""
        return {"slowness": self.joints}

    def residual(self, s: Symbols, p: Mapping[str, ca.SX]) -> ca.SX:
        """Return each joint's depth in its margin."""
        return self._depths(s, p["slowness"])
