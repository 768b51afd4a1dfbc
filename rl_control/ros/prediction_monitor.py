"""How well models foretell motion that just came, one step ahead: errors that add up."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rl_control.data.transitions import TransitionDataset
from rl_control.models.learned import LearnedModel
from rl_control.types import Array

_NINE_TENTHS = 1.6448536269514722  # standard deviations of a normal's central 90 %
_LEAST_DEVIATION = 1e-12


@dataclass(frozen=True)
class StepErrors:
    """Errors of one model's predictions over one step.

    Attributes:
        squares: sums of squared errors of (q, v), [2n]; infinite where a prediction is not finite.
        inside: number of changes of (q, v) inside the model's 90 % intervals, [2n].
        count: number of predictions.
        seconds: of motion they are of.
    """

    squares: Array
    inside: Array
    count: int
    seconds: float

    def __add__(self, other: StepErrors) -> StepErrors:
        return StepErrors(
            self.squares + other.squares,
            self.inside + other.inside,
            self.count + other.count,
            self.seconds + other.seconds,
        )

    @property
    def rms(self) -> Array:
        """Root mean squares of the errors, [2n] in [rad], [rad/s] or [m], [m/s]; NaN of none."""
        with np.errstate(invalid="ignore"):
            return np.sqrt(self.squares / self.count) if self.count else self.squares * np.nan

    @property
    def speed_error(self) -> float:
        """Root mean square of the velocities' errors over all joints, in [rad/s] or [m/s]."""
        velocities = self.rms[len(self.squares) // 2 :]
        return float(np.sqrt((velocities**2).mean()))

    @property
    def coverage(self) -> Array:
        """Share of the changes inside the 90 % intervals, [2n]; NaN of none."""
        return self.inside / self.count if self.count else self.inside * np.nan


def no_errors(n: int) -> StepErrors:
    """The errors of no prediction, of an arm of n joints."""
    return StepErrors(np.zeros(2 * n), np.zeros(2 * n), 0, 0.0)


def step_errors(model: LearnedModel, data: TransitionDataset) -> StepErrors:
    """Let `model` foretell each transition of `data`, whose step is the model's."""
    x, u = data.states, data.controls
    if not data.size:
        return no_errors(data.n)
    with np.errstate(over="ignore", invalid="ignore"):
        error = np.abs(data.next_states - model.step(x, u))
        deviation = np.maximum(model.uncertainty(x, u), _LEAST_DEVIATION)
        inside = (error < _NINE_TENTHS * deviation).sum(axis=0).astype(np.float64)
        squares = (error**2).sum(axis=0)
    squares = np.where(np.isfinite(squares), squares, np.inf)
    return StepErrors(squares, inside, data.size, data.seconds)


def times_worse(new: StepErrors, old: StepErrors) -> float:
    """Return how many times greater `new` is than `old`, on the same motion.

    It is the geometric mean over joints of the ratios of the velocities' errors: no joint counts
    more because it is quick. Positions follow from velocities, and mostly tell of noise.
    """
    half = len(new.squares) // 2
    ours, theirs = new.squares[half:], old.squares[half:]
    if not np.isfinite(ours).all():
        return np.inf
    if not np.isfinite(theirs).all():
        return 0.0
    least = np.finfo(np.float64).tiny
    logs = np.log(np.maximum(ours, least)) - np.log(np.maximum(theirs, least))
    return float(np.exp(0.5 * logs.mean()))
