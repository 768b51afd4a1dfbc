"""A recorded run as the source of a view: time can be moved in."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from rl_control.data.bags.cdr_rows import Stamps
from rl_control.data.runs.decisions import Lazy
from rl_control.data.runs.events import LoggedGoal, LoggedPlan, LogNote, Report
from rl_control.data.runs.log import RunLog
from rl_control.robot.kinematics import Kinematics
from rl_control.robot.model import RobotModel
from rl_control.robot.quaternions import rotation_from_quaternion
from rl_control.run.recorded_robot import recorded_robot
from rl_control.types import Array, JointState
from rl_control.view.snapshot import CAUTION, FINE, STOPPED, Snapshot, Target

_NANO = 1_000_000_000
_REFUSED = "target refused"
_REFUSAL_TIME = 4.0  # [s]
_PLAN_TIME = 0.5  # [s] for which a plan is shown
_LONGEST_STEP = 0.2  # [s]: while nobody looked, time stood still
_LEVELS = {0: FINE, 1: CAUTION, 2: STOPPED}


@dataclass
class LogPlayback:
    """Where a recording is, and whether it goes on.

    Attributes:
        duration: length in [s].
        time: from its first state in [s].
        playing: whether time goes on.
        speed: seconds a second.
    """

    duration: float
    time: float = 0.0
    playing: bool = True
    speed: float = 1.0

    def advance(self, elapsed: float) -> None:
        """Let `elapsed` [s] pass; stop at the end."""
        if self.playing:
            self.time += elapsed * self.speed
            self.playing = self.time < self.duration
        self.time = min(max(self.time, 0.0), self.duration)


class LogSource:
    """Shows what a bag tells; nothing can be moved.

    Args:
        log: the run.
        robot: its arm.
        clock: steady time in [s].
    """

    can_move = may_move = can_reset = False
    waiting = ""

    def __init__(
        self, log: RunLog, robot: RobotModel, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._log, self.robot, self._clock = log, robot, clock
        self._kinematics = Kinematics(robot)
        self.title = f"{robot.name}, recorded"
        self._received = np.maximum.accumulate(log.states.received)
        self._times = (self._received - self._received[0]) / _NANO
        self.playback = LogPlayback(float(self._times[-1]))
        self._seen_at = clock()
        own = log.controller.rpartition("/")[2]
        self._reports = [report for report in log.reports if report.name == own]
        self._goals_at = _times_of(log.goals)
        self._reports_at = _times_of(self._reports)
        refusals = [note for note in log.notes if note.text.startswith(_REFUSED)]
        self._refusals, self._refusals_at = refusals, _times_of(refusals)
        self._solve_ms = log.decisions.numbers("solve_ms")
        self._reasons = log.decisions.column("reason")
        self._plan: tuple[int, Array | None] = (-1, None)

    def look(self) -> Snapshot:
        """Return what was seen at the time where the playback is."""
        now = self._clock()
        self.playback.advance(min(now - self._seen_at, _LONGEST_STEP))
        self._seen_at = now
        index = int(np.searchsorted(self._times, self.playback.time, side="right")) - 1
        index = max(0, index)
        at = int(self._received[index])
        goal = _last(self._goals_at, at)
        decision = _last(self._log.decisions.received, at)
        solve = float(self._solve_ms[decision]) if decision >= 0 else math.nan
        level, summary = self._state(at, decision)
        return Snapshot(
            joints=self._joints(index),
            goal=self._target(goal, index) if goal >= 0 else None,
            goals=goal,
            refusal=self._refusal(at),
            plan=self._plan_at(at),
            level=level,
            summary=summary,
            measures={"solve_ms": solve},
            readings={
                "time": f"{self._times[index]:.2f} of {self.playback.duration:.2f} s",
                "solve time": "-" if math.isnan(solve) else f"{solve:.2f} ms",
            },
        )

    def send(self, target: Target) -> None:
        """Do nothing: what is recorded cannot be moved."""

    def stop(self) -> str:
        """Do nothing."""
        return ""

    def start(self) -> str:
        """Do nothing."""
        return ""

    def reset(self) -> str:
        """Do nothing."""
        return ""

    def close(self) -> None:
        """Hold nothing."""

    def _joints(self, index: int) -> JointState:
        states = self._log.states
        position, velocity, effort = (
            np.nan_to_num(rows[index])
            for rows in (states.positions, states.velocities, states.efforts)
        )
        return JointState(self.robot.names, position, velocity, effort, float(self._times[index]))

    def _target(self, goal: int, index: int) -> Target:
        """Where the tip is wanted at a state: a goal that moves is where its path is by then."""
        told = self._log.goals[goal]
        if told.path is not None:
            stamp = np.array([self._log.states.stamps[index] / _NANO])
            return Target(self._kinematics.tip(told.path.positions_at(stamp)[0]).position)
        if told.quaternion is None:
            return Target(told.position)
        return Target(told.position, rotation_from_quaternion(told.quaternion, "goal"))

    def _plan_at(self, at: int) -> Array | None:
        plans: Lazy[LoggedPlan] = self._log.plans
        index = _last(plans.received, at)
        if index < 0 or at - int(plans.received[index]) > _PLAN_TIME * _NANO:
            return None
        if index != self._plan[0]:
            plan = plans[index]
            known = plan.names == self.robot.names
            self._plan = (index, plan.positions if known else None)
        return self._plan[1]

    def _refusal(self, at: int) -> str:
        index = _last(self._refusals_at, at)
        if index < 0 or at - int(self._refusals_at[index]) > _REFUSAL_TIME * _NANO:
            return ""
        return self._refusals[index].text.partition(": ")[2]

    def _state(self, at: int, decision: int) -> tuple[str, str]:
        reason = self._reasons[decision] if decision >= 0 else ""
        index = _last(self._reports_at, at)
        report = self._reports[index] if index >= 0 else None
        if report is not None and report.level:
            return _LEVELS.get(report.level, CAUTION), report.message
        if reason:
            return CAUTION, f"the safety filter acts: {reason}"
        return FINE, report.message if report is not None else "recorded"


def log_source(log: RunLog, robot: str | None, base: str | None, tip: str | None) -> LogSource:
    """Return the source of a recorded run.

    Args:
        log: the run.
        robot: its name or file; None for the one it was recorded with.
        base: its base link; None for the recorded one.
        tip: its tip link; None for the recorded one.

    Raises:
        DataError: if the arm is not known, or not that of the bag.
        RlControlError: if the robot cannot be used.
    """
    return LogSource(log, recorded_robot(log, robot, base, tip))


def _times_of(entries: Sequence[LoggedGoal | LogNote | Report]) -> Stamps:
    return np.array([entry.received for entry in entries], dtype=np.int64)


def _last(times: Stamps, at: int) -> int:
    """Index of the newest entry at time `at` [ns]; -1 before the first."""
    return int(np.searchsorted(times, at, side="right")) - 1
