"""How well a model foretells motion it has not seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rl_control.data.transitions import TransitionDataset
from rl_control.errors import DataError
from rl_control.interfaces import DynamicsModel
from rl_control.types import Array

HORIZONS = (1, 10, 25, 50)  # steps
_HALF, _NINE_TENTHS = 0.6744897501960817, 1.6448536269514722  # standard deviations
_LEAST_DEVIATION = 1e-12
_LEAST_SPEED = 0.05  # [rad/s] or [m/s] of the fastest joint
_LOST = 1e6  # an error beyond which a prediction counts as diverged


@dataclass(frozen=True)
class Foretold:
    """Errors of one model's predictions over several steps, the efforts being known.

    Attributes:
        horizons: numbers of steps, [H].
        errors: root mean square by horizon and state, [H, 2n].
        typical: median over windows of the root mean square position error, by horizon, [H]. An
            arm that friction just holds, or that swings fast, cannot be foretold for long; a few
            such windows make the root mean square, but not this.
        by_rollout: root mean square over all states at the longest horizon, by rollout number.
        finite: share of the windows in which the prediction has not diverged, by horizon, [H].
    """

    horizons: tuple[int, ...]
    errors: Array
    typical: Array
    by_rollout: Mapping[int, float]
    finite: Array

    def positions(self, horizon: int) -> Array:
        """Errors of the joint positions after `horizon` steps, [n]."""
        row = self.errors[self.horizons.index(horizon)]
        return row[: len(row) // 2]


@dataclass(frozen=True)
class Intervals:
    """Whether what a model says of its own errors is true, over one step.

    Attributes:
        half: share of the changes inside its 50 % intervals, by state, [2n].
        nine_tenths: inside its 90 % intervals, [2n].
        nll: mean negative log likelihood of a change of one state, in nats, [2n].
    """

    half: Array
    nine_tenths: Array
    nll: Array


class ConstantVelocity:
    """The baseline that every model must beat: the arm goes on as it goes."""

    def __init__(self, n: int, dt: float) -> None:
        self.nx, self.nu, self.dt = 2 * n, n, dt

    def step(self, x: Array, u: Array) -> Array:
        """Return the next states, [B, 2n]."""
        n = self.nu
        return np.hstack([x[:, :n] + self.dt * x[:, n:], x[:, n:]])


def foretell(
    model: DynamicsModel | ConstantVelocity,
    data: TransitionDataset,
    horizons: Sequence[int] = HORIZONS,
) -> Foretold:
    """Let `model` foretell windows of `data` from their first states.

    Args:
        model: predicts; its time step is the data's.
        data: consecutive transitions that do not overlap.
        horizons: numbers of steps after which to compare, ascending. Those longer than the data
            are left out. So are windows in which the arm rests, which anything foretells, where
            there are others.

    Raises:
        DataError: if the data have no window of the shortest horizon.
    """
    horizons = tuple(h for h in horizons if len(data.windows(h)))
    if not horizons:
        raise DataError(
            "prediction", f"no {min(horizons, default=1)} consecutive steps", "Record longer runs."
        )
    longest = horizons[-1]
    starts = _moving(data, data.windows(longest, max(1, longest // 2)), longest)
    x, errors = data.states[starts], []
    for step in range(longest):
        with np.errstate(over="ignore", invalid="ignore"):
            x = model.step(x, data.controls[starts + step])
        if step + 1 in horizons:
            errors.append(x - data.next_states[starts + step])
    stacked = np.array(errors)  # [H, windows, 2n]
    sound = (np.abs(stacked) < _LOST).all(axis=(0, 2))  # false for NaN too
    kept = stacked[:, sound]
    if not kept.size:
        kept = np.full((len(horizons), 1, data.states.shape[1]), np.inf)
    bounded = np.clip(np.nan_to_num(stacked[:, :, : data.n], nan=_LOST), -_LOST, _LOST)
    places = np.sqrt((bounded**2).mean(axis=2))
    total = np.sqrt((stacked[-1, sound] ** 2).mean(axis=1))
    numbers = data.rollouts[starts][sound]
    return Foretold(
        horizons=horizons,
        errors=np.sqrt((kept**2).mean(axis=1)),
        typical=np.median(places, axis=1),
        by_rollout={
            int(k): float(np.sqrt((total[numbers == k] ** 2).mean())) for k in np.unique(numbers)
        },
        finite=(np.abs(stacked) < _LOST).all(axis=2).mean(axis=1),
    )


def _moving(data: TransitionDataset, starts: NDArray[np.intp], length: int) -> NDArray[np.intp]:
    """The windows in which some joint moves, or all if there are none."""
    members = starts[:, None] + np.arange(length)
    speed = np.abs(data.states[:, data.n :]).max(axis=1)
    moving = speed[members].max(axis=1) > _LEAST_SPEED
    return starts[moving] if moving.any() else starts


def intervals(model: DynamicsModel, data: TransitionDataset) -> Intervals:
    """Compare the one-step changes in `data` with what `model` says of its own errors."""
    error = data.next_states - model.step(data.states, data.controls)
    deviation = np.maximum(model.uncertainty(data.states, data.controls), _LEAST_DEVIATION)
    ratio = np.abs(error) / deviation
    nll = 0.5 * ratio**2 + np.log(deviation) + 0.5 * np.log(2.0 * np.pi)
    return Intervals(
        half=(ratio < _HALF).mean(axis=0),
        nine_tenths=(ratio < _NINE_TENTHS).mean(axis=0),
        nll=nll.mean(axis=0),
    )
