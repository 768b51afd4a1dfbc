"""Policies and linear-Gaussian controllers as a `Controller` of an arm."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from rl_control.errors import PolicyError
from rl_control.policy.linear_gaussian import LinearGaussianController
from rl_control.policy.observation import Tip, goal_rows
from rl_control.policy.partial import Impaired
from rl_control.policy.policy import NeuralPolicy
from rl_control.types import ArmState, Array, Command, Goal, JointState

Base = Callable[[Array, Array, Array], Array]
"""Efforts, [n], for joint positions, velocities and a policy's output, [n] each."""

_EARLY = 1e-6  # of a tick: a stamp that lies this little before it counts as on it


@dataclass(frozen=True)
class Action:
    """What a policy does in one state.

    Attributes:
        effort: [n] in [N m] or [N].
        distance: of the observation from those of the training, see `Seen.distance`.
    """

    effort: Array
    distance: float


class Ticks:
    """Counts steps of `dt` [s] since the first stamp after `reset`."""

    def __init__(self, dt: float) -> None:
        self._dt = dt
        self.reset()

    def reset(self) -> None:
        """Begin anew at the next stamp."""
        self._start: float | None = None
        self.number = -1

    def advance(self, stamp: float) -> bool:
        """Take the time `stamp` in [s]; say whether a new step has begun."""
        if self._start is None:
            self._start = stamp
        number = int((stamp - self._start) / self._dt + _EARLY)
        began, self.number = number != self.number, number
        return began


class PolicyController:
    """A `Controller` that acts by a policy, whose ticks come once every `dt` of its own.

    At a tick it remembers, and draws noise. The base of the policy, if it has one, follows every
    state.

    Args:
        policy: decides.
        tip: where the tip is at joint positions [B, n].
        base: makes efforts of the policy's output, as `PolicyFacts.base` says; needed by a policy
            whose base is not "none".
        goal: what is wanted; must be set before the first state if not given.
        rng: draws noise of the policy's covariance, anew at every tick; None for none.
        eyes: what is wrong with the measurements; None for nothing. They see at ticks only.
        hold: whether the effort stays the same between ticks; else it follows every state, with
            the memory and the noise of the tick before.

    Raises:
        PolicyError: if the policy needs `base` and there is none.
    """

    def __init__(
        self,
        policy: NeuralPolicy,
        tip: Tip,
        base: Base | None = None,
        goal: Goal | None = None,
        rng: Generator | None = None,
        eyes: Impaired | None = None,
        hold: bool = True,
    ) -> None:
        facts = policy.facts
        if facts.base != "none" and base is None:
            raise PolicyError("policy", f"its efforts stand on '{facts.base}'", "Give `base`.")
        self._policy, self._tip = policy, tip
        self._base = None if facts.base == "none" else base
        self._rng, self._eyes = rng, eyes
        self._follows = eyes is None and not hold
        self._factor = np.linalg.cholesky(facts.covariance)
        self._ticks = Ticks(facts.dt)
        self._goal: Array | None = None
        if goal is not None:
            self.set_goal(goal)
        self._restart()

    def set_goal(self, goal: Goal) -> None:
        """Aim at `goal` from the next observation on."""
        self._goal = goal_rows([goal])

    def reset(self, state: ArmState) -> None:
        """Forget the past."""
        self._restart()

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
        facts = self._policy.facts
        joints = joints.ordered(facts.names)
        if self._goal is None:
            raise PolicyError("policy", "there is no goal yet", "Set one before the first state.")
        if self._ticks.advance(joints.stamp):
            self._tick(self._observation(joints, self._goal))
        elif self._follows:
            self._look(self._observation(joints, self._goal))
        effort = self._effort
        if self._base is not None:
            effort = self._base(joints.position, joints.velocity, effort)
        return Action(effort, self._distance)

    def _restart(self) -> None:
        self._ticks.reset()
        self._after: Array = self._policy.start(1)
        self._before = self._after
        self._noise: Array = np.zeros(len(self._factor))
        self._effort, self._distance = self._noise, 0.0
        if self._eyes is not None:
            self._eyes.reset()

    def _observation(self, joints: JointState, goal: Array) -> Array:
        layout = self._policy.facts.layout
        o = layout.of(joints.position[None], joints.velocity[None], goal, self._tip)
        return o if self._eyes is None else self._eyes.see(o[0])[None]

    def _tick(self, o: Array) -> None:
        if self._rng is not None:
            self._noise = self._factor @ self._rng.standard_normal(len(self._factor))
        self._before = self._after
        self._after = self._look(o)

    def _look(self, o: Array) -> Array:
        """Act on an observation; return the memory after it."""
        u, after = self._policy.step(o, self._before)
        self._effort = u[0] + self._noise
        self._distance = float(self._policy.facts.seen.distance(o)[0])
        return after


class LinearGaussianRunner:
    """A `Controller` that acts by a linear-Gaussian controller; its last step goes on for ever.

    Args:
        controller: decides, with the gains of one step for `dt`.
        rng: draws noise, anew at every step; None for none.
        hold: whether the effort stays the same during a step; else it follows every state.
    """

    def __init__(
        self,
        controller: LinearGaussianController,
        rng: Generator | None = None,
        hold: bool = True,
    ) -> None:
        self._controller, self._rng = controller, rng
        self._follows = not hold
        self._factors = np.linalg.cholesky(controller.covariance)
        self._ticks = Ticks(controller.dt)
        self._effort, self._noise = np.zeros(controller.nu), np.zeros(controller.nu)

    def reset(self, state: ArmState) -> None:
        """Begin with the first step at the next state."""
        self._ticks.reset()

    def act(self, state: ArmState) -> Command:
        """Return the command for `state`.

        Raises:
            JointMismatchError: if a joint is missing.
        """
        joints = state.joints.ordered(self._controller.names)
        began = self._ticks.advance(joints.stamp)
        t = min(max(self._ticks.number, 0), self._controller.steps - 1)
        if began and self._rng is not None:
            self._noise = self._factors[t] @ self._rng.standard_normal(self._controller.nu)
        if began or self._follows:
            self._effort = self._controller.mean(joints.vector[None], t)[0] + self._noise
        return Command(joints.names, self._effort, joints.stamp)
