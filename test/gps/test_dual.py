"""The search for the price of the divergence: scipy, monotony, and everything that goes wrong."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import NonlinearConstraint, minimize
from small_problems import random_controller, random_cost, random_dynamics

from rl_control.errors import TrustRegionError
from rl_control.gps.dual import GREATEST_ETA, LEAST_ETA, improved
from rl_control.gps.expansion import QuadraticCost
from rl_control.gps.kl import best_controller, divergence, expected_cost, forward
from rl_control.models.linear_gaussian import TimeVaryingLinearGaussian
from rl_control.policy.linear_gaussian import LinearGaussianController


@given(seed=st.integers(0, 10**6), bound=st.floats(0.05, 20.0), eta=st.floats(-6.0, 6.0))
def test_when_there_is_a_bound_expect_it_met_to_a_tenth_and_the_cost_lowered(seed, bound, eta):
    rng = np.random.default_rng(seed)
    cost, dynamics, policy = random_cost(rng), random_dynamics(rng), random_controller(rng)
    found = improved(cost, dynamics, policy, bound, 10.0**eta)
    near = divergence(found.controller, policy, forward(found.controller, dynamics)).sum()
    assert near == pytest.approx(found.divergence)
    assert abs(near - bound) <= 0.1 * bound
    assert found.tries <= 50
    before = expected_cost(cost, forward(policy, dynamics))
    assert expected_cost(cost, found.motion) < before


def test_when_scipy_solves_the_constrained_problem_expect_the_same_controller():
    """One joint, two steps: gains, offsets and noise are ten numbers."""
    rng = np.random.default_rng(0)
    cost, dynamics, policy = (
        make(rng, steps=2, n=1) for make in (random_cost, random_dynamics, random_controller)
    )
    found = improved(cost, dynamics, policy, 1.0)

    def controller(y):
        noise = np.exp(y[6:]).reshape(2, 1, 1)
        return LinearGaussianController(("a",), 0.02, y[:4].reshape(2, 1, 2), y[4:6, None], noise)

    def value(y):
        return expected_cost(cost, forward(controller(y), dynamics))

    def near(y):
        one = controller(y)
        return divergence(one, policy, forward(one, dynamics)).sum()

    start = np.concatenate([policy.K.ravel(), policy.k.ravel(), np.log(policy.covariance.ravel())])
    # The search stops within a tenth of the bound; scipy gets the bound that it stopped at.
    limit = NonlinearConstraint(near, -np.inf, found.divergence)
    best = minimize(value, start, method="SLSQP", constraints=[limit], options={"ftol": 1e-12})
    assert value(best.x) == pytest.approx(expected_cost(cost, found.motion), rel=1e-5)
    expected = controller(best.x)
    np.testing.assert_allclose(found.controller.K, expected.K, atol=2e-3)
    np.testing.assert_allclose(found.controller.k, expected.k, atol=2e-3)
    np.testing.assert_allclose(found.controller.covariance, expected.covariance, rtol=5e-3)


def test_when_the_bound_does_not_bind_expect_the_least_price(problem):
    cost, dynamics, policy = problem()
    free = best_controller(cost, dynamics, policy, LEAST_ETA).controller
    apart = divergence(free, policy, forward(free, dynamics)).sum()
    found = improved(cost, dynamics, policy, 10.0 * apart)
    assert found.eta == LEAST_ETA
    np.testing.assert_array_equal(found.controller.K, free.K)


@pytest.mark.parametrize("step", [0, 4])
def test_when_the_cost_is_concave_at_a_step_expect_a_price_at_which_it_no_longer_matters(
    problem, step
):
    """Step 0 is the one that a public implementation took for no failure."""
    cost, dynamics, policy = problem()
    H = cost.H.copy()
    H[step, 4:, 4:] -= 50.0 * np.eye(2)
    cost = replace(cost, H=H)
    assert best_controller(cost, dynamics, policy, 1e-3).failed_step == step
    found = improved(cost, dynamics, policy, 0.5, 1e-3)
    assert best_controller(cost, dynamics, policy, found.eta).failed_step is None
    assert 0.0 < found.divergence <= 0.55
    before = expected_cost(cost, forward(policy, dynamics))
    assert expected_cost(cost, found.motion) < before


def faulty(what, dynamics, cost):
    if what == "NaN in the cost":
        return dynamics, replace(cost, g=np.full_like(cost.g, np.nan))
    if what == "cost without a bottom":
        return dynamics, replace(cost, H=cost.H - 1e18 * np.eye(6))
    if what == "NaN in the dynamics":
        return replace(dynamics, f=np.full_like(dynamics.f, np.nan)), cost
    return replace(dynamics, F=1e60 * dynamics.F), cost


@pytest.mark.parametrize("what", ["NaN in the cost", "cost without a bottom"])
def test_when_the_bound_cannot_be_met_expect_the_cost_blamed(problem, what):
    cost, dynamics, policy = problem()
    dynamics, cost = faulty(what, dynamics, cost)
    with pytest.raises(TrustRegionError, match="cost is to blame"):
        improved(cost, dynamics, policy, 1.0)


@pytest.mark.parametrize("what", ["NaN in the dynamics", "dynamics that run away"])
def test_when_the_bound_cannot_be_met_expect_the_dynamics_blamed(problem, what):
    cost, dynamics, policy = problem()
    dynamics, cost = faulty(what, dynamics, cost)
    with pytest.raises(TrustRegionError, match="dynamics are to blame"):
        improved(cost, dynamics, policy, 1.0)


def test_when_prices_rise_expect_divergences_to_fall(problem):
    cost, dynamics, policy = problem(8)
    apart = []
    for eta in np.logspace(-8, 8, 33):
        one = best_controller(cost, dynamics, policy, eta).controller
        apart.append(divergence(one, policy, forward(one, dynamics)).sum())
    assert (np.diff(apart) < 0.0).all()


def test_when_the_optimum_is_scaled_expect_the_price_scaled_with_the_cost():
    rng = np.random.default_rng(2)
    cost, dynamics, policy = random_cost(rng), random_dynamics(rng), random_controller(rng)
    large = QuadraticCost(
        *(1e6 * getattr(cost, part) for part in ("H", "g", "c", "last_H", "last_g"))
    )
    one, other = improved(cost, dynamics, policy, 1.0), improved(large, dynamics, policy, 1.0, 1e6)
    assert isinstance(dynamics, TimeVaryingLinearGaussian)
    assert 1.0 < other.eta / one.eta / 1e5 < 100.0
    assert GREATEST_ETA > other.eta
