"""An arm that may be lost in mid-run, without the motion before it being lost as well."""

from __future__ import annotations

from rl_control.errors import CommandConflictError, PlantError
from rl_control.interfaces import Plant
from rl_control.types import ArmState, Array, Command

Lost = PlantError | CommandConflictError


class Followed:
    """A `Plant` that does not raise when a step fails: it says so, and time stands still.

    Args:
        plant: the arm.

    Attributes:
        error: what the first failing step raised; None as long as all go well.
    """

    def __init__(self, plant: Plant) -> None:
        self._plant = plant
        self._last = plant.observe()
        self.error: Lost | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Joint names, [n]."""
        return self._plant.names

    @property
    def period(self) -> float:
        """Time one `step` takes in [s]."""
        return self._plant.period

    def reset(self, q: Array | None = None, v: Array | None = None) -> ArmState:
        """See the arm's own."""
        self._last = self._plant.reset(q, v)
        return self._last

    def step(self, command: Command) -> ArmState:
        """Return the next state; the same again once a step has failed."""
        if self.error is None:
            try:
                self._last = self._plant.step(command)
            except (PlantError, CommandConflictError) as error:
                self.error = error
        return self._last

    def observe(self) -> ArmState:
        """Return the newest state; the last one once a step has failed."""
        if self.error is None:
            self._last = self._plant.observe()
        return self._last

    def close(self) -> None:
        """See the arm's own."""
        self._plant.close()
