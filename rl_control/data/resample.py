"""Unevenly stamped states and commands into transitions of one time step."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CubicHermiteSpline

from rl_control.data.recording import Recording
from rl_control.data.transitions import TransitionDataset
from rl_control.errors import DataError
from rl_control.types import Array

_SLACK = 1e-6  # share of dt that rounding may take from a stamp
_GAP_PERIODS = 3.0
_NEAREST = 9  # states that a cubic is fitted to where velocities are missing


@dataclass(frozen=True)
class Resampled:
    """Transitions on an even grid, and the intervals of the grid that were left out.

    Attributes:
        data: one rollout, with a hole in time wherever something was left out.
        dropped: number of intervals left out, by reason: "state_gap", "no_command_yet",
            "command_gap".
    """

    data: TransitionDataset
    dropped: Counter[str]


def resample(
    recording: Recording,
    dt: float,
    greatest_gap: float | None = None,
    greatest_hold: float = 0.1,
) -> Resampled:
    """Align states and commands by stamp, on a grid that starts at the first state.

    Let h be the time between states. Where velocities were recorded, positions are cubic Hermite
    interpolants, in error by O(h^4), and velocities are cubics with central differences as
    slopes, in error by O(h^3). Where not, a cubic fitted by least squares to the nine states
    nearest in time gives both, in error by O(h^4) and O(h^3).

    The control of a transition is the time average of the effort in force, each command held
    until the next one; that is exact.

    Args:
        recording: with strictly increasing stamps (see `clean`).
        dt: time step in [s].
        greatest_gap: longest time between two states in [s] that is interpolated over; three
            median periods if not given.
        greatest_hold: longest time between two commands in [s]; over a longer one, the effort
            counts as unknown.

    Raises:
        DataError: if stamps do not increase.
    """
    _require_order(recording)
    times = recording.state_times
    if greatest_gap is None:
        greatest_gap = _GAP_PERIODS * float(np.median(np.diff(times))) if len(times) > 1 else 0.0
    width = 2 * len(recording.names)
    begun, states, next_states = [np.empty(0)], [np.empty((0, width))], [np.empty((0, width))]
    for run in _runs(recording, greatest_gap):
        first, last = _ticks(times[0], times[run], dt)
        if last > first:
            grid = times[0] + dt * np.arange(first, last + 1)
            found = _interpolated(recording, run, grid)
            begun.append(grid[:-1])
            states.append(found[:-1])
            next_states.append(found[1:])
    starts = np.concatenate(begun)
    early, unknown = _without_effort(recording, starts, dt, greatest_hold)
    dropped = Counter(no_command_yet=int(early.sum()), command_gap=int(unknown.sum()))
    if len(times):
        dropped["state_gap"] = _ticks(times[0], times, dt)[1] - len(starts)
    data = TransitionDataset(
        names=recording.names,
        dt=float(dt),
        states=np.concatenate(states),
        controls=_mean_effort(recording, starts, dt, greatest_hold),
        next_states=np.concatenate(next_states),
        times=starts,
        rollouts=np.zeros(len(starts), dtype=np.int64),
        sources=(recording.source,),
    )
    return Resampled(data.where(~early & ~unknown), +dropped)


def _require_order(recording: Recording) -> None:
    for name in ("state_times", "command_times"):
        later = np.diff(getattr(recording, name)) > 0.0
        if not later.all():
            raise DataError(
                recording.source,
                f"{np.count_nonzero(~later)} of its {name} are not after the one before, "
                f"the first is number {int(np.argmin(later)) + 1}",
                "Drop such samples with clean, after split_timelines.",
            )


def _runs(recording: Recording, greatest_gap: float) -> list[slice]:
    """The stretches of states without a gap, long enough to be interpolated."""
    least = 2 if recording.velocities is not None else _NEAREST
    cuts = np.flatnonzero(np.diff(recording.state_times) > greatest_gap) + 1
    edges = pairwise([0, *cuts.tolist(), len(recording.state_times)])
    return [slice(begin, end) for begin, end in edges if end - begin >= least]


def _ticks(origin: float, times: Array, dt: float) -> tuple[int, int]:
    """First and last whole number k for which origin + k dt lies within `times`."""
    first, last = (times[0] - origin) / dt, (times[-1] - origin) / dt
    return math.ceil(first - _SLACK), math.floor(last + _SLACK)


def _interpolated(recording: Recording, run: slice, grid: Array) -> Array:
    """States x = (q, v) at the times `grid` [K] out of one run of samples, [K, 2n]."""
    times, q = recording.state_times[run], recording.positions[run]
    if recording.velocities is None:
        return _fitted(times, q, grid)
    v = recording.velocities[run]
    slopes = np.gradient(v, times, axis=0, edge_order=2 if len(times) > 2 else 1)
    both = np.hstack([q, v]), np.hstack([v, slopes])
    return np.asarray(CubicHermiteSpline(times, *both)(grid))


def _fitted(times: Array, q: Array, grid: Array) -> Array:
    """Value and slope, [K, 2n], at `grid` [K] of cubics fitted to the positions around.

    Source: A. Savitzky, M. J. E. Golay, Smoothing and differentiation of data by simplified
    least squares procedures, Analytical Chemistry 36 (1964); here solved anew at every time, as
    the stamps are uneven.
    """
    middle = np.searchsorted(times, grid) - _NEAREST // 2
    first = np.clip(middle, 0, len(times) - _NEAREST)
    members = first[:, None] + np.arange(_NEAREST)  # [K, 9]
    away = times[members] - grid[:, None]
    scale = np.abs(away).max(axis=1, keepdims=True)
    powers = (away / scale)[:, :, None] ** np.arange(4)  # [K, 9, 4]
    orthogonal, upper = np.linalg.qr(powers)
    fit = np.linalg.solve(upper, orthogonal.transpose(0, 2, 1) @ q[members])  # [K, 4, n]
    return np.hstack([fit[:, 0], fit[:, 1] / scale])


def _without_effort(
    recording: Recording, starts: Array, dt: float, greatest_hold: float
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which intervals begin before the first command, and which others touch a gap, [K] each."""
    times = recording.command_times
    if not len(times):
        return np.ones(len(starts), dtype=bool), np.zeros(len(starts), dtype=bool)
    slack = _SLACK * dt
    early = starts < times[0] - slack
    # After the last command, the end of the recording stands for the next one.
    until = np.append(times[1:], recording.state_times[-1:] if len(starts) else times[-1:])
    gap = np.flatnonzero(until - times > greatest_hold)
    if not len(gap):
        return early, np.zeros(len(starts), dtype=bool)
    next_gap = np.searchsorted(until[gap], starts + slack, side="right")
    opens = np.append(times[gap], np.inf)[next_gap]
    return early, ~early & (opens < starts + dt - slack)


def _mean_effort(recording: Recording, starts: Array, dt: float, greatest_hold: float) -> Array:
    """Time average of the held effort over [start, start + dt], [K, n]."""
    times, efforts = recording.command_times, recording.efforts
    if not len(times):
        return np.zeros((len(starts), efforts.shape[1]))
    # No interval is kept across a gap: its length would only cost digits.
    held = np.append(np.minimum(np.diff(times), greatest_hold), np.inf)
    shares = held[:-1, None] * efforts[:-1]
    sums = np.concatenate([np.zeros_like(efforts[:1]), np.cumsum(shares, axis=0)])

    def integral(at: Array) -> Array:
        last = np.maximum(np.searchsorted(times, at, side="right") - 1, 0)
        since = np.minimum(at - times[last], held[last])
        return np.asarray(sums[last] + since[:, None] * efforts[last])

    # Stamps far from zero have few digits: the sum is then not quite dt later.
    ends = starts + dt
    return (integral(ends) - integral(starts)) / (ends - starts)[:, None]
