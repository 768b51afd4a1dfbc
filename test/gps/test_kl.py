"""The best controller near a policy, and divergences: against Riccati, scipy and Monte Carlo."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import multivariate_normal
from small_problems import drawn, random_controller, random_cost, random_dynamics

from rl_control.control.lqr import finite_horizon
from rl_control.gps.kl import best_controller, divergence, expected_cost, forward


def objective(cost, dynamics, policy, controller, eta, entropy_weight):
    motion = forward(controller, dynamics)
    nu = controller.nu
    entropy = 0.5 * np.linalg.slogdet(2 * np.pi * np.e * controller.covariance)[1].sum()
    assert entropy == pytest.approx(
        sum(multivariate_normal(np.zeros(nu), C).entropy() for C in controller.covariance)
    )
    near = divergence(controller, policy, motion).sum()
    return expected_cost(cost, motion) + eta * near - entropy_weight * entropy


@given(seed=st.integers(0, 10**6), eta=st.floats(0.05, 50.0), weight=st.sampled_from([0.0, 0.7]))
def test_when_the_best_controller_is_changed_in_any_way_expect_the_objective_to_rise(
    seed, eta, weight
):
    rng = np.random.default_rng(seed)
    cost, dynamics, policy = random_cost(rng), random_dynamics(rng), random_controller(rng)
    best = best_controller(cost, dynamics, policy, eta, weight).controller
    least = objective(cost, dynamics, policy, best, eta, weight)
    for part in ("K", "k", "covariance"):
        value = getattr(best, part)
        change = rng.normal(size=value.shape)
        if part == "covariance":
            change = 0.1 * value @ (change + change.swapaxes(1, 2)) @ value / np.abs(value).max()
        step = 1e-3
        up, down = (
            objective(
                cost, dynamics, policy, replace(best, **{part: value + s * change}), eta, weight
            )
            for s in (step, -step)
        )
        assert up > least - 1e-9
        assert down > least - 1e-9
        # Stationary: the slope is of second order in the step.
        assert abs(up - down) < 0.05 * ((up - least) + (down - least)) + 1e-8


def test_when_the_divergence_costs_nothing_expect_the_regulator_of_riccati():
    rng = np.random.default_rng(3)
    dynamics, policy = random_dynamics(rng), random_controller(rng)
    cost = random_cost(rng)
    cost = replace(cost, g=np.zeros_like(cost.g), last_g=np.zeros_like(cost.last_g))
    dynamics = replace(dynamics, f=np.zeros_like(dynamics.f))
    nx, H = dynamics.nx, cost.H
    lqr = finite_horizon(
        dynamics.F[:, :, :nx], dynamics.F[:, :, nx:], H[:, :nx, :nx], H[:, nx:, nx:], cost.last_H,
        cost.steps, cross=H[:, nx:, :nx],
    )  # fmt: skip
    eta = 1e-8
    best = best_controller(cost, dynamics, policy, eta).controller
    np.testing.assert_allclose(best.K, lqr.gains, atol=1e-6)
    np.testing.assert_allclose(best.k, 0.0, atol=1e-6)
    for t in range(cost.steps):
        B = dynamics.F[t, :, nx:]
        Quu = H[t, nx:, nx:] + B.T @ lqr.values[t + 1] @ B
        np.testing.assert_allclose(best.covariance[t] / eta, np.linalg.inv(Quu), rtol=1e-5)


def test_when_the_divergence_is_dear_expect_the_policy_itself(problem):
    cost, dynamics, policy = problem()
    best = best_controller(cost, dynamics, policy, 1e12).controller
    for part in ("K", "k", "covariance"):
        np.testing.assert_allclose(getattr(best, part), getattr(policy, part), atol=1e-9)


def test_when_entropy_is_worth_something_expect_noise_in_proportion_at_no_price(problem):
    cost, dynamics, policy = problem()
    some = best_controller(cost, dynamics, policy, 1e-8, 0.5).controller
    more = best_controller(cost, dynamics, policy, 1e-8, 1.0).controller
    np.testing.assert_allclose(more.covariance, 2.0 * some.covariance, rtol=1e-5)
    np.testing.assert_allclose(more.K, some.K, atol=1e-6)


@pytest.mark.parametrize("step", [0, 3])
def test_when_a_step_has_no_best_action_expect_its_number_even_if_it_is_0(problem, step):
    cost, dynamics, policy = problem()
    H = cost.H.copy()
    H[step, 4:, 4:] -= 1e6 * np.eye(2)
    found = best_controller(replace(cost, H=H), dynamics, policy, 1.0)
    assert found.controller is None
    assert found.failed_step is not None
    assert found.failed_step == step


def test_when_motions_are_drawn_expect_the_moments_and_the_cost_that_were_foretold(problem):
    cost, dynamics, policy = problem(5)
    count, rng = 200_000, np.random.default_rng(0)
    x, u = drawn(policy, dynamics, count, rng)
    motion = forward(policy, dynamics)
    z = np.concatenate([x[:, :-1], u], axis=2)
    deviation = np.sqrt(np.diagonal(motion.covariance, axis1=1, axis2=2))
    assert (np.abs(z.mean(axis=0) - motion.mean) < 5.0 * deviation / np.sqrt(count)).all()
    scale = deviation[:, :, None] * deviation[:, None, :]
    for t in range(policy.steps):
        off = np.cov(z[:, t].T) - motion.covariance[t]
        assert (np.abs(off) < 5.0 * np.sqrt(2.0 / count) * scale[t]).all()
    np.testing.assert_allclose(x[:, -1].mean(axis=0), motion.last_mean, atol=0.01)
    np.testing.assert_allclose(np.cov(x[:, -1].T), motion.last_covariance, atol=0.02)
    each = (
        0.5 * np.einsum("mti,tij,mtj->m", z, cost.H, z)
        + np.einsum("mti,ti->m", z, cost.g)
        + 0.5 * np.einsum("mi,ij,mj->m", x[:, -1], cost.last_H, x[:, -1])
        + x[:, -1] @ cost.last_g
        + cost.c.sum()
    )
    error = each.std() / np.sqrt(count)
    assert abs(each.mean() - expected_cost(cost, motion)) < 5.0 * error


def test_when_actions_are_drawn_expect_the_mean_log_ratio_as_divergence(problem):
    _, dynamics, p = problem(1)
    q = random_controller(np.random.default_rng(9), noise=0.6)
    count = 100_000
    x, u = drawn(p, dynamics, count, np.random.default_rng(0))
    found = divergence(p, q, forward(p, dynamics))
    for t in range(p.steps):
        ratio = np.zeros(count)
        for sign, one in ((1.0, p), (-1.0, q)):
            away = u[:, t] - x[:, t] @ one.K[t].T - one.k[t]
            ratio += sign * multivariate_normal(np.zeros(2), one.covariance[t]).logpdf(away)
        assert abs(ratio.mean() - found[t]) < 5.0 * ratio.std() / np.sqrt(count)


def test_when_a_controller_is_compared_with_itself_expect_zero_and_not_half_its_actions(problem):
    """A wrong sign of nu / 2 would give the number of actions, or its negative."""
    _, dynamics, p = problem(2)
    np.testing.assert_allclose(divergence(p, p, forward(p, dynamics)), 0.0, atol=1e-12)


def test_when_noise_alone_differs_expect_the_divergence_of_gaussians(problem):
    _, dynamics, p = problem(2)
    q = replace(p, covariance=4.0 * p.covariance)
    expected = 0.5 * (2 / 4.0 - 2 + 2 * np.log(4.0))
    np.testing.assert_allclose(divergence(p, q, forward(p, dynamics)), expected)


def test_when_the_policy_s_noise_changes_in_time_expect_each_step_judged_by_its_own(problem):
    _, dynamics, p = problem(4)
    q = random_controller(np.random.default_rng(7))
    motion, louder = forward(p, dynamics), q.covariance.copy()
    louder[2] *= 3.0
    before = divergence(p, q, motion)
    after = divergence(p, replace(q, covariance=louder), motion)
    changed = np.abs(after - before) > 1e-12
    np.testing.assert_array_equal(changed, np.arange(p.steps) == 2)


@given(seed=st.integers(0, 10**6))
def test_when_any_two_controllers_are_compared_expect_no_negative_divergence(seed):
    rng = np.random.default_rng(seed)
    dynamics, p, q = random_dynamics(rng), random_controller(rng), random_controller(rng)
    assert (divergence(p, q, forward(p, dynamics)) > 0.0).all()
