"""Policies and linear-Gaussian controllers as a `Controller` of an arm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from rl_control.errors import PolicyError
from rl_control.policy.linear_gaussian import LinearGaussianController
from rl_control.policy.observation import Tip, goal_rows
from rl_control.policy.pace import Due, Pace, Ticks
from rl_control.policy.partial import Impaired
from rl_control.policy.policy import NeuralPolicy
from rl_control.types import ArmState, Array, Command, Goal, JointState

Base = Callable[[Array, Array, Array], Array]
"""Efforts, [n], for joint positions, velocities and a policy's output, [n] each."""


@dataclass(frozen=True)
class Action:
    """What a policy does in one state.

    Attributes:
        effort: [n] in [N m] or [N].
        distance: of the observation from those of the training, see `Seen.distance`.
    """

    effort: Array
    distance: float


class PolicyController:
    """A `Controller` that acts by a policy, which thinks when `Pace` says.

    Its noise is drawn anew at every tick of the policy. Its base, if it has one, follows every
    state.

    Args:
        policy: decides.
        tip: where the tip is at joint positions [B, n].
        period: time between two states in [s].
        base: makes efforts of the policy's output, as `PolicyFacts.base` says; needed by a policy
            whose base is not "none".
        goal: what is wanted; must be set before the first state if not given.
        rng: draws noise of the policy's covariance; None for none.
        eyes: what is wrong with the measurements; None for nothing. They see at ticks only.

    Raises:
        PolicyError: if the policy needs `base` and there is none.
    """

    def __init__(
        self,
        policy: NeuralPolicy,
        tip: Tip,
        period: float,
        base: Base | None = None,
        goal: Goal | None = None,
        rng: Generator | None = None,
        eyes: Impaired | None = None,
    ) -> None:
        facts = policy.facts
        if facts.base != "none" and base is None:
            raise PolicyError("policy", f"its efforts stand on '{facts.base}'", "Give `base`.")
        self._policy, self._tip = policy, tip
        self._base = None if facts.base == "none" else base
        self._rng, self._eyes = rng, eyes
        self._factor = np.linalg.cholesky(facts.covariance)
        self._memory: Array = policy.start(1)
        self._pace = Pace(facts.dt, period, remembers=self._memory.size > 0)
        self._seen: Array = np.zeros((1, facts.layout.size))
        self._mean: Array = np.zeros(len(self._factor))
        self._noise: Array = np.zeros(len(self._factor))
        self._distance = 0.0
        self._goal: Array | None = None
        if goal is not None:
            self.set_goal(goal)

    def set_goal(self, goal: Goal) -> None:
        """Aim at `goal` from the next observation on."""
        self._goal = goal_rows([goal])

    def reset(self, state: ArmState) -> None:
        """Forget the past."""
        self._pace.reset()

    def act(self, state: ArmState) -> Command:
        """Return the command for `state`."""
        joints = state.joints
        return Command(joints.names, self.decide(joints).effort, joints.stamp)

    def decide(self, joints: JointState) -> Action:
        """Return what the policy does in a state.

        Raises:
            JointMismatchError: if a joint is missing.
            PolicyError: if there is no goal.
        """
        joints = joints.ordered(self._policy.facts.names)
        if self._goal is None:
            raise PolicyError("policy", "there is no goal yet", "Set one before the first state.")
        due = self._pace.due(joints.stamp)
        if due.anew:
            self._memory = self._policy.start(1)
            if self._eyes is not None:
                self._eyes.reset()
        if due.ticks and self._rng is not None:
            self._noise = self._factor @ self._rng.standard_normal(len(self._factor))
        if due.thoughts:
            self._think(due, joints, self._goal)
        effort = self._mean + self._noise
        if self._base is not None:
            effort = self._base(joints.position, joints.velocity, effort)
        return Action(effort, self._distance)

    def _think(self, due: Due, joints: JointState, goal: Array) -> None:
        policy = self._policy
        for _ in range(due.thoughts - 1):
            _, self._memory = policy.step(self._seen, self._memory)
        o = policy.facts.layout.of(joints.position[None], joints.velocity[None], goal, self._tip)
        if self._eyes is None:
            self._seen = o
        elif due.ticks:
            self._seen = self._eyes.see(o[0])[None]
        u, self._memory = policy.step(self._seen, self._memory)
        self._mean = u[0]
        self._distance = float(policy.facts.seen.distance(self._seen)[0])


class LinearGaussianRunner:
    """A `Controller` that acts by a linear-Gaussian controller; its last step goes on for ever.

    Its controls stay the same during a step; the base, if there is one, follows every state.

    Args:
        controller: decides, with the gains of one step for `dt`.
        period: time between two states in [s].
        rng: draws noise, anew at every step; None for none.
        base: makes efforts of its controls, at every state; needed by one whose base is not "none".

    Raises:
        PolicyError: if the controller needs `base` and there is none.
    """

    def __init__(
        self,
        controller: LinearGaussianController,
        period: float,
        rng: Generator | None = None,
        base: Base | None = None,
    ) -> None:
        if controller.base != "none" and base is None:
            raise PolicyError(
                "controller", f"its efforts stand on '{controller.base}'", "Give `base`."
            )
        self._controller, self._rng, self._base = controller, rng, base
        self._factors = np.linalg.cholesky(controller.covariance)
        self._ticks = Ticks(controller.dt, period)
        self._control = np.zeros(controller.nu)

    def reset(self, state: ArmState) -> None:
        """Begin with the first step at the next state."""
        self._ticks.reset()

    def act(self, state: ArmState) -> Command:
        """Return the command for `state`.

        Raises:
            JointMismatchError: if a joint is missing.
        """
        joints = state.joints.ordered(self._controller.names)
        if self._ticks.advance(joints.stamp):
            t = min(max(self._ticks.number, 0), self._controller.steps - 1)
            self._control = self._controller.mean(joints.vector[None], t)[0]
            if self._rng is not None:
                noise = self._rng.standard_normal(self._controller.nu)
                self._control = self._control + self._factors[t] @ noise
        effort = self._control
        if self._base is not None:
            effort = self._base(joints.position, joints.velocity, effort)
        return Command(joints.names, effort, joints.stamp)
