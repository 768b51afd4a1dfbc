"""Percentiles of the newest latencies, at any time and for little."""

from __future__ import annotations

import math
from collections import deque

import numpy as np

SHORTEST = 1e-6  # [s] upper end of the first class
STEP = 1.01  # between the ends of one class and the next
CLASSES = 2000  # the last one begins at 7 min


class Latencies:
    """Counts latencies in classes 1 % wide, so that a look at them need not sort them.

    Args:
        kept: how many of the newest count.
    """

    def __init__(self, kept: int) -> None:
        self._newest: deque[int] = deque()
        self._kept = kept
        self._counts = np.zeros(CLASSES, dtype=np.int64)

    def add(self, latency: float) -> None:
        """Count one more, in [s]."""
        if len(self._newest) == self._kept:
            self._counts[self._newest.popleft()] -= 1
        number = math.ceil(math.log(max(latency, SHORTEST) / SHORTEST) / math.log(STEP))
        number = min(number, CLASSES - 1)
        self._newest.append(number)
        self._counts[number] += 1

    def summary_ms(self) -> dict[str, float]:
        """Return median, 99th percentile and greatest in [ms], to half a percent; {} if none."""
        total = len(self._newest)
        if not total:
            return {}
        ranks = [math.ceil(share * total) for share in (0.5, 0.99, 1.0)]
        numbers = np.searchsorted(np.cumsum(self._counts), ranks)
        middles = 1e3 * SHORTEST * STEP ** (numbers - 0.5)
        return dict(zip(("p50", "p99", "max"), middles.tolist(), strict=True))
