"""What people ask of a training on an arm: to pause, to go on, to end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rl_control.errors import PlantError


class Halted(PlantError):
    """The arm was asked to stand still in mid-motion."""


class Requests:
    """Asked from any thread, heard by the one that moves the arm.

    Args:
        stop: says whether the process shall end, for whatever reason.

    Attributes:
        moving: whether the arm may be in motion.
    """

    def __init__(self, stop: Callable[[], bool] = lambda: False) -> None:
        self.moving = False
        self._stop = stop
        self._ended = False
        self._paused = False

    @property
    def paused(self) -> bool:
        """Whether the arm shall stand still until it may go on."""
        return self._paused

    @property
    def ended(self) -> bool:
        """Whether the training shall end."""
        return self._ended or self._stop()

    @property
    def still(self) -> bool:
        """Whether the arm must not move now."""
        return self.paused or self.ended

    def pause(self) -> None:
        """Let the arm come to rest and stay there."""
        self._paused = True

    def resume(self) -> None:
        """Let it go on."""
        self._paused = False

    def end(self) -> None:
        """Let the training end, with the arm at rest."""
        self._ended = True

    @contextmanager
    def motion(self) -> Iterator[None]:
        """Tell that the arm may move meanwhile."""
        self.moving = True
        try:
            yield
        finally:
            self.moving = False

    def refuse_motion(self) -> None:
        """Stop a motion that must not go on.

        Raises:
            Halted: if so.
        """
        if self.still:
            raise Halted("the motion was stopped on request. It is repeated after a pause.")

    def refuse_end(self) -> None:
        """Go on only if the training shall.

        Raises:
            KeyboardInterrupt: if it shall end.
        """
        if self.ended:
            raise KeyboardInterrupt
