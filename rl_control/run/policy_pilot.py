"""A policy in command, and an MPC beside it that takes over where the policy cannot be trusted.

At every state the policy acts at once, if it may; behind, on the planning thread, the MPC plans and
the policy's way is foretold. Their costs, and the distance of the observation from those of the
training, say who acts at the next state (`policy.handover`).
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rl_control.control.ilqr import Status
from rl_control.control.plan import Plan
from rl_control.control.receding import RecedingHorizon
from rl_control.control.seam import Seam
from rl_control.policy.controller import Action
from rl_control.policy.handover import HandoverConfig, Reading, Watch, decide
from rl_control.policy.lanes import Network
from rl_control.run.foresight import Forecast, Foresight
from rl_control.run.policy_runner import PolicyRunner
from rl_control.types import Array, Command, Goal, JointLimits, JointState


@dataclass
class PilotCounts:
    """What happened since the start.

    Attributes:
        takeovers: times the MPC took over.
        handbacks: times it gave back.
        policy_states: states on which the policy acted.
        mpc_states: states on which the MPC acted.
    """

    takeovers: int = 0
    handbacks: int = 0
    policy_states: int = 0
    mpc_states: int = 0


@dataclass(frozen=True)
class _Costs:
    """What a policy and the MPC are foretold to cost from one state, for one goal."""

    acts: Network
    goal: Goal
    policy: float
    mpc: float | None


class PolicyPilot:
    """A planner for a control loop, with a policy that acts before there is a plan.

    `plan` and `reset` are for one thread at a time, everything else is for one other.

    Args:
        runner: the policy.
        mpc: plans beside it and may act where `shadow` is true; else it is left alone.
        foresight: foretells what the policy leads to; None where that cannot be.
        config: who acts when.
        shadow: whether there is somebody to take over.
        lock_step: whether every state waits for its plan, so that runs repeat exactly.

    Attributes:
        counts: of states and handovers.
    """

    def __init__(
        self,
        runner: PolicyRunner,
        mpc: RecedingHorizon,
        foresight: Foresight | None,
        config: HandoverConfig,
        shadow: bool = True,
        lock_step: bool = False,
    ) -> None:
        self.counts = PilotCounts()
        self._runner, self._mpc, self._foresight = runner, mpc, foresight
        self._config, self._shadow, self._lock_step = config, shadow, lock_step
        self._limits = mpc.limits
        self._goal: Goal | None = None
        self._foretold = runner.present  # by the planning thread
        self._anew = True  # for the other
        self._states = self._plans = 0
        self._foresight_ms = 0.0
        self._notes: list[str] = []
        self._watch = Watch()
        self._action = Action(np.zeros(len(mpc.names)), 0.0)
        self._costs: _Costs | None = None
        self._forecast: Forecast | None = None
        self._seam: Seam | None = None
        self._last: Array | None = None  # effort that was wanted
        self._changed = False  # the actor, since that

    @property
    def plans_now(self) -> bool:
        """Whether a plan from the newest state is of use."""
        return self._shadow or self._states % self._config.foresee_every == 0

    def set_goal(self, goal: Goal) -> None:
        """Aim at `goal` from the next state on.

        Raises:
            NonFiniteError: if a number of the goal is not finite.
            ShapeError: if a part of the goal has the wrong size.
        """
        self._mpc.set_goal(goal)  # it checks
        self._runner.set_goal(goal)
        self._goal = goal

    def act(self, state: JointState, now: float) -> Command | None:
        """Return the policy's command, or None if the state must wait for its plan.

        Raises:
            JointMismatchError: if a joint is missing.
        """
        if self._anew:
            self._begin()
        self._states += 1
        joints = state.ordered(self._mpc.names)
        self._action = self._runner.act(joints)
        if self._shadow:
            self._look(joints.stamp)
        if self._lock_step or self._watch.actor == "mpc":
            return None
        return self._policy_command(joints, now)

    def plan(self, state: JointState, now: float) -> Plan | Forecast:
        """Let the MPC plan, and foretell what the policy leads to; return the actor's way."""
        goal, plan = self._goal, None
        if self._shadow:
            plan = self._mpc.plan(state, now)
        foreseen = not self._shadow or self._plans % self._config.foresee_every == 0
        if self._foresight is not None and foreseen:
            self._foresee(self._foresight, state.ordered(self._mpc.names), goal, plan)
        self._plans += 1
        if plan is not None and (self._watch.actor == "mpc" or self._forecast is None):
            return plan
        return self._forecast or Forecast.standing(state, self._mpc.config.dt)

    def command(self, state: JointState, now: float) -> Command:
        """Return the command of the one who acts.

        Raises:
            JointMismatchError: if a joint is missing.
        """
        joints = state.ordered(self._mpc.names)
        if self._watch.actor == "policy":
            return self._policy_command(joints, now)
        self.counts.mpc_states += 1
        return self._sewn(self._mpc.command(joints, now), joints.stamp)

    def reset(self) -> None:
        """Forget plans, memory and who acted; the goal stays."""
        self._mpc.reset()
        self._anew = True

    def exchange(self, policy: Network) -> None:
        """Act by `policy` from the next state on; it must be like the present one."""
        self._runner.exchange(policy)

    def configure(self, config: HandoverConfig, limits: JointLimits) -> None:
        """Decide by `config` who acts, from the next state on.

        Args:
            config: who acts when.
            limits: that the policy is foretold to keep where no plan is beside it; else it keeps
                those of the plan.
        """
        self._config, self._limits = config, limits

    def notes(self) -> list[str]:
        """Return what there is to tell of handovers since the last call."""
        notes, self._notes = self._notes, []
        return notes

    def values(self) -> dict[str, Any]:
        """Return counters and the newest figures."""
        costs, unknown = self._costs, float("nan")
        return {
            "acting": self._watch.actor,
            "cause": self._watch.cause,
            "distance": self._action.distance,
            "cost": unknown if costs is None else costs.policy,
            "mpc_cost": unknown if costs is None or costs.mpc is None else costs.mpc,
            "foresight_ms": self._foresight_ms,
            **vars(self.counts),
        }

    def _begin(self) -> None:
        self._anew = self._changed = False
        self._runner.reset()
        self._watch = Watch()
        self._costs = self._forecast = self._seam = self._last = None

    def _look(self, stamp: float) -> None:
        """Decide who acts at this state."""
        action, costs = self._action, self._costs
        sound = np.isfinite(action.effort).all()
        reading = Reading(stamp, action.distance if sound else np.nan)
        if costs is not None and costs.acts is self._runner.present and costs.goal is self._goal:
            reading = replace(reading, policy_cost=costs.policy, mpc_cost=costs.mpc)
        before, self._watch = self._watch.actor, decide(self._watch, reading, self._config)
        if self._watch.actor == before:
            return
        if self._watch.actor == "mpc":
            self.counts.takeovers += 1
            self._notes.append(f"the MPC takes over: {self._watch.cause}")
        else:
            self.counts.handbacks += 1
            self._notes.append(f"the policy acts again: {self._watch.cause}")
        self._changed = True

    def _policy_command(self, joints: JointState, now: float) -> Command:
        self.counts.policy_states += 1
        command = self._sewn(Command(joints.names, self._action.effort, now), joints.stamp)
        if self._shadow:
            self._mpc.heed(command.effort, now)
        return command

    def _sewn(self, command: Command, stamp: float) -> Command:
        """The command, without a step where the actor has just changed."""
        if self._changed and self._last is not None:
            self._seam = Seam(self._last - command.effort, stamp, self._config.blend_time)
        self._changed = False
        if self._seam is not None and self._seam.over(stamp):
            self._seam = None
        if self._seam is not None:
            command = replace(command, effort=command.effort + self._seam.rest(stamp))
        self._last = command.effort
        return command

    def _foresee(
        self, foresight: Foresight, joints: JointState, goal: Goal | None, plan: Plan | None
    ) -> None:
        """Note what the policy leads to from where the plan starts, and what both cost."""
        if goal is None or self._mpc.goal is not goal:
            return
        began = time.perf_counter()
        policy = self._runner.present
        if policy is not self._foretold:
            foresight.load(policy)
            self._foretold = policy
        x, rows, limits = joints.vector, None, self._limits
        if plan is not None:
            x, rows, limits = plan.states[0], self._mpc.rows, self._mpc.limits
        foresight.keep(limits)
        self._forecast = foresight.forecast(x, joints.stamp, goal, self._runner.memory, rows)
        self._foresight_ms = 1e3 * (time.perf_counter() - began)
        if plan is not None:
            sound = plan.status is not Status.DIVERGED
            self._costs = _Costs(policy, goal, self._forecast.cost, plan.cost if sound else None)
