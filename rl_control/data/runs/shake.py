"""Whether a signal shakes: quick swings to and fro, many in a row, that are no motion to a goal."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from rl_control.types import Array

SLOWEST = 3.0
"""Frequency in [Hz] below which swings are taken for motion."""

SWINGS = 6
"""Half swings in a row that make a shake."""

_MEAN_TIME = 0.25  # [s] over which the motion itself is averaged away


@dataclass(frozen=True)
class Shake:
    """A stretch of time in which a signal shakes.

    Attributes:
        channel: which of the signals.
        start: in [s].
        end: in [s].
        frequency: in [Hz].
        amplitude: greatest swing about the mean, in the signal's unit.
    """

    channel: int
    start: float
    end: float
    frequency: float
    amplitude: float


def find_shakes(times: Array, signals: Array, bounds: Array) -> list[Shake]:
    """Return where signals swing beyond their bounds, to and fro, `SWINGS` times or more in a row.

    The moving mean over a quarter of a second is taken off. What is left swings about zero; a half
    swing counts if its peak is beyond the bound and it is over within half a period of `SLOWEST`.
    One acceleration and one braking, or an overshoot, make two or three of them.

    Args:
        times: [T] in [s], increasing.
        signals: [T, m]; not a number counts as zero.
        bounds: least amplitude that counts, [m].
    """
    if len(times) < 2 * SWINGS:
        return []
    width = mean_width(times)
    found: list[Shake] = []
    for channel, bound in enumerate(bounds):
        rest = without_mean(np.nan_to_num(signals[:, channel]), width)
        found += _shakes(channel, times, rest, float(bound))
    return sorted(found, key=lambda shake: shake.start)


def mean_width(times: Array) -> int:
    """Return how many samples at `times` [T] the moving mean takes."""
    return max(round(_MEAN_TIME / float(np.median(np.diff(times)))) | 1, 3)


def without_mean(signal: Array, width: int) -> Array:
    """Return a signal [T] less its moving mean; at the ends, less that of what there is."""
    kernel = np.ones(min(width, len(signal)))  # or "same" would be the kernel's length
    count = np.convolve(np.ones_like(signal), kernel, "same")
    rest: Array = signal - np.convolve(signal, kernel, "same") / count
    return rest


def _shakes(channel: int, times: Array, rest: Array, bound: float) -> list[Shake]:
    """Runs of quick half swings beyond the bound."""
    turns = np.flatnonzero(np.diff(np.signbit(rest))) + 1
    edges = np.concatenate([[0], turns, [len(rest)]])
    found: list[Shake] = []
    row: list[tuple[int, int, float]] = []  # half swings: from, to, peak
    for start, end in pairwise(edges):
        peak = float(np.abs(rest[start:end]).max())
        quick = times[min(end, len(times) - 1)] - times[start] <= 0.5 / SLOWEST
        if quick and peak > bound:
            row.append((int(start), int(end), peak))
            continue
        found += _closed(channel, times, row)
        row = []
    return found + _closed(channel, times, row)


def _closed(channel: int, times: Array, row: list[tuple[int, int, float]]) -> list[Shake]:
    if len(row) < SWINGS:
        return []
    start = float(times[row[0][0]])
    end = float(times[min(row[-1][1], len(times) - 1)])
    frequency = len(row) / 2.0 / max(end - start, 1e-9)
    return [Shake(channel, start, end, frequency, max(peak for _, _, peak in row))]
