"""Controllers around others: one that is told the goal as it moves, and two that take turns."""

from __future__ import annotations

from collections.abc import Callable

from numpy.random import Generator

from rl_control.interfaces import Controller
from rl_control.policy.pace import Ticks
from rl_control.types import ArmState, Command, Goal


class Led:
    """A `Controller` that is told what is wanted before every state.

    Args:
        controller: acts.
        aim: tells it a goal.
        wanted: the goal at a time in [s] since the start.
    """

    def __init__(
        self,
        controller: Controller,
        aim: Callable[[Goal], None],
        wanted: Callable[[float], Goal],
    ) -> None:
        self._controller, self._aim, self._wanted = controller, aim, wanted
        self._goal: Goal | None = None
        self._start = 0.0

    def reset(self, state: ArmState) -> None:
        """Begin anew at `state`."""
        self._start, self._goal = state.joints.stamp, None
        self._controller.reset(state)

    def act(self, state: ArmState) -> Command:
        """Return the controller's command."""
        goal = self._wanted(state.joints.stamp - self._start)
        if goal is not self._goal:
            self._aim(goal)
            self._goal = goal
        return self._controller.act(state)


class Mixed:
    """A `Controller` that lets another one act in some of its ticks.

    Both see every state, so that either can go on from where the arm is.

    Args:
        first: acts in the other ticks.
        second: acts in a share of them.
        dt: length of a tick in [s].
        period: time between two states in [s].
        share: of the ticks, 0 to 1.
        rng: draws who acts.
    """

    def __init__(
        self,
        first: Controller,
        second: Controller,
        dt: float,
        period: float,
        share: float,
        rng: Generator,
    ) -> None:
        self._pair, self._share, self._rng = (first, second), share, rng
        self._ticks = Ticks(dt, period)
        self._actor = 0

    def reset(self, state: ArmState) -> None:
        """Begin anew at `state`."""
        self._ticks.reset()
        for controller in self._pair:
            controller.reset(state)

    def act(self, state: ArmState) -> Command:
        """Return the command of the one whose tick it is."""
        if self._ticks.advance(state.joints.stamp):
            self._actor = int(self._rng.random() < self._share)
        return [controller.act(state) for controller in self._pair][self._actor]
