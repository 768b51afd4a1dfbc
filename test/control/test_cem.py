"""CEM and iCEM against the Riccati optimum and truncated normals; bounds; what a NaN is worth."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import truncnorm

from rl_control.control.cem import capped, cem_step, cheapest, icem_step, samples_at, update
from rl_control.control.lqr import finite_horizon
from rl_control.control.noise import coloured
from rl_control.control.rollouts import sequence_costs
from rl_control.control.sampling_settings import SamplingConfig
from rl_control.control.search import Range, Search

STEPS, NU = 8, 2
CONFIG = SamplingConfig(samples=500, elites=50, momentum=0.1, kept=0.3, decay=1.25)
METHODS = ("cem", "icem")


def allowed(bound=100.0, least=0.0):
    return Range(np.full(NU, -bound), np.full(NU, bound), np.full(NU, least))


def start(std=1.0, mean=0.0):
    centre = np.full((STEPS, NU), mean)
    return Search(centre, np.full((STEPS, NU), std), centre[None][:0])


def searched(method, evaluate, limits, updates=30, seed=0, config=CONFIG):
    """The search after some updates, and every batch of sequences that was tried."""
    rng, search, tried = np.random.default_rng(seed), start(), []

    def watched(samples):
        tried.append(samples)
        return evaluate(samples)

    for k in range(updates):
        white = rng.standard_normal((config.samples, STEPS, NU))
        if method == "cem":
            search = cem_step(search, white, watched, limits, config)
        else:
            noise = coloured(white, 0.5)
            search = icem_step(search, noise, watched, limits, config, k == updates - 1)
    return search, tried


@pytest.fixture(params=[0, 1, 2])
def regulator(request, linear_quadratic):
    """Costs of control sequences of a linear-quadratic problem, and the least there is."""
    problem, a, b, q, r = linear_quadratic(request.param, 3, NU)
    x, rows = np.array([1.0, -0.5, 0.8]), np.ones((STEPS + 1, 1))
    least = 0.5 * x @ finite_horizon(a, b, q, r, q, STEPS).values[0] @ x

    def evaluate(controls):
        return sequence_costs(problem.model.step, problem.cost, x, controls, rows)

    return evaluate, least


@pytest.mark.parametrize("method", METHODS)
def test_when_the_problem_is_linear_quadratic_expect_the_riccati_cost_within_two_percent(
    regulator, method
):
    evaluate, least = regulator
    search, _ = searched(method, evaluate, allowed())
    assert evaluate(np.zeros((1, STEPS, NU)))[0] > 1.5 * least
    assert least <= evaluate(search.mean[None])[0] < 1.02 * least
    assert least <= evaluate(search.elites[:1])[0] < 1.02 * least


@pytest.mark.parametrize("method", METHODS)
def test_when_the_optimum_is_beyond_a_bound_expect_the_bound_and_no_sample_beyond_it(method):
    target = np.tile([0.7, -0.2], (STEPS, 1))

    def evaluate(samples):
        return ((samples - target) ** 2).sum(axis=(1, 2))

    search, tried = searched(method, evaluate, allowed(0.5))
    assert np.abs(np.concatenate(tried)).max() <= 0.5
    assert np.abs(search.mean).max() <= 0.5
    np.testing.assert_allclose(search.mean, np.tile([0.5, -0.2], (STEPS, 1)), atol=0.02)


def test_when_the_cost_is_linear_expect_the_moments_of_a_truncated_normal():
    """The cheapest share p of normal samples is the part below the p-quantile."""
    count, share = 200_000, 0.1
    noise = np.random.default_rng(0).standard_normal((count, 1, 1))
    search = Search(np.array([[2.0]]), np.array([[0.5]]), noise[:0])
    samples = search.mean + search.std * noise
    found = update(search, samples, samples[:, 0, 0], int(share * count), momentum=0.0)
    expected = truncnorm(-np.inf, -1.2815515655446004, loc=2.0, scale=0.5)
    assert found.mean.item() == pytest.approx(expected.mean(), abs=5e-3)
    assert found.std.item() == pytest.approx(expected.std(), abs=5e-3)


def test_when_there_is_momentum_expect_old_and_new_moments_mixed():
    samples = np.random.default_rng(0).normal(size=(50, STEPS, NU))
    costs = samples[:, 0, 0]
    old = start(std=3.0, mean=-1.0)
    new = update(old, samples, costs, 10, momentum=0.0)
    mixed = update(old, samples, costs, 10, momentum=0.25)
    np.testing.assert_allclose(mixed.mean, 0.25 * old.mean + 0.75 * new.mean)
    np.testing.assert_allclose(mixed.std**2, 0.25 * old.std**2 + 0.75 * new.std**2)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_when_a_cost_is_nan_or_infinite_expect_it_to_be_the_worst(bad):
    samples = np.arange(6.0)[:, None, None] * np.ones((STEPS, NU))
    costs = np.array([bad, -5.0, 3.0, bad, -7.0, 1e300])
    best = cheapest(samples, costs, 3)
    assert best[:, 0, 0].tolist() == [4.0, 1.0, 2.0]
    assert cheapest(samples, costs, 6)[:, 0, 0].tolist() == [4.0, 1.0, 2.0, 5.0]
    kept = update(start(), samples, costs, 6, momentum=0.0)
    assert kept.mean == pytest.approx(np.full((STEPS, NU), 3.0))


def test_when_no_cost_is_finite_expect_the_distribution_to_stay():
    old = start(std=2.0, mean=1.0)
    new = update(old, np.zeros((5, STEPS, NU)), np.full(5, np.nan), 3, momentum=0.0)
    np.testing.assert_array_equal(new.mean, old.mean)
    np.testing.assert_array_equal(new.std, old.std)
    assert len(new.elites) == 0


@given(
    mean=st.floats(-1.0, 1.0), std=st.floats(0.0, 5.0), least=st.floats(0.0, 0.3)
)  # fmt: skip
def test_when_capped_expect_twice_the_deviation_within_the_nearer_bound(mean, std, least):
    limits = Range(np.array([-1.0]), np.array([1.0]), np.array([least]))
    found = capped(np.array([[mean]]), np.array([[std]]), limits).item()
    room = min(1.0 - mean, mean + 1.0)
    assert found == pytest.approx(max(min(std, room / 2.0), least))


def test_when_the_deviation_falls_below_the_least_expect_the_least_in_the_samples():
    for method in METHODS:
        _, tried = searched(
            method, lambda s: (s**2).sum(axis=(1, 2)), allowed(10.0, 0.2), updates=40
        )
        spread = tried[-1][: CONFIG.samples].std(axis=0)
        np.testing.assert_allclose(spread, 0.2, rtol=0.25)


def test_when_icem_goes_on_expect_its_best_never_to_worsen():
    rng = np.random.default_rng(0)
    target = rng.normal(size=(STEPS, NU))
    search, best = start(), np.inf
    for _ in range(10):
        noise = rng.standard_normal((12, STEPS, NU))
        search = icem_step(
            search, noise, lambda s: ((s - target) ** 2).sum(axis=(1, 2)), allowed(),
            replace(CONFIG, elites=5), last=False,
        )  # fmt: skip
        cost = ((search.elites[0] - target) ** 2).sum()
        assert cost <= best
        best = cost


def test_when_icem_starts_its_last_update_expect_elites_and_mean_among_those_tried():
    elites = np.random.default_rng(1).normal(size=(50, STEPS, NU))
    search, seen = replace(start(mean=0.5), elites=elites), []

    def evaluate(samples):
        seen.append(samples)
        return samples.sum(axis=(1, 2))

    noise = np.random.default_rng(2).standard_normal((30, STEPS, NU))
    for last in (False, True):
        icem_step(search, noise, evaluate, allowed(), CONFIG, last)
    assert [len(samples) for samples in seen] == [45, 46]
    np.testing.assert_array_equal(seen[1][30:45], elites[:15])
    np.testing.assert_array_equal(seen[1][45], search.mean)


def test_when_icem_goes_on_expect_fewer_samples_but_twice_the_elites():
    config = SamplingConfig(samples=100, elites=10, decay=2.0)
    assert [samples_at(k, config) for k in range(5)] == [100, 50, 25, 20, 20]


@pytest.mark.parametrize("method", METHODS)
def test_when_the_seed_is_the_same_expect_the_same_search(regulator, method):
    evaluate, _ = regulator
    first, again, other = (
        searched(method, evaluate, allowed(), updates=3, seed=seed)[0].mean for seed in (4, 4, 5)
    )
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1e-3


@pytest.mark.parametrize("method", METHODS)
def test_when_arrays_are_tensors_expect_the_same_search(method):
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    elites, noise = rng.normal(size=(20, STEPS, NU)), rng.standard_normal((50, STEPS, NU))
    results = []
    for place in (np.asarray, torch.as_tensor):
        limits = Range(*(place(np.full(NU, bound)) for bound in (-1.0, 1.0, 0.1)))
        search = Search(
            place(np.zeros((STEPS, NU))), place(np.full((STEPS, NU), 0.6)), place(elites)
        )
        arguments = (search, place(noise), lambda s: ((s - 0.3) ** 2).sum((1, 2)), limits, CONFIG)
        found = cem_step(*arguments) if method == "cem" else icem_step(*arguments, last=True)
        results.append([np.asarray(part) for part in (found.mean, found.std, found.elites)])
    for one, other in zip(*results, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12)
