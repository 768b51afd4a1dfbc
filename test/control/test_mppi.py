"""MPPI against the Riccati optimum and the closed form of a quadratic cost; what a NaN is worth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rl_control.control.lqr import finite_horizon
from rl_control.control.mppi import mppi_step, update, weights
from rl_control.control.rollouts import sequence_costs
from rl_control.control.sampling_settings import SamplingConfig
from rl_control.control.search import Range, Search

STEPS, NU = 8, 2
CONFIG = SamplingConfig(method="mppi", samples=200, temperature=0.05, momentum=0.1)


def allowed(bound=100.0):
    return Range(np.full(NU, -bound), np.full(NU, bound), np.zeros(NU))


def start(std=0.1, mean=0.0):
    centre = np.full((STEPS, NU), mean)
    return Search(centre, np.full((STEPS, NU), std), centre[None][:0])


def searched(evaluate, limits, updates=40, seed=0, std=0.1):
    rng, search = np.random.default_rng(seed), start(std)
    for _ in range(updates):
        noise = rng.standard_normal((CONFIG.samples, STEPS, NU))
        search = mppi_step(search, noise, evaluate, limits, CONFIG)
    return search


@pytest.fixture(params=[0, 1, 2])
def regulator(request, linear_quadratic):
    """Costs of control sequences of a linear-quadratic problem, and the least there is."""
    problem, a, b, q, r = linear_quadratic(request.param, 3, NU)
    x, rows = np.array([1.0, -0.5, 0.8]), np.ones((STEPS + 1, 1))
    least = 0.5 * x @ finite_horizon(a, b, q, r, q, STEPS).values[0] @ x

    def evaluate(controls):
        return sequence_costs(problem.model.step, problem.cost, x, controls, rows)

    return evaluate, least


def test_when_the_problem_is_linear_quadratic_expect_the_riccati_cost_within_five_percent(
    regulator,
):
    evaluate, least = regulator
    search = searched(evaluate, allowed())
    assert evaluate(np.zeros((1, STEPS, NU)))[0] > 1.5 * least
    assert least <= evaluate(search.mean[None])[0] < 1.05 * least


def test_when_the_cost_is_quadratic_expect_the_mean_of_the_tilted_normal():
    """N(m, S) exp(-(u - g)' H (u - g) / 2 l) is normal around (S^-1 + H/l)^-1 (S^-1 m + H g/l)."""
    rng = np.random.default_rng(0)
    curvature, target = np.array([[2.0, 0.5], [0.5, 1.0]]), np.array([0.8, -0.4])
    mean, std = np.array([0.1, 0.2]), np.array([0.5, 0.3])
    samples = mean + std * rng.standard_normal((400_000, 1, 2))
    off = samples[:, 0] - target
    costs = 0.5 * (off @ curvature * off).sum(axis=1) - 3.0
    temperature = 0.5
    scale = temperature * (np.median(costs) - costs.min())
    precision = np.diag(std**-2.0)
    expected = np.linalg.solve(
        precision + curvature / scale, precision @ mean + curvature @ target / scale
    )
    search = Search(mean[None], std[None], samples[:0])
    found = update(search, samples, costs, temperature, momentum=0.0)
    np.testing.assert_allclose(found.mean[0], expected, atol=3e-3)
    half = update(search, samples, costs, temperature, momentum=0.5)
    np.testing.assert_allclose(half.mean, 0.5 * (mean + found.mean))
    np.testing.assert_array_equal(found.std, search.std)


def test_when_the_optimum_is_beyond_a_bound_expect_the_bound_and_no_sample_beyond_it():
    tried = []

    def evaluate(samples):
        tried.append(samples)
        return ((samples - np.array([0.7, -0.2])) ** 2).sum(axis=(1, 2))

    search = searched(evaluate, allowed(0.5), updates=150)
    assert np.abs(np.concatenate(tried)).max() <= 0.5
    np.testing.assert_allclose(search.mean, np.tile([0.5, -0.2], (STEPS, 1)), atol=0.05)


def test_when_no_sample_is_better_than_the_mean_expect_it_to_stay_nearly():
    search = start(std=1.0)
    noise = np.random.default_rng(0).standard_normal((50, STEPS, NU))
    found = mppi_step(search, noise, lambda s: (s**2).sum(axis=(1, 2)), allowed(), CONFIG)
    assert np.abs(found.mean).max() < 1e-3


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_when_a_cost_is_nan_or_infinite_expect_it_to_be_the_worst(bad):
    shares = weights(np.array([bad, -5.0, -4.0, bad, -1.0]), 0.1)
    np.testing.assert_array_equal(shares[[0, 3]], 0.0)
    np.testing.assert_array_equal(shares[[1, 2, 4]], weights(np.array([-5.0, -4.0, -1.0]), 0.1))
    samples = np.arange(5.0)[:, None, None] * np.ones((STEPS, NU))
    found = update(start(), samples, np.array([bad, -5.0, -5.0, bad, 1e3]), 0.1, momentum=0.0)
    np.testing.assert_allclose(found.mean, 1.5)
    best = update(start(), samples, np.array([bad, -5.0, -6.0, bad, 1e3]), 0.1, momentum=0.0)
    np.testing.assert_array_equal(best.elites, samples[2:3])


def test_when_no_cost_is_finite_expect_the_distribution_to_stay():
    old = start(mean=1.0)
    new = update(old, np.zeros((5, STEPS, NU)), np.full(5, np.nan), 0.1, momentum=0.0)
    np.testing.assert_array_equal(new.mean, old.mean)
    assert len(new.elites) == 0


@given(
    costs=st.lists(st.floats(-1e3, 1e3), min_size=1, max_size=20),
    scale=st.floats(1e-3, 1e3),
    shift=st.floats(-1e3, 1e3),
)
def test_when_costs_are_scaled_and_shifted_expect_the_same_shares(costs, scale, shift):
    costs = np.round(np.array(costs), 3)  # differences well above rounding errors
    shares = weights(costs, 0.5)
    assert shares.sum() == pytest.approx(1.0)
    assert (np.diff(shares[np.argsort(costs)]) <= 0.0).all()
    np.testing.assert_allclose(weights(scale * costs + shift, 0.5), shares, atol=1e-3)


def test_when_the_seed_is_the_same_expect_the_same_search(regulator):
    evaluate, _ = regulator
    first, again, other = (searched(evaluate, allowed(), 3, seed).mean for seed in (4, 4, 5))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1e-3


def test_when_arrays_are_tensors_expect_the_same_search():
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    noise = np.random.default_rng(0).standard_normal((50, STEPS, NU))
    results = []
    for place in (np.asarray, torch.as_tensor):
        limits = Range(*(place(np.full(NU, bound)) for bound in (-1.0, 1.0, 0.1)))
        mean = place(np.zeros((STEPS, NU)))
        search = Search(mean, place(np.full((STEPS, NU), 0.6)), mean[None][:0])
        found = mppi_step(
            search, place(noise), lambda s: ((s - 0.3) ** 2).sum((1, 2)), limits, CONFIG
        )
        results.append(np.asarray(found.mean))
    np.testing.assert_allclose(*results, rtol=1e-12)
