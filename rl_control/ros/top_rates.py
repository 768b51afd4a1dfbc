"""How often something happens, from what was counted lately."""

from __future__ import annotations

import math
from collections import deque


class Count:
    """A number that only grows, watched for a while; one that falls begins anew.

    Args:
        window: how long it is looked back, in [s].
    """

    def __init__(self, window: float) -> None:
        self._window = window
        self._seen: deque[tuple[float, float]] = deque()

    def note(self, now: float, total: float) -> None:
        """Take what the count is at `now` [s]."""
        if self._seen and (total < self._seen[-1][1] or now < self._seen[-1][0]):
            self._seen.clear()
        self._seen.append((now, total))
        while len(self._seen) > 2 and now - self._seen[1][0] >= self._window:
            self._seen.popleft()

    @property
    def risen(self) -> float:
        """By how much it grew in the window."""
        return self._seen[-1][1] - self._seen[0][1] if self._seen else 0.0

    @property
    def rate(self) -> float:
        """By how much it grew a second; NaN while that is unknown."""
        if not self._seen:
            return math.nan
        span = self._seen[-1][0] - self._seen[0][0]
        return self.risen / span if span > 0.0 else math.nan
