"""A model that is linear in state and control, with its own matrices and noise at every step.

    x' = F_t [x; u] + f_t + w_t,   w_t ~ N(0, covariance_t)

It holds near the motions it was fitted to, needs few of them, and is what guided policy search
improves a controller on.

Source: Levine & Abbeel, "Learning neural network policies with guided policy search under unknown
dynamics" (2014).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rl_control.config import setting
from rl_control.data.checkpoint import load_checkpoint, save_checkpoint
from rl_control.errors import DataError, ModelError, NonFiniteError, ShapeError
from rl_control.models.conditioning import conditioned
from rl_control.models.mixture import GaussianMixture
from rl_control.models.normal_inverse_wishart import posterior, prior_at
from rl_control.types import Array

KIND = "time-varying linear-Gaussian model"
_ARRAYS = ("F", "f", "covariance", "first_mean", "first_covariance")


@dataclass(frozen=True)
class LinearGaussianConfig:
    """How a fit trades its samples against what is known before."""

    prior_samples: float = setting(1.0, doc="samples that the prior counts for", low=1e-6, high=1e6)
    ridge: float = setting(
        1e-6, doc="added to the variances of state and control", low=1e-12, high=1.0
    )
    floor: float = setting(
        1e-10, doc="added to the variances of the next state", low=1e-12, high=1.0
    )


@dataclass(frozen=True)
class LinearGaussian:
    """One step: x' = F [x; u] + f + w. A DynamicsModel.

    Attributes:
        F: [nx, nx + nu].
        f: [nx].
        covariance: of w, [nx, nx].
        dt: time step in [s].
    """

    F: Array
    f: Array
    covariance: Array
    dt: float

    @property
    def nx(self) -> int:
        """Number of states."""
        return self.F.shape[0]

    @property
    def nu(self) -> int:
        """Number of controls."""
        return self.F.shape[1] - self.F.shape[0]

    def step(self, x: Array, u: Array) -> Array:
        """Return the mean next states, [B, nx]."""
        return np.hstack([x, u]) @ self.F.T + self.f

    def linearize(self, x: Array, u: Array) -> tuple[Array, Array]:
        """Return A [B, nx, nx] and B [B, nx, nu], the same everywhere."""
        slopes = np.tile(self.F, (len(x), 1, 1))
        return slopes[..., : self.nx], slopes[..., self.nx :]

    def uncertainty(self, x: Array, u: Array) -> Array:
        """Return the standard deviation of the noise, [B, nx]."""
        return np.tile(np.sqrt(np.diag(self.covariance)), (len(x), 1))


@dataclass(frozen=True)
class TimeVaryingLinearGaussian:
    """T steps, each a `LinearGaussian`, and the distribution of the state they start from.

    The methods are those of a DynamicsModel with the step t, one for all or one each, [B].

    Attributes:
        names: joint names, [nu].
        dt: time step in [s].
        F: [T, nx, nx + nu].
        f: [T, nx].
        covariance: of the noise, [T, nx, nx].
        first_mean: mean of the first state, [nx].
        first_covariance: of the first state, [nx, nx].
    """

    names: tuple[str, ...]
    dt: float
    F: Array
    f: Array
    covariance: Array
    first_mean: Array
    first_covariance: Array

    def __post_init__(self) -> None:
        steps, nx = self.f.shape
        shapes = {
            "F": (steps, nx, nx + len(self.names)),
            "covariance": (steps, nx, nx),
            "first_mean": (nx,),
            "first_covariance": (nx, nx),
        }
        for name, shape in shapes.items():
            found = np.shape(getattr(self, name))
            if found != shape:
                raise ShapeError(f"linear-Gaussian model: {name}", found, shape)

    @property
    def steps(self) -> int:
        """Number of steps T."""
        return len(self.f)

    @property
    def nx(self) -> int:
        """Number of states."""
        return self.f.shape[1]

    @property
    def nu(self) -> int:
        """Number of controls."""
        return len(self.names)

    def at(self, t: int) -> LinearGaussian:
        """Return the model of step t alone.

        Raises:
            ModelError: if the model has no such step.
        """
        self._check(t)
        return LinearGaussian(self.F[t], self.f[t], self.covariance[t], self.dt)

    def step(self, x: Array, u: Array, t: int | NDArray[np.intp]) -> Array:
        """Return the mean next states, [B, nx].

        Raises:
            ModelError: if the model has no such step.
        """
        self._check(t)
        return (self.F[t] @ np.hstack([x, u])[..., None])[..., 0] + self.f[t]

    def linearize(self, x: Array, u: Array, t: int | NDArray[np.intp]) -> tuple[Array, Array]:
        """Return A [B, nx, nx] and B [B, nx, nu].

        Raises:
            ModelError: if the model has no such step.
        """
        self._check(t)
        slopes = self.F[np.broadcast_to(t, len(x))]
        return slopes[..., : self.nx], slopes[..., self.nx :]

    def uncertainty(self, x: Array, u: Array, t: int | NDArray[np.intp]) -> Array:
        """Return the standard deviation of the noise, [B, nx].

        Raises:
            ModelError: if the model has no such step.
        """
        self._check(t)
        variances = np.diagonal(self.covariance, axis1=1, axis2=2)
        return np.sqrt(variances[np.broadcast_to(t, len(x))])

    def save(self, path: Path) -> None:
        """Write the model to a checkpoint.

        Raises:
            DataError: if it cannot be written.
        """
        document = {"names": list(self.names), "dt": self.dt}
        save_checkpoint(path, KIND, document, {name: getattr(self, name) for name in _ARRAYS})

    @classmethod
    def load(cls, path: Path) -> TimeVaryingLinearGaussian:
        """Read a model from its checkpoint.

        Raises:
            DataError: if the file is not a checkpoint of such a model.
        """
        document, arrays = load_checkpoint(path, KIND)
        return cls(
            tuple(document["names"]), document["dt"], **{name: arrays[name] for name in _ARRAYS}
        )

    def _check(self, t: int | NDArray[np.intp]) -> None:
        steps = np.asarray(t)
        if ((steps < 0) | (steps >= self.steps)).any():
            raise ModelError(
                "linear-Gaussian model",
                f"no step {t} among its {self.steps}",
                "Ask for steps 0 to T - 1.",
            )


def fit_linear_gaussian(
    states: Array,
    controls: Array,
    prior: GaussianMixture | None = None,
    config: LinearGaussianConfig = LinearGaussianConfig(),
    *,
    names: Sequence[str],
    dt: float,
    expected: Array | None = None,
) -> TimeVaryingLinearGaussian:
    """Fit a model to N rollouts of T steps.

    Args:
        states: [N, T+1, nx].
        controls: [N, T, nu].
        prior: a mixture of samples, of these and of other rollouts, `stacked` with the same
            `expected`; it makes up for having fewer rollouts than nx + nu + 1. None fits by least
            squares.
        config: see there.
        names: joint names, [nu].
        dt: time step in [s].
        expected: F before any rollout, [nx, nx + nu]: where rollouts do not differ, it stays.

    Raises:
        DataError: if there is no step or no rollout, or only one rollout and no prior.
        NonFiniteError: if a state or control is not finite.
        ShapeError: if shapes do not fit one another, or the prior's.
    """
    points = stacked(states, controls, expected)
    rollouts, steps, size = points.shape
    nx = states.shape[2]
    if steps < 1 or rollouts < (2 if prior is None else 1):
        raise DataError(
            "linear-Gaussian model",
            f"{rollouts} rollouts of {steps} steps do not tell the noise of a step",
            "Give two rollouts or more, or a prior.",
        )
    if prior is not None and prior.size != size:
        raise ShapeError("linear-Gaussian model: dimensions of the prior", prior.size, size)
    mean, covariance = _most_likely(points.swapaxes(0, 1), prior, config)
    F, f, noise = conditioned(mean, covariance, size - nx, config.ridge, config.floor)
    first = None if prior is None else prior.marginal(nx)
    first_mean, first_covariance = _most_likely(states[:, 0], first, config)
    return TimeVaryingLinearGaussian(
        names=tuple(names),
        dt=dt,
        F=F if expected is None else F + expected,
        f=f,
        covariance=noise,
        first_mean=first_mean,
        first_covariance=first_covariance + config.ridge * np.eye(nx),
    )


def stacked(states: Array, controls: Array, expected: Array | None = None) -> Array:
    """Return [x, u, x'] of every step, [N, T, 2 nx + nu], of N rollouts.

    Args:
        states: [N, T+1, nx].
        controls: [N, T, nu].
        expected: F before any rollout, [nx, nx + nu]; x' is then what it lacks of F [x; u].

    Raises:
        NonFiniteError: if a state or control is not finite.
        ShapeError: if there is not one state more than controls.
    """
    shape = (len(states), states.shape[1] - 1)
    if controls.shape[:2] != shape:
        raise ShapeError("rollouts and steps of the controls", controls.shape[:2], shape)
    before, after = np.concatenate([states[:, :-1], controls], axis=2), states[:, 1:]
    if expected is not None:
        after = after - before @ expected.T
    points = np.concatenate([before, after], axis=2)
    if not np.isfinite(points).all():
        where = np.argwhere(~np.isfinite(points))[0, :2].tolist()
        raise NonFiniteError("linear-Gaussian model: [rollout, step]", where)
    return points


def _most_likely(
    points: Array, mixture: GaussianMixture | None, config: LinearGaussianConfig
) -> tuple[Array, Array]:
    """Mean [..., d] and covariance [..., d, d] of N points each, [..., N, d]."""
    if mixture is None:
        return posterior(points, None)
    return posterior(points, prior_at(mixture, points, config.prior_samples))
