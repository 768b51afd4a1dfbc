"""The prior from a mixture, and the posterior against a search for the most likely Gaussian."""

import numpy as np
import pytest
import scipy.optimize
from hypothesis import given
from hypothesis import strategies as st

from rl_control.errors import ShapeError
from rl_control.models.mixture import GaussianMixture
from rl_control.models.normal_inverse_wishart import NormalInverseWishart, posterior, prior_at


def spd(rng, size):
    factor = rng.normal(size=(size, size))
    return factor @ factor.T + 0.1 * np.eye(size)


def a_prior(rng, size):
    return NormalInverseWishart(rng.normal(size=size), spd(rng, size), 2.5, 4.0)


def a_mixture(rng, clusters=3, size=2):
    weights = rng.uniform(0.5, 1.0, clusters)
    return GaussianMixture(
        weights / weights.sum(),
        rng.normal(size=(clusters, size)),
        np.stack([spd(rng, size) for _ in range(clusters)]),
    )


def log_posterior(mean, covariance, points, prior):
    """Log of the density N(mu; mu0, Sigma/m) IW(Sigma; Phi, n0-d-2) prod N(z; mu, Sigma)."""
    size = len(mean)
    inverse = np.linalg.inv(covariance)
    log_determinant = np.linalg.slogdet(covariance)[1]
    apart = mean - prior.mean
    freedom = prior.samples - size - 2.0
    log_normal = -0.5 * (log_determinant + prior.mean_samples * apart @ inverse @ apart)
    log_wishart = -0.5 * (
        (freedom + size + 1.0) * log_determinant + np.trace(prior.scatter @ inverse)
    )
    away = points - mean
    log_data = -0.5 * (len(points) * log_determinant + np.einsum("mi,ij,mj->", away, inverse, away))
    return log_normal + log_wishart + log_data


@pytest.mark.parametrize(("size", "count"), [(1, 4), (2, 3), (3, 6)])
def test_when_searched_for_by_brute_force_expect_the_same_most_likely_gaussian(size, count):
    rng = np.random.default_rng(size)
    points, prior = rng.normal(size=(count, size)) + 1.0, a_prior(rng, size)
    lower = np.tril_indices(size)

    def unpacked(theta):
        factor = np.zeros((size, size))
        factor[lower] = theta[size:]
        return theta[:size], factor @ factor.T + 1e-12 * np.eye(size)

    start = np.concatenate([points.mean(axis=0), np.eye(size)[lower]])
    found = scipy.optimize.minimize(
        lambda theta: -log_posterior(*unpacked(theta), points, prior), start, tol=1e-12
    )
    mean, covariance = unpacked(found.x)
    expected_mean, expected_covariance = posterior(points, prior)
    np.testing.assert_allclose(mean, expected_mean, atol=1e-4)
    np.testing.assert_allclose(covariance, expected_covariance, atol=1e-4)


def test_when_written_out_by_hand_expect_the_same_division_for_every_term():
    """Phi and the term of the means are divided by N + n0 too, as the scatter is."""
    points = np.array([[1.0], [3.0]])
    prior = NormalInverseWishart(np.array([0.0]), np.array([[5.0]]), 2.0, 3.0)
    mean, covariance = posterior(points, prior)
    assert mean[0] == pytest.approx(4.0 / 4.0)
    # N S = 2, Phi = 5, N m / (N + m) d^2 = 1 * 4; all over N + n0 = 5.
    assert covariance[0, 0] == pytest.approx((2.0 + 5.0 + 4.0) / 5.0)


def test_when_there_is_no_prior_expect_the_samples_own_moments():
    points = np.random.default_rng(0).normal(size=(9, 3))
    mean, covariance = posterior(points, None)
    np.testing.assert_allclose(mean, points.mean(axis=0))
    np.testing.assert_allclose(covariance, np.cov(points.T, bias=True))


@given(st.integers(1, 4), st.integers(1, 6), st.integers(0, 10**6))
def test_when_the_prior_counts_for_nothing_or_everything_expect_either_limit(size, count, seed):
    rng = np.random.default_rng(seed)
    points, prior = rng.normal(size=(count, size)), a_prior(rng, size)
    light = NormalInverseWishart(prior.mean, 1e-12 * prior.scatter, 1e-12, 1e-12)
    for found, expected in zip(posterior(points, light), posterior(points, None), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-9)
    heavy = NormalInverseWishart(prior.mean, 1e12 * prior.scatter, 1e12, 1e12)
    mean, covariance = posterior(points, heavy)
    np.testing.assert_allclose(mean, prior.mean, atol=1e-9)
    np.testing.assert_allclose(covariance, prior.scatter, atol=1e-9)


def test_when_points_belong_to_one_cluster_expect_its_moments():
    rng = np.random.default_rng(0)
    mixture = a_mixture(rng)
    apart = GaussianMixture(
        mixture.weights, mixture.means + 1e3 * np.arange(3)[:, None], mixture.covariances
    )
    prior = prior_at(apart, apart.means[1] + 0.1 * rng.normal(size=(5, 2)), 4.0)
    np.testing.assert_allclose(prior.mean, apart.means[1])
    np.testing.assert_allclose(prior.scatter, 4.0 * apart.covariances[1])
    assert (prior.mean_samples, prior.samples) == (4.0, 4.0)


def test_when_points_lie_between_clusters_expect_the_moments_of_the_reweighted_mixture():
    rng = np.random.default_rng(1)
    mixture, points = a_mixture(rng), rng.normal(size=(6, 2))
    prior = prior_at(mixture, points, 1.0)
    weights = mixture.responsibilities(points).mean(axis=0)
    drawn = np.random.default_rng(2)
    which = drawn.choice(3, 200_000, p=weights)
    noise = drawn.normal(size=(200_000, 2, 1))
    samples = (
        mixture.means[which] + (np.linalg.cholesky(mixture.covariances)[which] @ noise)[..., 0]
    )
    np.testing.assert_allclose(prior.mean, samples.mean(axis=0), atol=0.02)
    np.testing.assert_allclose(prior.scatter, np.cov(samples.T), atol=0.06)


def test_when_many_steps_are_asked_for_at_once_expect_each_one_s_result():
    rng = np.random.default_rng(3)
    mixture, points = a_mixture(rng), rng.normal(size=(7, 4, 2))
    together = prior_at(mixture, points, 2.0)
    means, covariances = posterior(points, together)
    for t in range(7):
        alone = prior_at(mixture, points[t], 2.0)
        np.testing.assert_allclose(together.mean[t], alone.mean, rtol=1e-12)
        np.testing.assert_allclose(together.scatter[t], alone.scatter, rtol=1e-12)
        mean, covariance = posterior(points[t], alone)
        np.testing.assert_allclose(means[t], mean, rtol=1e-12)
        np.testing.assert_allclose(covariances[t], covariance, rtol=1e-12)


def test_when_points_have_other_dimensions_than_the_mixture_expect_refusal():
    with pytest.raises(ShapeError, match="dimensions of the points"):
        prior_at(a_mixture(np.random.default_rng(0)), np.zeros((4, 3)), 1.0)
