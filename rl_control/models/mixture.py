"""A mixture of Gaussians, fitted by expectation maximisation.

    max  1/M sum_m log p(z_m),   p(z) = sum_k w_k N(z; mu_k, Sigma_k)

Fitted to transitions (x, u, x') it is a piecewise linear picture of the dynamics, from which the
fit of one time step takes its prior.

Source: Dempster, Laird, Rubin, "Maximum likelihood from incomplete data via the EM algorithm"
(1977); its use as a prior: Levine & Abbeel, "Learning neural network policies with guided policy
search under unknown dynamics" (2014).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import scipy.linalg
import scipy.special
from numpy.random import Generator

from rl_control.config import setting
from rl_control.errors import DataError, NonFiniteError, ShapeError
from rl_control.types import Array

_EMPTY = 0.5  # samples a cluster must stand for, or it is placed anew
_CONSTANT = 1e-12  # spread over magnitude, below which a coordinate does not vary


@dataclass(frozen=True)
class MixtureConfig:
    """How many clusters, and when a fit ends."""

    samples_per_cluster: int = setting(40, doc="samples that earn one cluster", low=1)
    most_clusters: int = setting(20, doc="most clusters", low=2, high=1000)
    iterations: int = setting(100, doc="most EM iterations", low=1, high=10000)
    tolerance: float = setting(
        1e-4, doc="relative change of the mean log-likelihood that ends a fit", low=0.0, high=1.0
    )
    floor: float = setting(
        1e-6,
        doc="added to every cluster's variances, as a share of the data's",
        low=1e-12,
        high=1.0,
    )

    def clusters(self, samples: int) -> int:
        """Number of clusters for that many samples."""
        return int(np.clip(samples // self.samples_per_cluster, 2, self.most_clusters))


@dataclass(frozen=True)
class GaussianMixture:
    """K weighted Gaussians in d dimensions.

    Attributes:
        weights: [K], positive, of sum 1.
        means: [K, d].
        covariances: [K, d, d], symmetric positive definite.
    """

    weights: Array
    means: Array
    covariances: Array

    def __post_init__(self) -> None:
        count, size = self.means.shape
        for name, shape in (("weights", (count,)), ("covariances", (count, size, size))):
            found = np.shape(getattr(self, name))
            if found != shape:
                raise ShapeError(f"mixture: {name}", found, shape)

    @property
    def clusters(self) -> int:
        """Number of Gaussians K."""
        return len(self.weights)

    @property
    def size(self) -> int:
        """Number of dimensions d."""
        return self.means.shape[1]

    def log_joint(self, points: Array) -> Array:
        """Return log w_k + log N(z_m; mu_k, Sigma_k), [M, K], of points [M, d]."""
        result = np.empty((len(points), self.clusters))
        for k, factor in enumerate(np.linalg.cholesky(self.covariances)):
            away = scipy.linalg.solve_triangular(factor, (points - self.means[k]).T, lower=True)
            result[:, k] = -0.5 * (away**2).sum(axis=0) - np.log(np.diag(factor)).sum()
        return result + np.log(self.weights) - 0.5 * self.size * np.log(2.0 * np.pi)

    def log_density(self, points: Array) -> Array:
        """Return log p(z_m), [M], of points [M, d]."""
        return scipy.special.logsumexp(self.log_joint(points), axis=1)

    def responsibilities(self, points: Array) -> Array:
        """Return how likely each cluster has drawn each point, [M, K], of rows of sum 1."""
        return scipy.special.softmax(self.log_joint(points), axis=1)

    def marginal(self, size: int) -> GaussianMixture:
        """The mixture of the first `size` coordinates."""
        return GaussianMixture(
            self.weights, self.means[:, :size], self.covariances[:, :size, :size]
        )


class MixtureFit(NamedTuple):
    """A fitted mixture and how the fit went.

    Attributes:
        mixture: of the last iteration.
        log_likelihoods: mean log-likelihood of the data before each iteration and at the end; the
            last one is the mixture's.
        converged: whether the fit ended before its most iterations.
    """

    mixture: GaussianMixture
    log_likelihoods: tuple[float, ...]
    converged: bool


def fit_mixture(
    points: Array,
    rng: Generator,
    config: MixtureConfig = MixtureConfig(),
    start: GaussianMixture | None = None,
) -> MixtureFit:
    """Fit a mixture to points [M, d].

    Args:
        points: the data.
        rng: draws the first clusters.
        config: see there.
        start: the mixture to start from, such as that of fewer data; passed over if it has another
            number of clusters than M samples earn.

    Raises:
        DataError: if there are fewer points than clusters.
        NonFiniteError: if a point is not finite.
        ShapeError: if `start` has another number of dimensions.
    """
    count = config.clusters(len(points))
    _check(points, count, start)
    # In units of the data's own spread, so that the result does not depend on the user's units.
    centre, spread = points.mean(axis=0), _spread(points)
    points = (points - centre) / spread
    if start is not None and start.clusters == count:
        mixture = _moved(start, -centre / spread, 1.0 / spread)
    else:
        mixture = _maximized(points, _seed(points, count, rng), config.floor)
    history: list[float] = []
    converged = False
    for _ in range(config.iterations):
        shares, value = _expected(points, mixture)
        converged = bool(history) and has_converged(history[-1], value, config.tolerance)
        history.append(value)
        if converged:
            break
        mixture = _maximized(points, _refilled(points, shares), config.floor)
    else:
        history.append(_expected(points, mixture)[1])
    unit = float(np.log(spread).sum())
    return MixtureFit(
        _moved(mixture, centre, spread), tuple(value - unit for value in history), converged
    )


def has_converged(before: float, now: float, tolerance: float) -> bool:
    """Whether a log-likelihood has changed by no more than a share of its size (of 1 if smaller).

    Of its size, not of its value: a share of a negative log-likelihood is never undercut.
    """
    return abs(now - before) <= tolerance * max(1.0, abs(now))


def _check(points: Array, count: int, start: GaussianMixture | None) -> None:
    if len(points) < count:
        raise DataError(
            "mixture", f"{len(points)} samples for {count} clusters", "Record some more motion."
        )
    if not np.isfinite(points).all():
        raise NonFiniteError("mixture: samples", np.argwhere(~np.isfinite(points))[0].tolist())
    if start is not None and start.size != points.shape[1]:
        raise ShapeError("mixture: dimensions of the start", start.size, points.shape[1])


def _spread(points: Array) -> Array:
    """Standard deviation of each coordinate, [d]; 1 where it does not vary."""
    spread = points.std(axis=0)
    return np.where(spread > _CONSTANT * (1.0 + np.abs(points).max(axis=0)), spread, 1.0)


def _moved(mixture: GaussianMixture, shift: Array, scale: Array) -> GaussianMixture:
    """The mixture of scale * z + shift for z of `mixture`."""
    return GaussianMixture(
        mixture.weights,
        scale * mixture.means + shift,
        np.outer(scale, scale) * mixture.covariances,
    )


def _seed(points: Array, count: int, rng: Generator) -> Array:
    """Responsibilities, [M, K], of centres drawn far from one another.

    Source: Arthur & Vassilvitskii, "k-means++: the advantages of careful seeding" (2007).
    """
    distances = np.empty((len(points), count))
    chances = np.ones(len(points))
    for k in range(count):
        total = chances.sum()
        centre = rng.choice(len(points), p=chances / total if total > 0.0 else None)
        distances[:, k] = ((points - points[centre]) ** 2).sum(axis=1)
        chances = distances[:, : k + 1].min(axis=1)
    nearest = distances.argmin(axis=1)
    return _refilled(points, (nearest[:, None] == np.arange(count)).astype(np.float64))


def _expected(points: Array, mixture: GaussianMixture) -> tuple[Array, float]:
    """The E-step: responsibilities, [M, K], and the mean log-likelihood."""
    joint = mixture.log_joint(points)
    density = scipy.special.logsumexp(joint, axis=1, keepdims=True)
    return np.exp(joint - density), float(density.mean())


def _maximized(points: Array, shares: Array, floor: float) -> GaussianMixture:
    """The M-step: moments of the points weighted by their responsibilities, [M, K]."""
    samples = shares.sum(axis=0)
    means = shares.T @ points / samples[:, None]
    covariances = np.empty((len(samples), points.shape[1], points.shape[1]))
    for k, mean in enumerate(means):
        covariances[k] = _covariance(points - mean, shares[:, k])
    return GaussianMixture(
        samples / len(points), means, covariances + floor * np.eye(points.shape[1])
    )


def _covariance(away: Array, shares: Array) -> Array:
    weighted = np.sqrt(shares / shares.sum())[:, None] * away
    return weighted.T @ weighted


def _refilled(points: Array, shares: Array) -> Array:
    """Responsibilities with each empty cluster given a side of the fullest one.

    The fullest cluster is divided across the axis along which it is longest.
    """
    for k in np.flatnonzero(shares.sum(axis=0) < _EMPTY):
        fullest = int(shares.sum(axis=0).argmax())
        share = shares[:, fullest]
        away = points - share @ points / share.sum()
        variances, axes = np.linalg.eigh(_covariance(away, share))
        side = away @ axes[:, -1] / np.sqrt(max(variances[-1], np.finfo(float).tiny))
        given = share * scipy.special.expit(side)
        shares = shares.copy()
        shares[:, fullest] -= given
        shares[:, k] += given
    return shares
