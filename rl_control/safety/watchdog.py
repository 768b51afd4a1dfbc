"""Notice that something which should come regularly has stopped coming."""

from __future__ import annotations

import time
from collections.abc import Callable


class Watchdog:
    """Expires when it has not been fed for a while.

    It sleeps until it is fed for the first time, so that an arm may wait for its controller.

    Args:
        timeout: longest time between two feeds in [s].
        clock: returns the present time in [s]; never one that can be set back or stand still
            (wall clocks, ROS time).

    Raises:
        ValueError: if the timeout is not a positive number.
    """

    def __init__(self, timeout: float, clock: Callable[[], float] = time.monotonic) -> None:
        if not timeout > 0.0:
            raise ValueError(f"watchdog timeout is {timeout} s: give a positive time")
        self.timeout = timeout
        self._clock = clock
        self._fed: float | None = None

    @property
    def awake(self) -> bool:
        """Whether it was fed since it was made or put to sleep."""
        return self._fed is not None

    @property
    def age(self) -> float:
        """Time since the last feed in [s]; 0 while asleep."""
        return 0.0 if self._fed is None else self._clock() - self._fed

    @property
    def expired(self) -> bool:
        """Whether it is awake and the last feed is longer ago than the timeout."""
        return not self.age <= self.timeout

    def feed(self) -> None:
        """Note that what is watched has just come."""
        self._fed = self._clock()

    def sleep(self) -> None:
        """Wait for the next feed before watching again."""
        self._fed = None
