"""A search for cheap control sequences: a normal distribution over them, and how it goes on.

S sequences of T controls. Arrays are numpy's or torch's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rl_control.kernels.arrays import library

Evaluate = Callable[[Any], Any]  # sequences [S, T, nu] -> costs [S], +inf for the unusable


@dataclass(frozen=True)
class Search:
    """What is known of the cheapest controls.

    Attributes:
        mean: [T, nu].
        std: standard deviation, [T, nu].
        elites: the cheapest sequences of the last update, the best one first, [E, T, nu]; E is 0
            before the first, and after one that found no finite cost.
    """

    mean: Any
    std: Any
    elites: Any


@dataclass(frozen=True)
class Range:
    """Where controls may lie, [nu] each.

    Attributes:
        lower: least controls.
        upper: greatest controls.
        least_std: least standard deviation of a control, which keeps a search awake.
    """

    lower: Any
    upper: Any
    least_std: Any


def within(sequences: Any, allowed: Range) -> Any:
    """Return sequences [..., T, nu], clipped to what is allowed."""
    return library(sequences).clip(sequences, allowed.lower, allowed.upper)


def drawn(search: Search, noise: Any, allowed: Range) -> Any:
    """Return sequences of the search's distribution, [S, T, nu], clipped to what is allowed.

    Args:
        search: its mean and standard deviation.
        noise: of mean 0 and variance 1, [S, T, nu].
        allowed: the bounds.
    """
    return within(search.mean + search.std * noise, allowed)


def shifted(sequences: Any, progress: float, tail: Any) -> Any:
    """Return sequences as they go on `progress` steps later, interpolated in between.

    Args:
        sequences: [..., T, nu].
        progress: time passed as a number of steps, not negative.
        tail: what follows a sequence's end, [nu].
    """
    xp, steps = library(sequences), sequences.shape[-2]
    skipped = int(progress)
    rest = progress - skipped
    added = xp.broadcast_to(tail, (*sequences.shape[:-2], skipped + 1, len(tail)))
    longer = xp.concatenate([sequences, added], -2)
    now = longer[..., skipped : skipped + steps, :]
    later = longer[..., skipped + 1 : skipped + 1 + steps, :]
    return (1.0 - rest) * now + rest * later
