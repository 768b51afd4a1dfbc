"""The Gaussian of a few samples under a normal-inverse-Wishart prior taken from a mixture.

    p(mu, Sigma) = N(mu; mu0, Sigma / m) IW(Sigma; Phi, n0 - d - 2)

n0 counts samples: the prior alone is most likely at Sigma = Phi / n0.

Source: Levine & Abbeel, "Learning neural network policies with guided policy search under unknown
dynamics" (2014), appendix A.3; Murphy, "Conjugate Bayesian analysis of the Gaussian
distribution" (2007), section 9.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rl_control.errors import ShapeError
from rl_control.models.mixture import GaussianMixture
from rl_control.types import Array


@dataclass(frozen=True)
class NormalInverseWishart:
    """A prior of the mean and covariance of a Gaussian in d dimensions, or one each of many.

    Attributes:
        mean: mu0, [..., d].
        scatter: Phi, [..., d, d].
        mean_samples: m, samples that the mean counts for.
        samples: n0, samples that the covariance counts for.
    """

    mean: Array
    scatter: Array
    mean_samples: float
    samples: float


def prior_at(mixture: GaussianMixture, points: Array, samples: float) -> NormalInverseWishart:
    """Return the prior that a mixture gives to the Gaussian of some points.

    Its moments are those of the mixture with each cluster weighted by its mean responsibility for
    the points.

    Args:
        mixture: in d dimensions.
        points: [..., N, d].
        samples: m = n0, how many samples it counts for.

    Raises:
        ShapeError: if the points have another number of dimensions than the mixture.
    """
    if points.shape[-1] != mixture.size:
        raise ShapeError("prior: dimensions of the points", points.shape[-1], mixture.size)
    shares = mixture.responsibilities(points.reshape(-1, mixture.size))
    weights = shares.reshape(*points.shape[:-1], mixture.clusters).mean(axis=-2)
    mean = weights @ mixture.means
    apart = mixture.means - mean[..., None, :]
    within = np.tensordot(weights, mixture.covariances, axes=1)
    between = (weights[..., None] * apart).swapaxes(-1, -2) @ apart
    return NormalInverseWishart(mean, samples * (within + between), samples, samples)


def posterior(points: Array, prior: NormalInverseWishart | None) -> tuple[Array, Array]:
    """Return the most likely mean, [..., d], and covariance, [..., d, d], of N points each.

        Sigma = (N S + Phi + N m / (N + m) d d') / (N + n0),   d = mean of the points - mu0

    Args:
        points: [..., N, d].
        prior: with the same leading shape; None gives the points' own moments.
    """
    count = points.shape[-2]
    mean = points.mean(axis=-2)
    away = points - mean[..., None, :]
    scatter = away.swapaxes(-1, -2) @ away
    if prior is None:
        return mean, scatter / count
    m = prior.mean_samples
    apart = mean - prior.mean
    between = count * m / (count + m) * apart[..., :, None] * apart[..., None, :]
    covariance = (scatter + prior.scatter + between) / (count + prior.samples)
    return (count * mean + m * prior.mean) / (count + m), covariance
