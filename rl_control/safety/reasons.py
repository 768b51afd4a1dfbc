"""The named reasons for which a command is changed or motion is stopped."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import Enum


class Reason(str, Enum):
    """Why the safety filter did not pass a command as it came.

    The first two change a command and let the motion go on; all others stop it.
    """

    EFFORT_LIMIT = "effort_limit"
    EFFORT_RATE = "effort_rate"
    COMMAND_MISMATCH = "command_mismatch"
    COMMAND_NOT_FINITE = "command_not_finite"
    PLANNER_FAILED = "planner_failed"
    STATE_MISMATCH = "state_mismatch"
    STATE_NOT_FINITE = "state_not_finite"
    STATE_STALE = "state_stale"
    STATE_FROM_FUTURE = "state_from_future"
    POSITION_LIMIT = "position_limit"
    VELOCITY_LIMIT = "velocity_limit"
    STOP_REQUESTED = "stop_requested"

    @property
    def stops(self) -> bool:
        """Whether motion stops for this reason, until a reset."""
        return self not in (Reason.EFFORT_LIMIT, Reason.EFFORT_RATE)

    def __str__(self) -> str:
        return self.value


@dataclass(frozen=True)
class Violation:
    """One broken rule, with its numbers.

    Attributes:
        reason: the rule.
        joint: joint concerned; "" where the rule is about none in particular.
        value: what was found, in the joint's units or [s].
        bound: what is allowed, in the same unit.
    """

    reason: Reason
    joint: str = ""
    value: float = math.nan
    bound: float = math.nan

    def __str__(self) -> str:
        where = f" at {self.joint}" if self.joint else ""
        if math.isnan(self.bound):
            return f"{self.reason}{where}"
        return f"{self.reason}{where}: {self.value:.4g}, allowed {self.bound:.4g}"
