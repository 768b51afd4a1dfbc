"""When a policy thinks: the same in a simulation, in an episode on an arm and in a node."""

from __future__ import annotations

import math
from dataclasses import dataclass

_MOST_TICKS = 5  # missed in a row; beyond, what is remembered is of another time


class Ticks:
    """Counts steps of `dt` [s] since the first state, of states some `period` [s] apart.

    A state counts for the tick that it is nearest to, so that jitter of the stamps makes no tick
    too many or too few.

    Attributes:
        number: of the newest step; -1 before the first state.
    """

    def __init__(self, dt: float, period: float) -> None:
        self._dt, self._period = dt, period
        self.reset()

    def reset(self) -> None:
        """Begin anew at the next state."""
        self._first: float | None = None
        self.number = -1

    def advance(self, stamp: float) -> int:
        """Take the stamp of a state in [s]; return how many steps began since the one before."""
        if self._first is None:
            self._first = stamp
        before = self.number
        self.number = math.floor((stamp - self._first + 0.5 * self._period) / self._dt)
        return self.number - before


@dataclass(frozen=True)
class Due:
    """What is due at a state.

    Attributes:
        thoughts: how often the policy thinks; 0 where its output is held. All but the last are for
            ticks without a state, and see what was seen before.
        anew: whether it forgets the past first.
        ticks: how many ticks of the policy began.
    """

    thoughts: int
    anew: bool
    ticks: int


class Pace:
    """Says when a policy thinks.

    One without memory does so at every state. One with memory thinks once every `dt` of its own,
    whatever the rate of the states, and holds its output in between. It forgets when stamps go back
    or leave more than five ticks out.

    Args:
        dt: time between two ticks of the policy in [s].
        period: time between two states in [s].
        remembers: whether the policy has a memory.
    """

    def __init__(self, dt: float, period: float, remembers: bool) -> None:
        self._ticks, self._longest = Ticks(dt, period), _MOST_TICKS * dt
        self._remembers = remembers
        self.reset()

    def reset(self) -> None:
        """Begin anew at the next state."""
        self._last: float | None = None

    def due(self, stamp: float) -> Due:
        """Return what is due at a state of the stamp [s]."""
        last = self._last
        anew = last is None or not last <= stamp <= last + self._longest
        if anew:
            self._ticks.reset()
        self._last = stamp
        ticks = self._ticks.advance(stamp)
        return Due(ticks if self._remembers else 1, anew, ticks)
