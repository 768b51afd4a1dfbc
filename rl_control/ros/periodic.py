"""What a node does again and again."""

from __future__ import annotations

import time
from collections.abc import Callable


class Periodic:
    """Something to do again and again, in steady time; a long stop is not made up for."""

    def __init__(self, period: Callable[[], float], action: Callable[[], None]) -> None:
        """Make `action` due `period()` [s] from now; the period may change meanwhile."""
        self._period, self._action = period, action
        self._last = time.monotonic()

    def poll(self, ahead: float) -> float:
        """Do it if it is due within `ahead` [s]; return the time in [s] until it is due again."""
        now, period = time.monotonic(), self._period()
        remaining = self._last + period - now
        if remaining > ahead:
            return remaining
        self._action()
        # On from when it was due, so that the mean rate is right.
        self._last = now if remaining < -period else self._last + period
        return max(self._last + self._period() - time.monotonic(), 0.0)
