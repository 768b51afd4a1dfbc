"""A speed limit that comes down with time, not at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rl_control.types import Array

SLOWING_TIME = 1.0  # [s]


@dataclass(frozen=True)
class Slowing:
    """Goes from the limit that was to the one that is, in a straight line of `SLOWING_TIME`.

    Attributes:
        before: greatest speeds that were allowed when it began, [n] in [rad/s] or [m/s].
        since: when that was in [s].
    """

    before: Array
    since: float

    def over(self, now: float) -> bool:
        """Say whether the limit that is has been reached at the time `now` in [s].

        A time shortly before the beginning is that of a state that came late; a time long before
        it is another clock's, and then it has.
        """
        return not -SLOWING_TIME <= now - self.since <= SLOWING_TIME

    def limit(self, lowered: Array, now: float) -> Array:
        """Return the greatest speeds at the time `now` in [s], [n].

        Args:
            lowered: the limit in the end, [n]; where it is higher than before it counts at once.
            now: the time.
        """
        if self.over(now):
            return lowered
        rest = min(1.0, 1.0 - (now - self.since) / SLOWING_TIME)
        zeros = np.zeros_like(lowered)
        above = np.subtract(self.before, lowered, out=zeros, where=self.before > lowered)
        return np.asarray(lowered + rest * above)
