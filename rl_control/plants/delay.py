"""A line on which values arrive a fixed number of ticks after they were sent."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class DelayLine(Generic[T]):
    """Holds what was sent until it is due.

    Args:
        delay: ticks from sending to arrival.
        first: the value that has arrived before anything was sent.
    """

    def __init__(self, delay: int, first: T) -> None:
        self._delay = delay
        self._arrived = first
        self._under_way: deque[tuple[int, T]] = deque()

    def send(self, tick: int, value: T) -> None:
        """Send `value` at `tick`, which never decreases."""
        self._under_way.append((tick + self._delay, value))

    def receive(self, tick: int) -> T:
        """Return the newest value that has arrived by `tick`."""
        while self._under_way and self._under_way[0][0] <= tick:
            self._arrived = self._under_way.popleft()[1]
        return self._arrived
