"""Any controller with a goal, given a new random one from time to time."""

from __future__ import annotations

from collections.abc import Callable

from numpy.random import Generator

from rl_control.interfaces import Controller
from rl_control.types import ArmState, Command, Goal


class RandomTargets:
    """Sends another controller from one random goal to the next.

    Args:
        controller: moves the arm to its goal.
        set_goal: gives it one, such as `MpcController.mpc.set_goal`.
        draw: draws one.
        interval: time between two goals in [s].
        rng: given to `draw`.
    """

    def __init__(
        self,
        controller: Controller,
        set_goal: Callable[[Goal], None],
        draw: Callable[[Generator], Goal],
        interval: float,
        rng: Generator,
    ) -> None:
        self._controller, self._set_goal, self._draw = controller, set_goal, draw
        self._interval, self._rng = interval, rng
        self._next = 0.0

    def reset(self, state: ArmState) -> None:
        """Reset the controller; the first goal is due at once."""
        self._controller.reset(state)
        self._next = state.joints.stamp

    def act(self, state: ArmState) -> Command:
        """Return the controller's command, towards a new goal if one is due."""
        # A stamp of 0.3 may be a rounding error short of three intervals of 0.1.
        if state.joints.stamp >= self._next - 1e-9:
            self._set_goal(self._draw(self._rng))
            self._next = state.joints.stamp + self._interval
        return self._controller.act(state)
