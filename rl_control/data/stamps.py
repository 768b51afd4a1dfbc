"""Stamps that tell when a state was sent, made to tell when it was measured."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rl_control.data.recording import Recording
from rl_control.types import Array

_GAP_PERIODS = 3.0  # as in `resample`
_LEAST = 20  # states
_BETTER = 0.5  # share of the squared errors that is left


def evened(recording: Recording) -> Recording:
    """Put states on an even grid if their own velocities say that they were measured so.

    A driver that measures at a steady rate, but stamps a state when it gets to it, makes the arm
    seem to hurry and to linger. Between two states positions change by the mean velocity times
    the time between them: where even times explain these changes clearly better than the stamps
    do, they replace them. Across gaps the stamps stay. Commands move with the states around them.

    Args:
        recording: with strictly increasing stamps (see `clean`).
    """
    times, v = recording.state_times, recording.velocities
    if v is None or len(times) < _LEAST:
        return recording
    between = np.diff(times)
    joined = between <= _GAP_PERIODS * np.median(between)
    even = np.where(joined, between[joined].mean(), between)
    moved, mean = np.diff(recording.positions, axis=0), 0.5 * (v[1:] + v[:-1])

    def error(spans: Array) -> float:
        return float(((moved - mean * spans[:, None])[joined] ** 2).sum())

    if error(even) >= _BETTER * error(between):
        return recording
    moved_to = times[0] + np.concatenate([[0.0], np.cumsum(even)])
    return replace(
        recording,
        state_times=moved_to,
        command_times=_along(recording.command_times, times, moved_to),
    )


def _along(at: Array, old: Array, new: Array) -> Array:
    """Times `at` moved as the nearest of `old` times move to `new` ones; their order stays."""
    inside = np.interp(at, old, new)
    return np.where(at < old[0], at + new[0] - old[0], inside + np.maximum(at - old[-1], 0.0))
