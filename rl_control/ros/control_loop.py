"""The controller's tick without ROS: state -> plan (on a thread) -> safety filter -> command.

Every state gets one command: from the plan made for it, or, when that is not ready in time, from
the plan before it, shifted to now. A planner that needs no plan to act is asked first; its plans
are then made behind.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Protocol, runtime_checkable

import numpy as np

from rl_control.ros.worker import LatestWorker
from rl_control.safety.filter import SafetyFilter
from rl_control.safety.settings import SafetyConfig
from rl_control.types import Command, Goal, JointLimits, JointState

# A stamp that lies further back than this is not a late message but a clock that began anew.
NEW_TIMELINE = 1.0  # [s]
REST_SPEED = 0.01  # share of the velocity limit below which a joint rests


class Planner(Protocol):
    """What the loop needs of a controller: plan on one thread, command on another."""

    def set_goal(self, goal: Goal) -> None:
        """Aim at `goal` from the next plan on."""

    def plan(self, state: JointState, now: float) -> Any:
        """Return a new plan from `state`; slow."""

    def command(self, state: JointState, now: float) -> Command:
        """Return the newest plan's command for `state` at `now` [s]; quick."""

    def reset(self) -> None:
        """Forget all plans."""


@runtime_checkable
class PromptPlanner(Planner, Protocol):
    """A planner that may know what to do before there is a plan."""

    def act(self, state: JointState, now: float) -> Command | None:
        """Return the command for a new state if it need not wait for its plan; quick."""


@dataclass(frozen=True)
class Answer:
    """A command, and the label of the state it answers."""

    command: Command
    label: str


@dataclass
class LoopCounters:
    """What happened since the start.

    Attributes:
        states: new states taken.
        plans: plans made.
        late: states answered from an older plan because the new one was not ready in time.
        unanswered: states that a newer one overtook.
    """

    states: int = 0
    plans: int = 0
    late: int = 0
    unanswered: int = 0


@dataclass(frozen=True)
class _Job:
    state: JointState
    label: str
    received: float
    fresh: bool


class ControlLoop:
    """Pairs states with commands; all methods are for one thread, the solves run on another.

    Attributes:
        safety: has the last word on every command.
        counters: what happened since the start.
        plan: the newest plan.
        state: the newest state taken; None before the first.
        label: of that state; "" before the first.
        asked: what the planner wanted at that state; None as long as it was not asked.
    """

    def __init__(
        self,
        planner: Planner,
        safety: SafetyFilter,
        lock_step: bool = False,
        clock: Callable[[], float] = time.monotonic,
        pace: float = 1.0,
    ) -> None:
        """Start the planning thread.

        Args:
            planner: makes plans and commands.
            safety: has the last word on every command.
            lock_step: take a state's stamp for the present time, so that runs repeat exactly.
            clock: steady time in [s].
            pace: seconds of the states' stamps that pass in one of `clock`: a simulation's
                real-time factor.
        """
        self.safety = safety
        self._pace = pace
        self.counters = LoopCounters()
        self.plan: Any = None
        self.state: JointState | None = None
        self.label = ""
        self.asked: Command | None = None
        self._planner, self._clock, self._lock_step = planner, clock, lock_step
        self._act = planner.act if isinstance(planner, PromptPlanner) else None
        self._behind: _Job | None = None
        self._received = 0.0
        self._braking = False
        self._open: _Job | None = None
        self._last: Answer | None = None
        self._worker: LatestWorker[_Job, tuple[_Job, Any]] = LatestWorker(self._solve, "planner")

    def set_goal(self, goal: Goal) -> None:
        """Aim at `goal` from the next plan on."""
        self._planner.set_goal(goal)

    def observe(self, state: JointState, label: str) -> Answer | None:
        """Take a state and begin to plan from it; return an answer that needs no plan."""
        last = self.state
        if last is not None and state.stamp == last.stamp:
            # The sender waits for an answer it missed; a plan for it may be under way.
            return self._last if self._open is None else None
        fresh = last is not None and last.stamp - state.stamp > NEW_TIMELINE
        if last is not None and state.stamp < last.stamp and not fresh:
            return None
        if self._open is not None:
            self.counters.unanswered += 1
        self.counters.states += 1
        self.state, self.label, self._received = state, label, self._clock()
        self.asked = None
        self._open = _Job(state, label, self._received, fresh)
        if fresh:
            self.plan = None
        if self._braking or self.safety.violation is not None:
            return self._answer(self._hold())
        command = None if self._act is None else self._act(state, self._now())
        if command is not None:
            self._behind, self.asked = self._open, command
            return self._answer(self.safety.apply(command, state, self._now()))
        self._worker.submit(self._open)
        return None

    def plan_behind(self) -> None:
        """Let a plan be made from the newest state if that was answered without one.

        Call it when the answer is on its way.

        Raises:
            Exception: what the planner raised at an earlier plan.
        """
        job, self._behind = self._behind, None
        if job is None or self.state is None or self._braking:
            return
        result = self._worker.take()
        if result is not None:
            self._note(*result)
        self._worker.submit(job)

    @property
    def waiting(self) -> bool:
        """Whether the newest state waits for its plan."""
        return self._open is not None

    def planned(self, timeout: float = 0.0) -> Answer | None:
        """Return the command for the newest state if its plan gets ready within `timeout` [s].

        Raises:
            Exception: what the planner raised.
        """
        deadline = self._clock() + timeout
        while True:
            result = self._worker.take(deadline - self._clock())
            if result is None:
                return None
            if self._note(*result) and self._open is result[0]:
                return self._answer(self._command(result[0].state))

    def late(self) -> Answer | None:
        """Return the older plan's command for a state whose own plan is not ready in time."""
        if self._open is None:
            return None
        self.counters.late += 1
        return self._answer(self._command(self._open.state))

    def watch(self) -> Answer | None:
        """Return a hold if the newest state has become too old, else None; call it regularly."""
        if self.state is None or self._open is not None or self._lock_step:
            return None
        now = self._now()
        if now - self.state.stamp <= self.safety.config.state_timeout:
            return None
        held = self.safety.apply(Command(self.state.names, self.state.effort, now), self.state, now)
        return Answer(held, "")

    def exchange(self, limits: JointLimits, config: SafetyConfig, pace: float) -> None:
        """Let the filter judge by other limits and settings, from the next command on.

        Args:
            limits: of the same joints.
            config: the filter's settings.
            pace: as at the start.
        """
        now = -math.inf if self.state is None else self._now()
        self.safety.exchange(limits, config, now)
        self._pace = pace

    def brake(self) -> None:
        """Answer every state with a hold from now on, so that the arm comes to rest."""
        self._braking, self._open = True, None

    @property
    def at_rest(self) -> bool:
        """Whether no joint moves to speak of, or nothing is known of the arm."""
        if self.state is None:
            return True
        speed = np.abs(self.state.velocity) / self.safety.limits.velocity
        return bool((speed < REST_SPEED).all())

    def rest(self) -> Answer | None:
        """Return a safe last command; None if no state ever came.

        It must stay safe when nothing follows it, so it does not brake: a torque against an old
        velocity would drive the arm backwards once it rests.
        """
        if self.state is None:
            return None
        still = replace(self.state, velocity=np.zeros_like(self.state.velocity))
        return Answer(self.safety.hold(still, self._now()), "")

    def close(self) -> bool:
        """End the planning thread; say whether it ended at once."""
        return self._worker.close()

    def _solve(self, job: _Job) -> tuple[_Job, Any]:
        if job.fresh:
            self._planner.reset()
        elapsed = 0.0 if self._lock_step else self._pace * (self._clock() - job.received)
        return job, self._planner.plan(job.state, job.state.stamp + elapsed)

    def _note(self, job: _Job, plan: Any) -> bool:
        """Take a plan that was made; say whether it is of use."""
        self.counters.plans += 1
        if self.state is not None and job.state.stamp > self.state.stamp:
            return False  # the clock began anew while this one was being made
        self.plan = plan
        return True

    def _command(self, state: JointState) -> Command:
        now = self._now()
        if self.plan is None:
            return self._hold()
        self.asked = self._planner.command(state, now)
        return self.safety.apply(self.asked, state, now)

    def _hold(self) -> Command:
        assert self.state is not None
        return self.safety.hold(self.state, self._now())

    def _answer(self, command: Command) -> Answer:
        assert self._open is not None
        self._last = Answer(command, self._open.label)
        self._open = None
        return self._last

    def _now(self) -> float:
        """The present on the clock of the states' stamps: the newest stamp plus the time since."""
        assert self.state is not None
        elapsed = 0.0 if self._lock_step else self._pace * (self._clock() - self._received)
        return self.state.stamp + elapsed
