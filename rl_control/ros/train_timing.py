"""Motion whose states do not all come in time, brought to even times."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from rl_control.types import Array, Trajectory


def passed_over(trajectory: Trajectory, period: float) -> int:
    """Return the greatest number of states in a row that were passed over.

    Args:
        trajectory: motion with stamps, see `rollout`.
        period: time between two states of the arm in [s].
    """
    return int(_periods(trajectory, period).max(initial=1)) - 1


def evened(trajectory: Trajectory, period: float) -> Trajectory:
    """Return the motion as if no state had been passed over, as long as it was.

    States and tips are interpolated by their stamps, and a command lasts until the next one.
    What began after the time that the trajectory counts is left out. Motion of which nothing was
    passed over is returned as it is.

    Args:
        trajectory: motion with stamps, see `rollout`.
        period: time between two states of the arm in [s].
    """
    periods = _periods(trajectory, period)
    if (periods == 1).all():
        return trajectory
    seen = np.concatenate([[0], np.cumsum(periods)])
    wanted = np.arange(len(seen))
    before = np.searchsorted(seen, wanted[:-1], side="right") - 1
    extra = dict(trajectory.extra)
    steps = len(trajectory.controls)
    for name, values in extra.items():
        if len(values) == steps:
            extra[name] = values[before]
        else:
            extra[name] = _between(values, seen, wanted)
    return replace(
        trajectory,
        states=_between(trajectory.states, seen, wanted),
        controls=trajectory.controls[before],
        tips=None if trajectory.tips is None else _between(trajectory.tips, seen, wanted),
        extra=extra,
    )


def shortened(trajectory: Trajectory) -> Trajectory:
    """Return the motion without its last step."""
    tips = trajectory.tips
    return replace(
        trajectory,
        times=trajectory.times[:-1],
        states=trajectory.states[:-1],
        controls=trajectory.controls[:-1],
        tips=None if tips is None else tips[:-1],
        extra={name: values[:-1] for name, values in trajectory.extra.items()},
    )


def _periods(trajectory: Trajectory, period: float) -> NDArray[np.int64]:
    """Whole periods between one state and the next, [T]."""
    return np.maximum(np.rint(np.diff(trajectory.extra["stamp"]) / period), 1.0).astype(np.int64)


def _between(values: Array, seen: NDArray[np.int64], wanted: NDArray[np.int64]) -> Array:
    columns = values.reshape(len(values), -1).T
    made = np.stack([np.interp(wanted, seen, column) for column in columns], axis=1)
    return made.reshape(values.shape)
