"""The S-step."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rl_control.errors import DataError, NonFiniteError, PolicyError, ShapeError
from rl_control.policy.demonstrations import Demonstrations, capped, policy_covariance
from rl_control.policy.observation import ObservationLayout
from rl_control.policy.training_settings import PolicyConfig
from rl_control.types import Array

torch = pytest.importorskip("torch")

from rl_control.policy.training import NewPolicy, fit_policy  # noqa: E402

NAMES = ("a", "b")
LAYOUT = ObservationLayout(NAMES, ("position", "velocity"))
NEW = NewPolicy("reach", LAYOUT, 0.02)
QUICK = PolicyConfig(hidden=(16,), epochs=60, batch=64, learning_rate=1e-2)


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


def linear_demonstrations(seed: int = 0, runs: int = 20, ticks: int = 20) -> Demonstrations:
    rng = np.random.default_rng(seed)
    o = rng.normal(size=(runs, ticks, 4))
    gain = np.array([[-3.0, 0.5, -1.0, 0.0], [0.2, -2.0, 0.0, -0.7]])
    return Demonstrations(o, o @ gain.T + 0.3, np.tile(np.eye(2), (runs, ticks, 1, 1)))


def test_when_controls_are_a_function_of_what_is_seen_expect_it_to_be_found() -> None:
    policy = fit_policy(NEW, linear_demonstrations(), QUICK, np.random.default_rng(0)).policy
    other = linear_demonstrations(1).flat()
    found, _ = policy.step(other.observations[:, 0], policy.start(len(other.observations)))
    error = np.abs(found - other.controls[:, 0])
    assert np.median(error) < 0.05 * other.controls.std()


def test_when_two_teachers_disagree_expect_the_more_precise_one_to_win_by_its_precision() -> None:
    o = np.zeros((40, 1, 4))
    u = np.tile([[[1.0, 0.0]], [[0.0, 1.0]]], (20, 1, 1))
    precision = np.zeros((40, 1, 2, 2))
    precision[::2] = np.diag([9.0, 1.0])  # sure of the first control
    precision[1::2] = np.diag([1.0, 4.0])
    config = replace(QUICK, epochs=300, weight_decay=0.0, validation=0.0)
    policy = fit_policy(NEW, Demonstrations(o, u, precision), config, np.random.default_rng(0))
    found, _ = policy.policy.step(np.zeros((1, 4)), policy.policy.start(1))
    np.testing.assert_allclose(found[0], [0.9, 0.8], atol=1e-2)


def test_when_precisions_have_cross_terms_expect_the_closed_form() -> None:
    rng = np.random.default_rng(2)
    u = rng.normal(size=(30, 1, 2))
    roots = rng.normal(size=(30, 1, 2, 2))
    precision = roots @ roots.swapaxes(-1, -2)
    best = np.linalg.solve(precision.sum((0, 1)), (precision @ u[..., None]).sum((0, 1)))[:, 0]
    config = replace(QUICK, epochs=600, batch=30, weight_decay=0.0, validation=0.0)
    demonstrations = Demonstrations(np.zeros((30, 1, 4)), u, precision)
    policy = fit_policy(NEW, demonstrations, config, np.random.default_rng(0)).policy
    np.testing.assert_allclose(
        policy.step(np.zeros((1, 4)), policy.start(1))[0][0], best, atol=1e-2
    )


def test_when_trained_twice_with_one_seed_expect_the_same_policy() -> None:
    fits = [
        fit_policy(NEW, linear_demonstrations(), QUICK, np.random.default_rng(3)) for _ in range(2)
    ]
    o = np.random.default_rng(4).normal(size=(5, 4))
    first, second = (fit.policy.step(o, fit.policy.start(5))[0] for fit in fits)
    np.testing.assert_array_equal(first, second)
    assert fits[0].history == fits[1].history


def test_when_training_goes_on_expect_the_old_units_and_a_lower_loss() -> None:
    first = fit_policy(NEW, linear_demonstrations(), QUICK, np.random.default_rng(0))
    moved = linear_demonstrations(5)
    moved = replace(moved, observations=moved.observations * 2.0, controls=moved.controls * 2.0)
    again = fit_policy(first.policy, moved, QUICK, np.random.default_rng(1))
    np.testing.assert_array_equal(again.policy.normaliser.mean, first.policy.normaliser.mean)
    np.testing.assert_array_equal(again.policy.scale, first.policy.scale)
    cold = fit_policy(NEW, moved, replace(QUICK, epochs=1), np.random.default_rng(1))
    assert again.history[0].loss < cold.history[0].loss


def test_when_the_present_does_not_tell_expect_memory_to_help() -> None:
    """What is wanted is the last but one observation."""
    rng = np.random.default_rng(0)
    o = rng.normal(size=(60, 15, 4))
    wanted = np.concatenate([np.zeros((60, 1, 2)), o[:, :-1, :2]], axis=1)
    demonstrations = Demonstrations(o, wanted, np.tile(np.eye(2), (60, 15, 1, 1)))
    config = replace(QUICK, epochs=80, units=24, sequences=10)
    losses = {}
    for network in ("mlp", "gru"):
        fit = fit_policy(
            NEW, demonstrations, replace(config, network=network), np.random.default_rng(1)
        )
        losses[network] = min(report.validation_loss for report in fit.history)
    assert losses["gru"] < 0.2 * losses["mlp"]


def test_when_a_gru_is_trained_expect_numpy_to_act_as_torch_was_trained() -> None:
    demonstrations = linear_demonstrations()
    config = replace(QUICK, network="gru", units=8, epochs=3, validation=0.0)
    fit = fit_policy(NEW, demonstrations, config, np.random.default_rng(0))
    policy, total = fit.policy, 0.0
    memory = policy.start(demonstrations.runs)
    for t in range(demonstrations.observations.shape[1]):
        u, memory = policy.step(demonstrations.observations[:, t], memory)
        away = (u - demonstrations.controls[:, t]) / np.sqrt((policy.scale**2).mean())
        total += 0.5 * (away**2).mean() / demonstrations.observations.shape[1]
    # The last epoch's mean is of weights on the way; the last weights do a little better.
    assert 0.3 * fit.history[-1].loss < total < 1.1 * fit.history[-1].loss


def test_when_a_gru_is_made_expect_changes_in_units_of_those_it_was_shown() -> None:
    demonstrations = linear_demonstrations()
    o = np.cumsum(demonstrations.observations, axis=1) * [1.0, 0.01, 100.0, 0.0]
    demonstrations = replace(demonstrations, observations=o)
    config = replace(QUICK, network="gru", units=4, epochs=1)
    policy = fit_policy(NEW, demonstrations, config, np.random.default_rng(0)).policy
    sizes = np.sqrt((np.diff(o, axis=1) ** 2).mean(axis=(0, 1)))
    np.testing.assert_allclose(policy.changes[:3], sizes[:3])  # type: ignore[union-attr]
    assert policy.changes[3] == np.inf  # type: ignore[union-attr]


def test_when_runs_have_one_tick_expect_a_gru_that_looks_at_no_change() -> None:
    config = replace(QUICK, network="gru", units=4, epochs=1)
    demonstrations = linear_demonstrations().flat()
    policy = fit_policy(NEW, demonstrations, config, np.random.default_rng(0)).policy
    u, memory = policy.step(np.ones((1, 4)), policy.start(1))
    still, _ = policy.step(np.ones((1, 4)), memory)
    other = memory.copy()
    other[0, 4:8] = -5.0  # the last observation
    np.testing.assert_array_equal(policy.step(np.ones((1, 4)), other)[0], still)
    assert np.isfinite(u).all()


def test_when_the_loss_is_not_finite_expect_a_named_error_and_the_old_policy() -> None:
    policy = fit_policy(NEW, linear_demonstrations(), QUICK, np.random.default_rng(0)).policy
    before = [weight.copy() for weight in policy.weights]  # type: ignore[union-attr]
    huge = linear_demonstrations()
    huge = replace(huge, controls=huge.controls * 1e30)
    with pytest.raises(PolicyError, match="loss became"):
        fit_policy(policy, huge, QUICK, np.random.default_rng(0))
    for old, new in zip(before, policy.weights, strict=True):  # type: ignore[union-attr]
        np.testing.assert_array_equal(old, new)


def test_when_demonstrations_are_unfit_expect_named_errors() -> None:
    good = linear_demonstrations()
    with pytest.raises(NonFiniteError, match="controls"):
        replace(good, controls=np.where(good.controls > 2.0, np.nan, good.controls))
    with pytest.raises(ShapeError, match="precision"):
        replace(good, precision=good.precision[:-1])
    empty = good.where(np.zeros(good.runs, dtype=bool))
    with pytest.raises(DataError, match="there are none"):
        fit_policy(NEW, empty, QUICK, np.random.default_rng(0))


def test_when_demonstrations_are_of_another_policy_expect_a_named_error() -> None:
    policy = fit_policy(NEW, linear_demonstrations(), QUICK, np.random.default_rng(0)).policy
    good = linear_demonstrations()
    narrow = replace(good, observations=good.observations[..., :3])
    single = replace(good, controls=good.controls[..., :1], precision=good.precision[..., :1, :1])
    for start in (NEW, policy):
        with pytest.raises(ShapeError, match="observations"):
            fit_policy(start, narrow, QUICK, np.random.default_rng(0))
        with pytest.raises(ShapeError, match="controls"):
            fit_policy(start, single, QUICK, np.random.default_rng(0))


def test_when_a_few_steps_are_much_more_precise_expect_them_capped() -> None:
    precision = np.tile(np.eye(2), (11, 1, 1))
    precision[3] *= 1e6
    found = capped(precision)
    np.testing.assert_allclose(found[3], 2.0 * np.eye(2))
    np.testing.assert_array_equal(found[4], precision[4])


@given(
    st.lists(st.floats(1e-6, 1e6), min_size=3, max_size=3),
    st.lists(st.floats(1e-3, 10.0), min_size=3, max_size=3),
)
def test_when_precisions_are_any_expect_a_covariance_between_its_bounds(
    sizes: list[float], least: list[float]
) -> None:
    turn = np.linalg.qr(np.random.default_rng(0).normal(size=(3, 3)))[0]
    precision = turn @ np.diag(sizes) @ turn.T
    bound = np.array(least)
    covariance = policy_covariance(precision, 1e-3, bound)
    assert (np.linalg.eigvalsh(covariance) > 0.0).all()
    assert (np.sqrt(np.diag(covariance)) >= bound * (1 - 1e-9)).all()


def test_when_there_is_no_floor_to_speak_of_expect_the_inverse_of_the_mean_precision() -> None:
    rng = np.random.default_rng(0)
    roots = rng.normal(size=(6, 2, 2))
    precision: Array = roots @ roots.swapaxes(-1, -2)
    found = policy_covariance(precision, 0.0, np.full(2, 1e-3))
    np.testing.assert_allclose(found, np.linalg.inv(precision.mean(axis=0)), rtol=1e-6)


def test_when_observations_are_those_of_the_training_expect_them_within_the_bound() -> None:
    demonstrations = linear_demonstrations()
    facts = fit_policy(NEW, demonstrations, QUICK, np.random.default_rng(0)).policy.facts
    inside = facts.seen.distance(demonstrations.observations.reshape(-1, 4))
    assert (inside <= 1.0).mean() > 0.99
    assert facts.seen.distance(np.full((1, 4), 10.0))[0] > 2.0
