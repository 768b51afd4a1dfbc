"""Gaussian processes of what a rigid-body model leaves of the acceleration, for few data.

    r_j(z) ~ GP(0, s_j^2 exp(-1/2 sum_i (z_i - z'_i)^2 / l_ji^2)),   z = features of (q, v, u)

One process a joint, each with its own length scale along every feature. Once fitted, prediction is
matrix products of numpy.

Source: Rasmussen & Williams, "Gaussian Processes for Machine Learning" (2006), chapters 2 and 5;
Deisenroth & Rasmussen, "PILCO: a model-based and data-efficient approach to policy search" (2011).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from rl_control.config import setting
from rl_control.data.checkpoint import load_checkpoint, save_checkpoint
from rl_control.errors import DataError, NonFiniteError, ShapeError
from rl_control.models.features import Features
from rl_control.models.length_scales import find_length_scales
from rl_control.types import Array

KIND = "Gaussian process of accelerations"
_ARRAYS = (
    "centre", "spread", "offset", "scale", "Z", "alpha", "whitener", "lengths", "signal", "noise",
)  # fmt: skip
_CONSTANT = 1e-9  # standard deviation below which a feature or target does not vary


@dataclass(frozen=True)
class GaussianProcessConfig:
    """Which samples a process keeps and how its length scales are found."""

    most_points: int = setting(400, doc="most samples kept", low=2, high=5000)
    subset: str = setting(
        "farthest", doc="which are kept when there are more", choices=("farthest", "random")
    )
    iterations: int = setting(100, doc="steps of the search for length scales", low=1, high=10000)
    rate: float = setting(0.1, doc="size of these steps", low=1e-4, high=1.0)
    least_noise: float = setting(
        1e-4, doc="least noise variance, as a share of the targets'", low=1e-8, high=1.0
    )


@dataclass(frozen=True)
class GaussianProcess:
    """Fitted processes of n joints on P samples; features and residuals are in units of spread.

    Attributes:
        names: joint names, [n].
        features: of (q, v, u), f of them.
        centre: mean of each feature, [f].
        spread: standard deviation of each feature, [f].
        offset: mean residual, [n] in [rad/s^2] or [m/s^2].
        scale: standard deviation of the residuals, [n] in the same.
        Z: features of the samples, [P, f].
        alpha: inverse of (K + noise) times the residuals of the samples, [n, P].
        whitener: inverse of the Cholesky factor of K + noise, [n, P, P].
        lengths: length scales, [n, f].
        signal: prior variances s^2, [n].
        noise: noise variances, [n].
    """

    names: tuple[str, ...]
    features: Features
    centre: Array
    spread: Array
    offset: Array
    scale: Array
    Z: Array
    alpha: Array
    whitener: Array
    lengths: Array
    signal: Array
    noise: Array

    def mean(self, x: Array, u: Array) -> Array:
        """Return the most likely residual, [B, n] in [rad/s^2] or [m/s^2]."""
        return self._mean(self._kernel(self._scaled(x, u)))

    def std(self, x: Array, u: Array) -> Array:
        """Return the standard deviation of the residual itself, without noise, [B, n]."""
        known = self._kernel(self._scaled(x, u)) @ self.whitener.swapaxes(1, 2)
        variance = self.signal[:, None] - (known**2).sum(axis=2)
        return self.scale * np.sqrt(np.maximum(variance, 0.0)).T

    def linearize(self, x: Array, u: Array) -> tuple[Array, Array]:
        """Return the mean residual, [B, n], and its derivatives by (q, v, u), [B, n, 3n]."""
        z = self._scaled(x, u)
        kernel = self._kernel(z)
        pulls = kernel * self.alpha[:, None]
        slopes = pulls @ self.Z - pulls.sum(axis=2, keepdims=True) * z
        slopes *= self.scale[:, None, None] / (self.lengths**2 * self.spread)[:, None]
        return self._mean(kernel), self.features.pull_back(x, slopes.swapaxes(0, 1))

    def save(self, path: Path) -> None:
        """Write the processes to a checkpoint.

        Raises:
            DataError: if it cannot be written.
        """
        document = {"names": list(self.names), "turning": list(self.features.turning)}
        save_checkpoint(path, KIND, document, {name: getattr(self, name) for name in _ARRAYS})

    @classmethod
    def load(cls, path: Path) -> GaussianProcess:
        """Read processes from their checkpoint.

        Raises:
            DataError: if the file is not a checkpoint of Gaussian processes.
        """
        document, arrays = load_checkpoint(path, KIND)
        features = Features(tuple(document["turning"]))
        return cls(tuple(document["names"]), features, **{name: arrays[name] for name in _ARRAYS})

    def _scaled(self, x: Array, u: Array) -> Array:
        return (self.features(x, u) - self.centre) / self.spread

    def _kernel(self, z: Array) -> Array:
        return _covariances(z, self.Z, self.lengths, self.signal)

    def _mean(self, kernel: Array) -> Array:
        return self.offset + self.scale * (kernel @ self.alpha[..., None])[..., 0].T


def fit_gaussian_process(
    x: Array,
    u: Array,
    residuals: Array,
    names: Sequence[str],
    turning: Sequence[bool],
    rng: Generator,
    config: GaussianProcessConfig = GaussianProcessConfig(),
) -> GaussianProcess:
    """Fit one process a joint, its length scales by marginal likelihood.

    Args:
        x: states (q, v), [M, 2n].
        u: joint efforts, [M, n].
        residuals: measured acceleration less the model's, [M, n] in [rad/s^2] or [m/s^2].
        names: joint names, [n].
        turning: whether each joint turns rather than slides, [n].
        rng: draws the samples that are kept.
        config: see there.

    Raises:
        DataError: if there are fewer than two samples.
        MissingDependencyError: if gpytorch is not installed.
        NonFiniteError: if a sample is not finite.
        ShapeError: if shapes do not fit one another.
    """
    _check(x, u, residuals, len(turning), len(names))
    features = Features(tuple(turning))
    raw = features(x, u)
    centre, spread = raw.mean(axis=0), _spread(raw)
    z = (raw - centre) / spread
    kept = _subset(z, config, rng)
    z, residuals = z[kept], residuals[kept]
    offset, scale = residuals.mean(axis=0), _spread(residuals)
    targets = ((residuals - offset) / scale).T
    found = find_length_scales(z, targets, config.iterations, config.rate, config.least_noise)
    kernel = _covariances(z, z, found.lengths, found.signal)
    factor = np.linalg.cholesky(kernel + found.noise[:, None, None] * np.eye(len(z)))
    whitener = np.tril(np.linalg.inv(factor))
    return GaussianProcess(
        names=tuple(names),
        features=features,
        centre=centre,
        spread=spread,
        offset=offset,
        scale=scale,
        Z=z,
        alpha=(whitener.swapaxes(1, 2) @ (whitener @ targets[..., None]))[..., 0],
        whitener=whitener,
        lengths=found.lengths,
        signal=found.signal,
        noise=found.noise,
    )


def _check(x: Array, u: Array, residuals: Array, n: int, names: int) -> None:
    if names != n:
        raise ShapeError("Gaussian process: joint names", names, n)
    samples = len(x)
    shapes = {"states": (x, 2 * n), "controls": (u, n), "residuals": (residuals, n)}
    for what, (values, width) in shapes.items():
        if values.shape != (samples, width):
            raise ShapeError(f"Gaussian process: {what}", values.shape, (samples, width))
        if not np.isfinite(values).all():
            where = np.argwhere(~np.isfinite(values))[0].tolist()
            raise NonFiniteError(f"Gaussian process: {what}", where)
    if samples < 2:
        raise DataError("Gaussian process", f"{samples} samples", "Give two or more.")


def _spread(values: Array) -> Array:
    spread = values.std(axis=0)
    return np.where(spread > _CONSTANT, spread, 1.0)


def _subset(z: Array, config: GaussianProcessConfig, rng: Generator) -> NDArray[np.intp]:
    """Indices of the samples to keep: all, some at random, or each the farthest from the others.

    Source: Gonzalez, "Clustering to minimize the maximum intercluster distance" (1985).
    """
    if len(z) <= config.most_points:
        return np.arange(len(z))
    if config.subset == "random":
        return np.sort(rng.choice(len(z), config.most_points, replace=False))
    kept = [int(rng.integers(len(z)))]
    distances = np.full(len(z), np.inf)
    while len(kept) < config.most_points:
        distances = np.minimum(distances, ((z - z[kept[-1]]) ** 2).sum(axis=1))
        kept.append(int(distances.argmax()))
    return np.sort(kept)


def _covariances(z: Array, other: Array, lengths: Array, signal: Array) -> Array:
    """Return the kernel, [n, B, P], between features z [B, f] and other [P, f]."""
    one, two = z / lengths[:, None], other / lengths[:, None]
    squares = (one**2).sum(axis=2)[:, :, None] + (two**2).sum(axis=2)[:, None]
    squares -= 2.0 * one @ two.swapaxes(1, 2)
    return signal[:, None, None] * np.exp(-0.5 * np.maximum(squares, 0.0))
