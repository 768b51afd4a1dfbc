"""A path followed on somebody's behalf: is the arm near enough, has it arrived, what went wrong.

The rules and codes are those of ROS's FollowJointTrajectory action.
"""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass

import numpy as np

from rl_control.control.moving_goal import MovingGoal
from rl_control.errors import DataError
from rl_control.types import Array, Goal, JointState

SUCCESSFUL = 0
INVALID_GOAL = -1
PATH_TOLERANCE_VIOLATED = -4
GOAL_TOLERANCE_VIOLATED = -5

GOAL_TOLERANCE = 0.01  # [rad] or [m] at the end where nobody says
GOAL_TIME_TOLERANCE = 2.0  # [s] after the end where nobody says


@dataclass(frozen=True)
class Tolerances:
    """How far from a path an arm may be; infinity for any distance.

    Attributes:
        path: along it, [n] in [rad] or [m].
        goal: at its end, [n] in [rad] or [m].
        goal_time: time after its end in which the arm must have arrived in [s].
    """

    path: Array
    goal: Array
    goal_time: float = GOAL_TIME_TOLERANCE


@dataclass(frozen=True)
class Outcome:
    """How it ended.

    Attributes:
        code: SUCCESSFUL or what went wrong.
        text: the same in words; "" for success.
        cancelled: whether it ended because somebody asked for that.
    """

    code: int
    text: str = ""
    cancelled: bool = False


@dataclass(frozen=True)
class Progress:
    """Where an arm is and where it should be.

    Attributes:
        time: since the path's begin in [s].
        wanted: joint positions, [n].
        wanted_velocity: joint velocities, [n].
        state: of the arm.
    """

    time: float
    wanted: Array
    wanted_velocity: Array
    state: JointState


class FollowTask:
    """One path from its request to its outcome, which never changes once it is there.

    Args:
        tolerances: what is demanded.

    Attributes:
        outcome: None while it is under way.
    """

    def __init__(self, tolerances: Tolerances) -> None:
        self.outcome: Outcome | None = None
        self._tolerances = tolerances
        self._lock = threading.Lock()
        self._found: MovingGoal | None = None
        self._goal: MovingGoal | None = None

    def found(self, goal: MovingGoal) -> MovingGoal:
        """Take note of the goal that the path was found to be; from any thread.

        Raises:
            DataError: if nobody waits for it any more.
        """
        with self._lock:
            self._found = goal
        if self.outcome is not None:
            raise DataError("trajectory", "it was withdrawn while it was checked", "Send it again.")
        return goal

    def owns(self, goal: Goal) -> bool:
        """Say whether a goal is what this path was found to be."""
        with self._lock:
            found = self._found
        return isinstance(goal, MovingGoal) and found is not None and goal.table is found.table

    def aimed(self, goal: Goal) -> None:
        """Take note of what the controller aims at from now on."""
        if isinstance(goal, MovingGoal) and self.owns(goal):
            self._goal = goal
        elif self._goal is not None:
            self.end(INVALID_GOAL, "another target took its place")

    def refused(self, error: Exception) -> None:
        """Take note that the newest target was refused."""
        if self._goal is None:
            self.end(INVALID_GOAL, str(error))

    @property
    def begun(self) -> bool:
        """Whether the controller aims at it."""
        return self._goal is not None

    def cancel(self) -> None:
        """End it because somebody asks for that."""
        if self.outcome is None:
            self.outcome = Outcome(SUCCESSFUL, "cancelled", cancelled=True)

    def end(self, code: int, text: str = "") -> None:
        """End it, unless it has ended."""
        if self.outcome is None:
            self.outcome = Outcome(code, text)

    def look(self, state: JointState) -> Progress | None:
        """Judge the arm's newest state; return where it is, once the path has begun."""
        goal = self._goal
        if goal is None or self.outcome is not None:
            return None
        wanted, velocity, _ = goal.at(state.stamp)
        since = state.stamp - goal.start
        off = np.abs(state.position - wanted)
        after = since - goal.duration
        if after < 0.0:
            self._judge(state, off, self._tolerances.path, PATH_TOLERANCE_VIOLATED, "on its path")
        elif (off <= self._tolerances.goal).all():
            self.end(SUCCESSFUL)
        elif after > self._tolerances.goal_time:
            where = f"at the goal {after:.2f} s after its time"
            self._judge(state, off, self._tolerances.goal, GOAL_TOLERANCE_VIOLATED, where)
        return Progress(since, wanted, velocity, state)

    def _judge(self, state: JointState, off: Array, allowed: Array, code: int, where: str) -> None:
        excess = off - allowed
        i = int(np.argmax(excess))
        if excess[i] > 0.0:
            self.end(
                code, f"{state.names[i]} is {off[i]:.4g} off {where}, allowed {allowed[i]:.4g}"
            )


def tolerance(value: float, default: float) -> float:
    """Return what a tolerance of the action means: 0 the default, below 0 any distance."""
    if value == 0.0:
        return default
    return math.inf if value < 0.0 else value
