"""A linearised policy: recovered where it is linear, and with its noise step by step."""

import numpy as np
import pytest
from small_problems import spd

from rl_control.errors import ShapeError
from rl_control.gps.policy_fit import PolicyFitConfig, linearised_policy, states_about
from rl_control.models.mixture import fit_mixture

STEPS, NX, NU = 12, 4, 2
NAMES = ("a", "b")
QUIET = 1e-4 * np.eye(NU)


def linear(count, seed=0, spread=0.1):
    """States around a moving mean, and what a linear policy does there."""
    rng = np.random.default_rng(seed)
    K, k = np.random.default_rng(99).normal(size=(2, NU, NX))[0], np.array([0.3, -0.2])
    middle = np.linspace(0.0, 1.0, STEPS)[:, None] * np.array([1.0, -0.5, 0.2, 0.4])
    states = middle + spread * rng.normal(size=(count, STEPS, NX))
    return states, states @ K.T + k, K, k


def fit(states, actions, covariance=QUIET, prior=None, **settings):
    config = PolicyFitConfig(**settings)
    return linearised_policy(states, actions, covariance, prior, config, names=NAMES, dt=0.02)


def mixture(states, actions):
    points = np.concatenate([states, actions], axis=2).reshape(-1, NX + NU)
    return fit_mixture(points, np.random.default_rng(0)).mixture


def test_when_the_policy_is_linear_expect_it_back_with_its_own_noise():
    states, actions, K, k = linear(30)
    found = fit(states, actions, 0.5 * np.eye(NU), ridge=1e-12)
    np.testing.assert_allclose(found.K, np.tile(K, (STEPS, 1, 1)), atol=1e-6)
    np.testing.assert_allclose(found.k, np.tile(k, (STEPS, 1)), atol=1e-6)
    np.testing.assert_allclose(
        found.covariance, np.tile(0.5 * np.eye(NU), (STEPS, 1, 1)), atol=1e-6
    )


def test_when_there_are_fewer_samples_than_unknowns_expect_the_prior_to_make_up_for_them():
    states, actions, K, _ = linear(3)
    prior = mixture(*linear(20, seed=1)[:2])
    with_prior, without = fit(states, actions, prior=prior), fit(states, actions)
    error, alone = np.abs(with_prior.K - K).mean(), np.abs(without.K - K).mean()
    assert error < 0.1 * alone
    assert error < 0.01


def test_when_the_policy_bends_expect_what_a_line_leaves_in_the_covariance():
    states, _, _, _ = linear(500, spread=1.0)
    actions = np.stack([states[..., 0] ** 2, np.zeros(states.shape[:2])], axis=2)
    found = fit(states, actions, 1e-6 * np.eye(NU))
    # The square of a unit normal has the variance 2, and is not correlated with it.
    assert found.covariance[:, 0, 0].mean() == pytest.approx(2.0, rel=0.2)
    assert found.covariance[:, 1, 1].max() < 1e-5


def test_when_the_policy_s_noise_changes_in_time_expect_each_step_s_own_and_not_their_mean():
    states, actions, _, _ = linear(30)
    noise = spd(np.random.default_rng(3), STEPS, NU, NU)
    found = fit(states, actions, noise)
    np.testing.assert_allclose(found.covariance, noise, atol=1e-4)
    assert np.abs(found.covariance - noise.mean(axis=0)).max() > 0.1


def test_when_a_joint_never_moves_expect_finite_gains_and_positive_noise():
    states, actions, _, _ = linear(5)
    states[..., 3] = 0.0
    actions[..., 1] = 0.0
    found = fit(states, actions, 1e-4 * np.eye(NU), mixture(states, actions))
    assert np.isfinite(found.K).all()
    np.linalg.cholesky(found.covariance)


def test_when_shapes_do_not_fit_expect_refusal():
    states, actions, _, _ = linear(5)
    with pytest.raises(ShapeError, match="policy: actions"):
        fit(states, actions[:, 1:])
    with pytest.raises(ShapeError, match="dimensions of the prior"):
        fit(states, actions, prior=mixture(states, actions).marginal(5))


@pytest.mark.parametrize("wider", [1.0, 5.0])
def test_when_states_are_drawn_about_motions_expect_their_mean_and_scatter(wider):
    rng = np.random.default_rng(0)
    factor = rng.normal(size=(NX, NX))
    middle = np.linspace(0.0, 1.0, STEPS)[:, None] * np.array([1.0, -0.5, 0.2, 0.4])
    states = middle + rng.normal(size=(400, STEPS, NX)) @ factor.T
    found = states_about(states, 4000, rng, wider)
    assert found.shape == (4000, STEPS, NX)
    spread = wider * np.sqrt(np.trace(factor @ factor.T))
    np.testing.assert_allclose(found.mean(axis=0), states.mean(axis=0), atol=0.1 * spread)
    wanted = wider**2 * factor @ factor.T
    for t in (0, 6, STEPS - 1):
        np.testing.assert_allclose(np.cov(found[:, t].T), wanted, atol=0.15 * np.trace(wanted))


def test_when_motions_are_few_expect_states_drawn_in_every_direction():
    """Two motions differ in one direction a step; a line through them is no plane."""
    rng = np.random.default_rng(0)
    states = rng.normal(size=(2, STEPS, NX))
    found = states_about(states, 500, rng)
    for t in range(STEPS):
        values = np.linalg.eigvalsh(np.cov(found[:, t].T))
        assert values[0] > 1e-3 * values[-1]


def test_when_a_policy_is_asked_in_more_states_expect_slopes_that_few_motions_do_not_tell():
    states, _, K, _ = linear(3)
    more = states_about(states, 25, np.random.default_rng(0))
    all_states = np.concatenate([states, more])
    k = np.array([0.3, -0.2])
    found = fit(all_states, all_states @ K.T + k, ridge=1e-10)
    np.testing.assert_allclose(found.K, np.tile(K, (STEPS, 1, 1)), atol=1e-4)
