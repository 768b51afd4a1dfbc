"""The trainer as a whole, on a small arm's own equations; and its state in files."""

from __future__ import annotations

import dataclasses
from dataclasses import replace

import numpy as np
import pytest

from rl_control.config import validate
from rl_control.errors import DataError, NonFiniteError, PolicyError
from rl_control.gps.episode import Episode
from rl_control.gps.mdgps import is_converged, mdgps_iteration, start_mdgps
from rl_control.gps.settings import MdgpsConfig
from rl_control.gps.store import load_state, save_state
from rl_control.policy.linear_gaussian import LinearGaussianController
from rl_control.policy.training import fit_policy
from rl_control.policy.training_settings import PolicyConfig
from rl_control.types import Pose

SHIFTS = (np.array([0.25, -0.15]), np.array([-0.2, 0.25]))


@pytest.fixture(autouse=True, scope="module")
def one_thread():
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def config():
    config = MdgpsConfig(
        samples=4, policy=PolicyConfig(hidden=(24, 24), epochs=60, batch=64, floor=0.05)
    )
    validate(config)
    return config


@pytest.fixture(scope="module")
def run(small, collect, config):
    """States 0 to 4 and the metrics in between."""
    state = start_mdgps(small, [small.task.condition(shift) for shift in SHIFTS], config)
    states, told = [state], []
    for number in range(4):
        state, metrics = mdgps_iteration(
            state, small, collect, config, np.random.default_rng([0, number])
        )
        states.append(state)
        told.append(metrics)
    return states, told


def same(one, other):
    """Whether two states are the same to the bit."""
    if isinstance(one, np.ndarray):
        return np.array_equal(one, other, equal_nan=True)
    if dataclasses.is_dataclass(one):
        return type(one) is type(other) and all(
            same(getattr(one, f.name), getattr(other, f.name)) for f in dataclasses.fields(one)
        )
    if isinstance(one, tuple):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    return one == other or (one != one and other != other)


def test_when_trained_expect_the_cost_lowered_and_the_policy_near_both_goals(run, small, collect):
    states, told = run
    assert told[-1].cost < 0.6 * told[0].cost
    for condition in states[-1].conditions:
        (rollout,) = collect([Episode(condition, states[-1].policy)])
        assert small.task.error(condition, rollout) < 0.06


def test_when_steps_are_taken_expect_each_within_its_trust_region(run, config):
    for metrics in run[1]:
        bound = config.kl_step * metrics.multiplier
        assert metrics.divergence <= 1.1 * bound
        assert metrics.tries <= 50


def test_when_the_first_iteration_begins_expect_a_policy_that_does_what_the_first_controllers_do(
    run, small, collect, config, monkeypatch
):
    """Else the first trust region would lie around a policy that knows nothing."""
    made = []

    def spy(*args):
        made.append(fit_policy(*args))
        return made[-1]

    monkeypatch.setattr("rl_control.gps.mdgps.fit_policy", spy)
    start = run[0][0]
    after, _ = mdgps_iteration(start, small, collect, config, np.random.default_rng([0, 0]))
    first, second = made
    assert second.policy is after.policy
    for c, condition in enumerate(start.conditions):
        x = after.recent.states[0, c, :, :-1]
        acted = small.actions(first.policy, condition, x)
        wanted = start.controllers[c].mean(x, np.arange(small.task.steps))
        off = np.sqrt(((acted - wanted) ** 2).mean(axis=(0, 1)))
        assert (off < 0.5 * wanted.std(axis=(0, 1))).all()


def test_when_trained_on_expect_the_noise_of_policy_and_controllers_kept(run, config):
    states, told = run
    for state in states[1:]:
        least = config.policy.floor * state.policy.scale
        deviation = np.sqrt(np.diag(state.policy.facts.covariance))
        assert (deviation >= 0.999 * least).all()
    assert told[-1].controller_deviation > 0.01 * told[0].controller_deviation


def test_when_two_iterations_find_nothing_to_gain_expect_convergence(run, config):
    state = replace(run[0][-1], quiet=2)
    assert is_converged(state, replace(config, patience=2))
    assert not is_converged(state, replace(config, patience=3))


def test_when_saved_and_loaded_expect_the_same_state_to_the_bit(run, tmp_path):
    for state in run[0]:
        save_state(tmp_path, state)
        assert same(load_state(tmp_path), state)
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == ["policy-4", "state"]


def test_when_resumed_expect_the_uninterrupted_run(run, small, collect, config, tmp_path):
    """Policy weights, mixtures, prices and the judged costs all matter for the next one."""
    states, told = run
    save_state(tmp_path, states[2])
    resumed, metrics = mdgps_iteration(
        load_state(tmp_path), small, collect, config, np.random.default_rng([0, 2])
    )
    assert same(resumed, states[3])
    assert same(metrics, told[2])


def test_when_a_goal_is_turned_and_there_are_fixtures_expect_both_kept(run, tmp_path):
    first, second = run[0][0].conditions
    turned = replace(first, goal=replace(first.goal, rotation=np.eye(3)[[1, 2, 0]]))
    board = replace(second, scene={"board": Pose(np.arange(3.0), np.eye(3)[[2, 0, 1]])})
    state = replace(run[0][0], conditions=(turned, board))
    save_state(tmp_path, state)
    assert same(load_state(tmp_path), state)


def test_when_files_are_missing_or_damaged_expect_refusal(run, tmp_path):
    with pytest.raises(DataError, match="no such file"):
        load_state(tmp_path)
    save_state(tmp_path, run[0][-1])
    policy = tmp_path / "policy-4"
    raw = policy.read_bytes()
    policy.write_bytes(raw[: len(raw) // 2])
    with pytest.raises(DataError):
        load_state(tmp_path)
    policy.unlink()
    with pytest.raises(DataError, match="no such file"):
        load_state(tmp_path)


def test_when_stopped_between_two_files_expect_the_state_before(run, tmp_path, monkeypatch):
    save_state(tmp_path, run[0][2])

    def stopped(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("rl_control.gps.state_files.save_checkpoint", stopped)
        with pytest.raises(KeyboardInterrupt):
            save_state(tmp_path, run[0][3])
    assert same(load_state(tmp_path), run[0][2])


@pytest.mark.parametrize("act", ["controllers", "policy"])
def test_when_rollouts_are_asked_for_expect_each_condition_s_actor_and_a_seed_of_its_own(
    run, small, collect, config, act
):
    asked = []

    def spy(episodes):
        asked.extend(episodes)
        return collect(episodes)

    mdgps_iteration(run[0][1], small, spy, replace(config, act=act), np.random.default_rng(1))
    assert len({episode.seed for episode in asked}) == 2 * config.samples
    for k, episode in enumerate(asked):
        c = k // config.samples
        assert episode.condition is run[0][1].conditions[c]
        if act == "controllers":
            assert episode.actor is run[0][1].controllers[c]
        else:
            assert episode.actor is run[0][1].policy
            assert not isinstance(episode.actor, LinearGaussianController)


def test_when_a_rollout_is_not_finite_expect_refusal_and_the_state_as_it_was(
    run, small, collect, config, tmp_path
):
    def broken(episodes):
        rollouts = collect(episodes)
        rollouts[1].states[8, 0] = np.nan
        return rollouts

    state = run[0][2]
    save_state(tmp_path, state)
    with pytest.raises(NonFiniteError, match="rollout: states"):
        mdgps_iteration(state, small, broken, config, np.random.default_rng(0))
    assert same(load_state(tmp_path), state)


def test_when_the_training_fails_expect_it_named(run, small, collect, config):
    state = run[0][2]
    lost = replace(state.policy, biases=tuple(np.full_like(b, np.nan) for b in state.policy.biases))
    with pytest.raises((PolicyError, NonFiniteError)):
        mdgps_iteration(
            replace(state, policy=lost), small, collect, config, np.random.default_rng(0)
        )


def test_when_iterations_go_by_expect_the_newest_remembered_only(run, config):
    states, _ = run
    assert states[4].recent.states.shape[:3] == (4, 2, config.samples)
    kept = states[4].remembered(states[1].recent.__class__(
        states[1].recent.states[0], states[1].recent.controls[0]), 2
    )  # fmt: skip
    assert kept.states.shape[0] == 2
    np.testing.assert_array_equal(kept.states[0], states[4].recent.states[-1])


def test_when_the_policy_has_a_memory_expect_it_to_act_once_a_step_and_to_see_what_it_may(
    small, collect, config
):
    gru = PolicyConfig(network="gru", units=12, epochs=20, floor=0.05)
    config = replace(config, policy=gru, parts=("position", "tip_error"))
    state = start_mdgps(small, [small.task.condition(SHIFTS[0])], config)
    state, metrics = mdgps_iteration(state, small, collect, config, np.random.default_rng(0))
    assert state.policy.facts.dt == small.task.dt
    assert state.policy.facts.layout.parts == ("position", "tip_error")
    assert metrics.divergence == pytest.approx(config.kl_step, rel=0.11)
