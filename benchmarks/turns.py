"""Measuring in turns, round after round: what else the machine does then falls on all alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

import numpy as np

Times = list[float]  # in [ms]
T = TypeVar("T")


def in_turns(actions: Mapping[str, Callable[[], T]], rounds: int) -> dict[str, list[T]]:
    """Return what every action gives each round, in turns; a round before the first warms up."""
    found: dict[str, list[T]] = {name: [] for name in actions}
    for count in range(rounds + 1):
        for name, action in actions.items():
            result = action()
            if count:
                found[name].append(result)
    return found


def summary(rounds: list[Times]) -> dict[str, float]:
    """Return the median and the 99th percentile of all times, and the span of rounds' medians."""
    medians, times = [float(np.median(times)) for times in rounds], np.concatenate(rounds)
    return {
        "median": float(np.median(times)),
        "least": min(medians),
        "greatest": max(medians),
        "p99": float(np.percentile(times, 99)),
    }


def ratio(rounds: list[Times], reference: list[Times]) -> float:
    """Return how many times longer than the reference it took, each in its quietest round.

    Other work on the machine interrupts a long measurement more often than a short one: ratios of
    disturbed rounds would be too large.
    """
    own, other = (min(np.median(times) for times in kind) for kind in (rounds, reference))
    return float(own / other)


def span(found: dict[str, float], digits: int) -> str:
    """Return the least and the greatest median of a round."""
    return f"{found['least']:.{digits}f} - {found['greatest']:.{digits}f}"
