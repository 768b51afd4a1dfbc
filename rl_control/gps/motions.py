"""Rollouts as arrays in steps of the task."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from rl_control.errors import DataError, JointMismatchError, NonFiniteError
from rl_control.types import Array, Trajectory

Behind = Callable[[Array, Array], Array]
"""What is behind efforts [M, nu] at states [M, nx], [M, nu]; see `Outputs.behind`."""


@dataclass(frozen=True)
class Motions:
    """Motions of T steps, N of each of C conditions, of one iteration or more.

    Attributes:
        states: [..., C, N, T+1, nx].
        controls: means of each step, [..., C, N, T, nu].
    """

    states: Array
    controls: Array


def in_steps(
    trajectory: Trajectory,
    names: Sequence[str],
    dt: float,
    steps: int,
    behind: Behind | None = None,
) -> tuple[Array, Array]:
    """Return a rollout's states, [T+1, nx], and mean controls, [T, nu], in steps of `dt`.

    Args:
        trajectory: of the plant's own period.
        names: joint names, in the order wanted.
        dt: time step in [s], a multiple of that period.
        steps: T; what lies beyond is left out.
        behind: makes controls of efforts; None for the efforts themselves.

    Raises:
        DataError: if the rollout is too short, or its period does not divide `dt`.
        JointMismatchError: if it is of other joints.
        NonFiniteError: if a number is not finite.
    """
    if trajectory.names != tuple(names):
        missing = [name for name in names if name not in trajectory.names]
        raise JointMismatchError(missing or list(names), trajectory.names)
    period = float(trajectory.times[1] - trajectory.times[0])
    stride = round(dt / period)
    if stride < 1 or abs(stride * period - dt) > 1e-6 * dt:
        raise DataError(
            "rollout", f"states {period:g} s apart do not make steps of {dt:g} s",
            "Give the task a time step that is a multiple of the plant's period.",
        )  # fmt: skip
    if len(trajectory.controls) < stride * steps:
        raise DataError(
            "rollout",
            f"it ended after {len(trajectory.controls) * period:.3f} s of {steps * dt:.3f} s",
            "Let every rollout last as long as the task.",
        )
    states = trajectory.states[: stride * steps + 1 : stride]
    controls = trajectory.controls[: stride * steps]
    if behind is not None:
        controls = behind(trajectory.states[: stride * steps], controls)
    controls = controls.reshape(steps, stride, -1).mean(axis=1)
    for what, values in (("rollout: states", states), ("rollout: controls", controls)):
        if not np.isfinite(values).all():
            raise NonFiniteError(what, f"step {int(np.argwhere(~np.isfinite(values))[0, 0])}")
    return states, controls


def gathered(
    trajectories: Sequence[Trajectory],
    conditions: int,
    names: Sequence[str],
    dt: float,
    steps: int,
    behind: Behind | None = None,
) -> Motions:
    """Return C * N rollouts, those of one condition together, as arrays.

    Raises:
        DataError: if their number is not a multiple of `conditions`; see also `in_steps`.
        JointMismatchError, NonFiniteError: see `in_steps`.
    """
    if not trajectories or len(trajectories) % conditions:
        raise DataError(
            "rollouts", f"{len(trajectories)} came back for {conditions} conditions",
            "The collector must return one rollout for each episode, in their order.",
        )  # fmt: skip
    pairs = [in_steps(trajectory, names, dt, steps, behind) for trajectory in trajectories]
    states, controls = (np.array(part) for part in zip(*pairs, strict=True))
    return Motions(
        states.reshape(conditions, -1, *states.shape[1:]),
        controls.reshape(conditions, -1, *controls.shape[1:]),
    )
