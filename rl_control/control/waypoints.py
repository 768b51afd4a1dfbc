"""Motion from one random joint vector to the next."""

from __future__ import annotations

import bisect
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from rl_control.control.motion import MotionBounds, Move, Setpoint, quickest
from rl_control.types import Array

_SLOWEST = 2.0  # times as long as the quickest move


@dataclass(frozen=True)
class Waypoints:
    """Moves after one another; from the end of the last the first one follows.

    Attributes:
        moves: each begins where the one before it ends, the first where the last ends.
        ends: times at which they end in [s], increasing.
    """

    moves: tuple[Move, ...]
    ends: tuple[float, ...]

    def at(self, time: float) -> Setpoint:
        """Return where to be at `time` [s]."""
        time %= self.ends[-1]
        k = bisect.bisect_right(self.ends, time)
        return self.moves[k].at(time - (self.ends[k - 1] if k else 0.0))


def random_waypoints(
    period: float, start: Array, bounds: MotionBounds, rng: Generator
) -> Waypoints:
    """Return moves of random speed between points drawn uniformly within `bounds`.

    Args:
        period: least time until the moves repeat in [s].
        start: joint positions [n]; the moves begin and end at the nearest within `bounds`.
        bounds: of positions, speeds and accelerations.
        rng: draws points and speeds.
    """
    first = here = np.clip(start, bounds.lower, bounds.upper)
    moves: list[Move] = []
    total = 0.0
    while total < period:
        there = rng.uniform(bounds.lower, bounds.upper)
        moves.append(_slowed(quickest(here, there, bounds), rng))
        total += moves[-1].duration
        here = there
    moves.append(_slowed(quickest(here, first, bounds), rng))
    ends = np.cumsum([move.duration for move in moves])
    return Waypoints(tuple(moves), tuple(ends.tolist()))


def _slowed(move: Move, rng: Generator) -> Move:
    return Move(move.start, move.end, move.duration * rng.uniform(1.0, _SLOWEST))
