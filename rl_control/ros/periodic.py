"""What a node does again and again."""

from __future__ import annotations

import time
from collections.abc import Callable


class Periodic:
    """Something to do again and again, in steady time; lateness is not made up for."""

    def __init__(self, period: Callable[[], float], action: Callable[[], None]) -> None:
        """Make `action` due `period()` [s] from now; the period may change meanwhile."""
        self._period, self._action = period, action
        self._last = time.monotonic()

    def poll(self, ahead: float) -> float:
        """Do it if it is due within `ahead` [s]; return the time in [s] until it is due again."""
        remaining = self._last + self._period() - time.monotonic()
        if remaining > ahead:
            return remaining
        self._action()
        self._last = time.monotonic()
        return self._period()
