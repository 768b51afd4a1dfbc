"""A policy as a time-varying linear-Gaussian controller, near the states it was asked about.

At every step a Gaussian of (x, pi(x)) is fitted under a normal-inverse-Wishart prior, taken from a
mixture over the states of all steps, and conditioned on x. To what it leaves unexplained comes the
policy's own covariance.

Source: Montgomery & Levine, "Guided policy search as approximate mirror descent" (2016), section
3.2 and appendix.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator
from scipy.ndimage import uniform_filter1d

from rl_control.config import setting
from rl_control.errors import ShapeError
from rl_control.models.conditioning import conditioned
from rl_control.models.mixture import GaussianMixture
from rl_control.models.normal_inverse_wishart import posterior, prior_at
from rl_control.policy.linear_gaussian import LinearGaussianController
from rl_control.types import Array

_BESIDE = 3  # steps before and after one that lend it their scatter
_LEAST = 0.1  # of the usual scatter of a state's entry, in every step
_TINY = 1e-12


@dataclass(frozen=True)
class PolicyFitConfig:
    """How a linearisation trades the samples of a step against those of all steps."""

    prior_samples: float = setting(1.0, doc="samples that the prior counts for", low=1e-6, high=1e6)
    ridge: float = setting(1e-6, doc="added to the variances of the state", low=1e-12, high=1.0)
    floor: float = setting(1e-8, doc="added to the variances of the control", low=1e-12, high=1.0)
    asked: int = setting(
        25, doc="states a step, drawn about those visited, that the policy is asked in as well",
        low=0, high=10_000,
    )  # fmt: skip


def states_about(states: Array, count: int, rng: Generator, wider: float = 1.0) -> Array:
    """Draw states that scatter about those of N motions as these do about their mean.

    A policy can be asked anywhere for nothing; a few rollouts hardly span the space of states.

    Args:
        states: [N, T, nx].
        count: M.
        rng: draws them.
        wider: times as wide.

    Returns:
        [M, T, nx].
    """
    mean = states.mean(axis=0)
    away = states - mean
    scatter = np.einsum("nti,ntj->tij", away, away) / len(states)
    size = np.sqrt((away**2).mean(axis=(0, 1)))
    # Of few motions the scatter of a step is flat: steps beside it fill it up.
    smooth = uniform_filter1d(scatter, 2 * _BESIDE + 1, axis=0, mode="nearest")
    factor = np.linalg.cholesky(smooth + np.diag((_LEAST * size) ** 2 + _TINY))
    drawn = rng.standard_normal((count, *mean.shape))
    return np.asarray(mean + wider * (factor @ drawn[..., None])[..., 0])


def linearised_policy(
    states: Array,
    actions: Array,
    covariance: Array,
    prior: GaussianMixture | None,
    config: PolicyFitConfig = PolicyFitConfig(),
    *,
    names: Sequence[str],
    dt: float,
    base: str = "none",
) -> LinearGaussianController:
    """Fit a linear-Gaussian controller to what a policy does at N states a step.

    Args:
        states: [N, T, nx].
        actions: the policy's mean actions there, [N, T, nu].
        covariance: of the policy's actions, [nu, nu], or one a step, [T, nu, nu].
        prior: a mixture of (x, pi(x)); None if N is large enough to do without.
        config: see there.
        names: joint names, [nu].
        dt: time step in [s].
        base: of the policy.

    Raises:
        ShapeError: if the prior or the actions do not fit the states.
    """
    count, steps, nx = states.shape
    nu = actions.shape[2]
    if actions.shape[:2] != (count, steps):
        raise ShapeError("policy: actions", actions.shape[:2], (count, steps))
    if prior is not None and prior.size != nx + nu:
        raise ShapeError("policy: dimensions of the prior", prior.size, nx + nu)
    points = np.concatenate([states, actions], axis=2).swapaxes(0, 1)
    known = None if prior is None else prior_at(prior, points, config.prior_samples)
    mean, spread = posterior(points, known)
    K, k, left = conditioned(mean, spread, nx, config.ridge, config.floor)
    return LinearGaussianController(
        names=tuple(names), dt=dt, K=K, k=k, covariance=left + covariance, base=base
    )
