"""Mixtures of Gaussians: what EM promises, what it recovers, and another implementation."""

import numpy as np
import pytest
import scipy.stats
from hypothesis import given
from hypothesis import strategies as st

from rl_control.errors import DataError, NonFiniteError, ShapeError
from rl_control.models.mixture import (
    GaussianMixture,
    MixtureConfig,
    fit_mixture,
    has_converged,
)

TWO = MixtureConfig(most_clusters=2)
EXACT = MixtureConfig(most_clusters=2, tolerance=1e-12, iterations=5000, floor=1e-12)


def truth():
    """Two clusters of unlike shape and weight in the plane."""
    return GaussianMixture(
        weights=np.array([0.3, 0.7]),
        means=np.array([[-2.0, 1.0], [1.5, 0.0]]),
        covariances=np.array([[[0.5, 0.2], [0.2, 0.3]], [[1.0, -0.6], [-0.6, 0.8]]]),
    )


def drawn(mixture, size, seed=0):
    rng = np.random.default_rng(seed)
    which = rng.choice(mixture.clusters, size, p=mixture.weights)
    factors = np.linalg.cholesky(mixture.covariances)
    noise = rng.normal(size=(size, mixture.size))
    return mixture.means[which] + (factors[which] @ noise[..., None])[..., 0]


def sorted_by_place(mixture):
    order = mixture.means[:, 0].argsort()
    return mixture.weights[order], mixture.means[order], mixture.covariances[order]


def rng():
    return np.random.default_rng(3)


def test_when_densities_are_asked_for_expect_those_of_scipy():
    mixture, points = truth(), drawn(truth(), 20)
    joint = np.stack(
        [
            weight * scipy.stats.multivariate_normal(mean, covariance).pdf(points)
            for weight, mean, covariance in zip(
                mixture.weights, mixture.means, mixture.covariances, strict=True
            )
        ],
        axis=1,
    )
    np.testing.assert_allclose(mixture.log_joint(points), np.log(joint), atol=1e-12)
    np.testing.assert_allclose(mixture.log_density(points), np.log(joint.sum(axis=1)), atol=1e-12)
    np.testing.assert_allclose(
        mixture.responsibilities(points), joint / joint.sum(axis=1, keepdims=True), atol=1e-12
    )


def test_when_a_point_is_far_from_every_cluster_expect_finite_responsibilities():
    far = np.array([[1e6, -1e6]])
    shares = truth().responsibilities(far)
    assert np.isfinite(truth().log_density(far)).all()
    assert shares.sum() == pytest.approx(1.0)


def test_when_coordinates_are_dropped_expect_the_marginal_density():
    mixture = truth()
    grid = np.linspace(-30.0, 30.0, 6001)
    plane = np.stack([np.full_like(grid, 0.4), grid], axis=1)
    whole = np.trapezoid(np.exp(mixture.log_density(plane)), grid)
    alone = np.exp(mixture.marginal(1).log_density(np.array([[0.4]])))
    assert alone[0] == pytest.approx(whole, rel=1e-9)


def test_when_data_come_from_a_mixture_expect_its_parameters():
    size = 20000
    fit = fit_mixture(drawn(truth(), size), rng(), EXACT)
    assert fit.converged
    # Standard errors are below 1 / sqrt(0.3 * 20000) = 0.013 for every entry.
    for found, expected in zip(sorted_by_place(fit.mixture), sorted_by_place(truth()), strict=True):
        np.testing.assert_allclose(found, expected, atol=0.06)


def test_when_the_fit_ends_expect_another_implementation_to_agree():
    other = pytest.importorskip("sklearn.mixture")
    points = drawn(truth(), 500)
    fit = fit_mixture(points, rng(), EXACT)
    peer = other.GaussianMixture(
        2, tol=1e-13, max_iter=5000, reg_covar=1e-12, n_init=3, random_state=0
    ).fit(points)
    theirs = GaussianMixture(peer.weights_, peer.means_, peer.covariances_)
    for found, expected in zip(sorted_by_place(fit.mixture), sorted_by_place(theirs), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-4)
    assert fit.log_likelihoods[-1] == pytest.approx(peer.score(points), abs=1e-9)


@pytest.mark.parametrize("seed", range(5))
def test_when_em_iterates_expect_the_log_likelihood_never_to_fall(seed):
    points = np.random.default_rng(seed).normal(size=(400, 3)) ** 3
    config = MixtureConfig(most_clusters=6, tolerance=0.0, iterations=60, floor=1e-10)
    fit = fit_mixture(points, np.random.default_rng(seed), config)
    assert len(fit.log_likelihoods) > 2
    assert np.diff(fit.log_likelihoods).min() > -1e-6
    assert fit.log_likelihoods[-1] > fit.log_likelihoods[0]
    assert fit.log_likelihoods[-1] == pytest.approx(fit.mixture.log_density(points).mean())


def test_when_iterations_run_out_expect_the_last_value_to_be_the_mixture_s():
    points = drawn(truth(), 300)
    fit = fit_mixture(points, rng(), MixtureConfig(most_clusters=2, iterations=1, tolerance=0.0))
    assert not fit.converged
    assert len(fit.log_likelihoods) == 2
    assert fit.log_likelihoods[-1] == pytest.approx(fit.mixture.log_density(points).mean())


def test_when_the_log_likelihood_is_negative_expect_the_fit_to_end_all_the_same():
    """Dividing the change by the signed value would compare a negative number, or never end."""
    wide = 1e3 * drawn(truth(), 1000)
    narrow = 1e-3 * drawn(truth(), 1000)
    below, above = fit_mixture(wide, rng(), TWO), fit_mixture(narrow, rng(), TWO)
    assert below.log_likelihoods[-1] < -10.0 < 10.0 < above.log_likelihoods[-1]
    assert below.converged
    assert above.converged
    # Units change nothing: the same number of iterations and the same clusters.
    assert len(below.log_likelihoods) == len(above.log_likelihoods) < TWO.iterations
    np.testing.assert_allclose(below.mixture.means, 1e6 * above.mixture.means, rtol=1e-6)


def test_when_a_likelihood_still_moves_expect_no_convergence_whatever_its_sign():
    for sign in (-1.0, 1.0):
        assert has_converged(sign * 50.0, sign * 50.0 + 0.004, 1e-4)
        assert not has_converged(sign * 50.0, sign * 50.0 + 0.006, 1e-4)
        assert not has_converged(sign * 50.0, sign * 50.0 - 0.006, 1e-4)
    assert has_converged(-5e-5, 4e-5, 1e-4)


def test_when_started_from_a_fitted_mixture_expect_few_iterations_to_the_same_place():
    points = drawn(truth(), 2000)
    cold = fit_mixture(points[:1000], rng(), TWO)
    warm = fit_mixture(points, rng(), TWO, start=cold.mixture)
    afresh = fit_mixture(points, rng(), TWO)
    assert warm.converged
    assert len(warm.log_likelihoods) < len(afresh.log_likelihoods)
    assert warm.log_likelihoods[-1] == pytest.approx(afresh.log_likelihoods[-1], abs=5e-3)
    assert warm.log_likelihoods[0] == pytest.approx(cold.mixture.log_density(points).mean())


def test_when_more_samples_earn_more_clusters_expect_the_start_to_be_passed_over():
    points = drawn(truth(), 400)
    few = fit_mixture(points[:80], rng())
    many = fit_mixture(points, rng(), start=few.mixture)
    assert (few.mixture.clusters, many.mixture.clusters) == (2, 10)


def test_when_a_cluster_is_empty_expect_it_to_take_a_side_of_the_fullest():
    points = drawn(truth(), 1000)
    lost = GaussianMixture(
        np.array([0.5, 0.5]),
        np.array([[0.0, 0.0], [1e3, 1e3]]),
        np.tile(4.0 * np.eye(2), (2, 1, 1)),
    )
    assert lost.responsibilities(points)[:, 1].sum() < 1e-6
    fit = fit_mixture(points, rng(), EXACT, start=lost)
    for found, expected in zip(sorted_by_place(fit.mixture), sorted_by_place(truth()), strict=True):
        np.testing.assert_allclose(found, expected, atol=0.3)


@pytest.mark.parametrize("kinds", [1, 2, 3])
def test_when_samples_repeat_themselves_expect_a_finite_mixture_of_full_rank(kinds):
    points = np.repeat(np.random.default_rng(0).normal(size=(kinds, 3)), 60, axis=0)
    fit = fit_mixture(points, rng(), MixtureConfig(most_clusters=4))
    assert fit.converged
    assert np.isfinite(fit.log_likelihoods).all()
    assert fit.mixture.weights.sum() == pytest.approx(1.0)
    assert (np.linalg.eigvalsh(fit.mixture.covariances) > 0.0).all()


def test_when_a_coordinate_is_constant_expect_the_floor_to_carry_it():
    points = np.hstack([drawn(truth(), 200), np.full((200, 1), 7.0)])
    fit = fit_mixture(points, rng(), TWO)
    np.testing.assert_allclose(fit.mixture.means[:, 2], 7.0)
    np.testing.assert_allclose(fit.mixture.covariances[:, 2, 2], TWO.floor)


@pytest.mark.parametrize(
    ("samples", "clusters"), [(1, 2), (79, 2), (120, 3), (159, 3), (800, 20), (10**6, 20)]
)
def test_when_samples_are_counted_expect_one_cluster_for_every_forty_within_bounds(
    samples, clusters
):
    assert MixtureConfig().clusters(samples) == clusters


@given(st.integers(2, 60), st.integers(1, 6), st.integers(0, 10**6))
def test_when_data_have_any_shape_expect_a_proper_mixture(samples, size, seed):
    random = np.random.default_rng(seed)
    points = random.normal(size=(samples, size)) * 10.0 ** random.uniform(-4, 4, size)
    config = MixtureConfig(samples_per_cluster=15, iterations=20)
    mixture = fit_mixture(points, random, config).mixture
    assert mixture.clusters == config.clusters(samples)
    assert mixture.weights.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(mixture.covariances, mixture.covariances.swapaxes(1, 2), rtol=1e-12)
    np.linalg.cholesky(mixture.covariances)
    # Every M-step keeps the mean of the data.
    spread = points.std(axis=0)
    np.testing.assert_allclose(
        mixture.weights @ mixture.means / spread, points.mean(axis=0) / spread, atol=1e-8
    )


def test_when_data_cannot_be_used_expect_refusal():
    points = drawn(truth(), 100)
    with pytest.raises(DataError, match="1 samples for 2 clusters"):
        fit_mixture(points[:1], rng())
    points[3, 1] = np.nan
    with pytest.raises(NonFiniteError, match=r"\[3, 1\]"):
        fit_mixture(points, rng())
    with pytest.raises(ShapeError, match="dimensions of the start"):
        fit_mixture(np.zeros((100, 3)), rng(), TWO, start=truth())
    with pytest.raises(ShapeError, match="mixture: weights"):
        GaussianMixture(np.ones(3), truth().means, truth().covariances)
