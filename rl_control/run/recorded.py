"""A plant and a controller that tell a recorder what passes through them."""

from __future__ import annotations

from typing import Protocol

from rl_control.interfaces import Controller, Plant
from rl_control.types import ArmState, Array, Command


class Listener(Protocol):
    """What is told of a run."""

    def began(self, state: ArmState) -> None:
        """Take note of the first state after a reset."""

    def saw(self, state: ArmState) -> None:
        """Take note of the state after a step."""

    def asked(self, command: Command) -> None:
        """Take note of what the controller wants, before the safety filter."""

    def sent(self, command: Command) -> None:
        """Take note of the command that the newest state was answered by."""


class RecordedPlant:
    """A plant whose states and commands are told to a listener.

    Args:
        plant: acts.
        listener: is told; a command only when it has been acted on, which it must not delay.
    """

    def __init__(self, plant: Plant, listener: Listener) -> None:
        self._plant, self._listener = plant, listener

    @property
    def names(self) -> tuple[str, ...]:
        """Joint names, [n]."""
        return self._plant.names

    @property
    def period(self) -> float:
        """Time one `step` takes in [s]."""
        return self._plant.period

    def reset(self, q: Array | None = None, v: Array | None = None) -> ArmState:
        """Bring the arm to joint positions `q` [n] and velocities `v` [n]; observe."""
        state = self._plant.reset(q, v)
        self._listener.began(state)
        return state

    def step(self, command: Command) -> ArmState:
        """Apply `command` for one period; return the state after it."""
        try:
            state = self._plant.step(command)
        finally:
            self._listener.sent(command)
        self._listener.saw(state)
        return state

    def observe(self) -> ArmState:
        """Return the newest state without acting."""
        return self._plant.observe()

    def close(self) -> None:
        """Leave the arm safe and release what is held."""
        self._plant.close()


class RecordedController:
    """A controller whose wishes are told to a listener.

    Args:
        controller: decides.
        listener: is told.
    """

    def __init__(self, controller: Controller, listener: Listener) -> None:
        self._controller, self._listener = controller, listener

    @property
    def last_solve_ms(self) -> float | None:
        """Wall time of the newest solve in [ms]; None of a controller that solves nothing."""
        return getattr(self._controller, "last_solve_ms", None)

    def reset(self, state: ArmState) -> None:
        """Forget the past and start from `state`."""
        self._controller.reset(state)

    def act(self, state: ArmState) -> Command:
        """Return the command for `state`."""
        command = self._controller.act(state)
        self._listener.asked(command)
        return command
