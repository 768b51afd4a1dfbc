"""The time of a bag that is being replayed, beside steady time."""

from __future__ import annotations

_NANO = 1e9


class PlayClock:
    """Goes on at a rate, and stands still while it is paused.

    Steady time comes from the caller, in [s].
    """

    def __init__(self, start: int, rate: float, now: float, paused: bool = False) -> None:
        """Begin at the bag's time `start` [ns], at `rate` of its seconds a second."""
        self._origin, self._at, self._rate = start, now, rate
        self.paused = paused

    def bag_time(self, now: float) -> int:
        """The bag's time in [ns]."""
        if self.paused:
            return self._origin
        return self._origin + round((now - self._at) * self._rate * _NANO)

    def remaining(self, received: int, now: float) -> float:
        """Steady time in [s] until the bag's time is `received`; below zero if that is past."""
        if self.paused:
            return float("inf")
        return (received - self._origin) / (self._rate * _NANO) - (now - self._at)

    def pause(self, now: float) -> None:
        """Stand still."""
        self._origin, self.paused = self.bag_time(now), True

    def resume(self, now: float) -> None:
        """Go on."""
        if self.paused:
            self._at, self.paused = now, False
