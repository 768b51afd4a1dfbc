"""A planner as a `Controller` in real time: every state is answered in time."""

from __future__ import annotations

import time
from collections.abc import Callable

from rl_control.control.receding import RecedingHorizon
from rl_control.ros.worker import LatestWorker
from rl_control.types import ArmState, Command, JointState

FIRST_PLAN_TIME = 1.0  # [s]
PLAN_SHARE = 0.6  # of a period, in which a plan is waited for: its command has a way to go yet


class PlanningBehind:
    """Plans on a thread of its own; a state whose plan is late is answered from the one before.

    Args:
        planner: makes plans and commands; nobody else plans with it.
        wait: longest time in [s] to wait for the plan of a state.
        clock: steady time in [s].
    """

    def __init__(
        self,
        planner: RecedingHorizon,
        wait: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._planner, self._wait, self._clock = planner, wait, clock
        self._fresh = True
        self._worker: LatestWorker[tuple[JointState, bool], tuple[JointState, bool]]
        self._worker = LatestWorker(self._solve, "planner")

    @property
    def last_solve_ms(self) -> float:
        """Wall time of the newest solve in [ms]."""
        return self._planner.last_solve_ms

    def reset(self, state: ArmState) -> None:
        """Forget all plans: before the next one, as one may be under way."""
        self._fresh = True

    def act(self, state: ArmState) -> Command:
        """Return the command for `state` of the newest plan; wait longer for a first one."""
        joints = state.joints
        self._worker.submit((joints, self._fresh))
        end = self._clock() + (FIRST_PLAN_TIME if self._fresh else self._wait)
        while (done := self._worker.take(end - self._clock())) is not None:
            solved, fresh = done
            self._fresh &= not fresh
            if solved is joints:
                break
        return self._planner.command(joints, joints.stamp)

    def _solve(self, job: tuple[JointState, bool]) -> tuple[JointState, bool]:
        joints, fresh = job
        if fresh:
            self._planner.reset()
        self._planner.plan(joints, joints.stamp)
        return job


def planning_in_time(period: float) -> Callable[[RecedingHorizon], PlanningBehind]:
    """Return what makes a planner act on an arm whose states come every `period` [s]."""
    return lambda planner: PlanningBehind(planner, PLAN_SHARE * period)
