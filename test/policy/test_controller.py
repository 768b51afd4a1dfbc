"""Policies and local controllers in command of an arm."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from rl_control.errors import JointMismatchError, PolicyError, ShapeError
from rl_control.interfaces import Controller
from rl_control.policy.controller import LinearGaussianRunner, PolicyController
from rl_control.policy.gru import GruPolicy
from rl_control.policy.linear_gaussian import LinearGaussianController
from rl_control.policy.mlp import MlpPolicy
from rl_control.policy.observation import goal_rows
from rl_control.policy.partial import Impaired, ImpairedConfig, impaired
from rl_control.types import ArmState, Array, Goal, JointState

NAMES = ("a", "b", "c")
PERIOD = 0.005
GOAL = Goal(np.array([0.1, 0.2, 0.3]), np.array([0.5, -0.5, 0.2]))


def tip(q: Array) -> tuple[Array, Array]:
    return np.sin(q), np.tile(np.eye(3), (len(q), 1, 1))


def state(stamp: float, seed: int = 0) -> ArmState:
    rng = np.random.default_rng(seed)
    q, v = rng.normal(size=(2, 3))
    return ArmState(JointState(NAMES, q, v, np.zeros(3), stamp))


def expected(policy: MlpPolicy, arm: ArmState) -> Array:
    joints = arm.joints
    layout = policy.facts.layout
    o = layout.of(joints.position[None], joints.velocity[None], goal_rows([GOAL]), tip)
    return policy.mean(o)[0]


def test_when_a_policy_has_no_memory_expect_it_to_act_at_every_state(
    random_mlp: Callable[..., MlpPolicy],
) -> None:
    policy = random_mlp()
    controller = PolicyController(policy, tip, PERIOD, goal=GOAL)
    assert isinstance(controller, Controller)
    controller.reset(state(5.0))
    for k in range(8):
        found = controller.act(state(5.0 + PERIOD * k, seed=k)).effort
        np.testing.assert_array_equal(found, expected(policy, state(0.0, seed=k)))


def test_when_a_policy_has_no_memory_expect_one_noise_a_tick(
    random_mlp: Callable[..., MlpPolicy],
) -> None:
    policy = random_mlp()
    controller = PolicyController(policy, tip, PERIOD, goal=GOAL, rng=np.random.default_rng(1))
    noise = np.array(
        [
            controller.act(state(PERIOD * k, seed=k)).effort - expected(policy, state(0.0, seed=k))
            for k in range(8)
        ]
    )
    np.testing.assert_allclose(noise[:4], np.tile(noise[0], (4, 1)), atol=1e-12)
    np.testing.assert_allclose(noise[4:], np.tile(noise[4], (4, 1)), atol=1e-12)
    assert np.abs(noise[4] - noise[0]).min() > 1e-3


def test_when_a_policy_has_a_memory_expect_its_effort_held_between_ticks(
    random_gru: Callable[..., GruPolicy],
) -> None:
    policy = random_gru()
    rng = np.random.default_rng(1)
    controller = PolicyController(policy, tip, PERIOD, goal=GOAL, rng=rng)
    efforts = [controller.act(state(PERIOD * k, seed=k)).effort for k in range(8)]
    for k in range(4):
        np.testing.assert_array_equal(efforts[k], efforts[0])
        np.testing.assert_array_equal(efforts[4 + k], efforts[4])
    assert np.abs(efforts[4] - efforts[0]).min() > 1e-3


def test_when_the_goal_comes_after_an_error_expect_the_policy_to_act_at_once(
    random_mlp: Callable[..., MlpPolicy],
) -> None:
    policy = random_mlp()
    controller = PolicyController(policy, tip, PERIOD)
    with pytest.raises(PolicyError, match="no goal"):
        controller.act(state(0.0))
    controller.set_goal(GOAL)
    found = controller.act(state(0.005, seed=1)).effort
    np.testing.assert_array_equal(found, expected(policy, state(0.0, seed=1)))


def test_when_the_policy_stands_on_gravity_expect_it_added_at_every_state(
    random_gru: Callable[..., GruPolicy],
) -> None:
    policy = random_gru()
    policy = replace(policy, facts=replace(policy.facts, base="gravity"))
    with pytest.raises(PolicyError, match="stand on 'gravity'"):
        PolicyController(policy, tip, PERIOD)
    controller = PolicyController(policy, tip, PERIOD, lambda q, v, u: u + 10.0 * q, GOAL)
    first, second = state(0.0), state(PERIOD, seed=1)
    held = controller.act(first).effort - 10.0 * first.joints.position
    assert np.abs(held).min() > 1e-3
    np.testing.assert_allclose(controller.act(second).effort, held + 10.0 * second.joints.position)


def test_when_it_is_stochastic_expect_noise_of_the_policys_covariance(
    random_mlp: Callable[..., MlpPolicy],
) -> None:
    policy = random_mlp()
    controller = PolicyController(policy, tip, PERIOD, goal=GOAL, rng=np.random.default_rng(0))
    efforts = np.array([controller.act(state(0.02 * k)).effort for k in range(4000)])
    noise = efforts - expected(policy, state(0.0))
    np.testing.assert_allclose(np.cov(noise.T), policy.facts.covariance, atol=1e-3)


def test_when_a_memory_is_kept_expect_it_once_a_tick_and_anew_after_reset(
    random_gru: Callable[..., GruPolicy],
) -> None:
    policy = random_gru()
    controller = PolicyController(policy, tip, PERIOD, goal=GOAL)
    runs = []
    for rate in (1, 4):
        controller.reset(state(0.0))
        stamps = [0.02 * k / rate for k in range(5 * rate)]
        efforts = [controller.act(state(s, seed=int(s / 0.02 + 1e-9))).effort for s in stamps]
        runs.append(np.array(efforts[::rate]))
    np.testing.assert_array_equal(runs[0], runs[1])
    assert not np.allclose(runs[0][0], runs[0][1])


def test_when_there_is_no_goal_or_a_joint_is_missing_expect_named_errors(
    random_mlp: Callable[..., MlpPolicy],
) -> None:
    controller = PolicyController(random_mlp(), tip, PERIOD)
    with pytest.raises(PolicyError, match="no goal"):
        controller.act(state(0.0))
    other = JointState(("a", "b"), np.zeros(2), np.zeros(2), np.zeros(2), 0.0)
    with pytest.raises(JointMismatchError, match="c"):
        controller.act(ArmState(other))


def local(steps: int = 3) -> LinearGaussianController:
    rng = np.random.default_rng(0)
    roots = 0.1 * rng.normal(size=(steps, 3, 3))
    return LinearGaussianController(
        NAMES,
        0.02,
        rng.normal(size=(steps, 3, 6)),
        rng.normal(size=(steps, 3)),
        roots @ roots.swapaxes(1, 2) + 1e-4 * np.eye(3),
    )


def test_when_a_local_controller_runs_expect_its_steps_and_the_last_one_for_ever() -> None:
    controller = local()
    runner = LinearGaussianRunner(controller, PERIOD)
    runner.reset(state(1.0))
    for k in range(20):
        effort = runner.act(state(1.0 + 0.005 * k, seed=k)).effort
        t = min(k // 4, 2)
        seen = state(0.0, seed=4 * (k // 4)).joints.vector
        np.testing.assert_allclose(effort, controller.K[t] @ seen + controller.k[t], atol=1e-12)


def test_when_a_local_controller_stands_on_a_base_expect_it_to_follow_every_state() -> None:
    controller = dataclasses.replace(local(), base="gravity")
    runner = LinearGaussianRunner(controller, PERIOD, base=lambda q, v, u: u + 10.0 * q - v)
    runner.reset(state(1.0))
    for k in range(12):
        arm = state(1.0 + 0.005 * k, seed=k)
        seen = state(0.0, seed=4 * (k // 4)).joints.vector
        t, q, v = k // 4, arm.joints.position, arm.joints.velocity
        expected = controller.K[t] @ seen + controller.k[t] + 10.0 * q - v
        np.testing.assert_allclose(runner.act(arm).effort, expected, atol=1e-12)


def test_when_a_local_controller_stands_on_a_base_and_gets_none_expect_a_named_error() -> None:
    for base in ("gravity", "dynamics"):
        with pytest.raises(PolicyError, match=base):
            LinearGaussianRunner(dataclasses.replace(local(), base=base), PERIOD)
    with pytest.raises(PolicyError, match="oil"):
        dataclasses.replace(local(), base="oil")


def test_when_a_local_controller_explores_expect_its_covariance() -> None:
    controller = local(1)
    runner = LinearGaussianRunner(controller, PERIOD, np.random.default_rng(0))
    efforts = np.array([runner.act(state(0.02 * k)).effort for k in range(4000)])
    np.testing.assert_allclose(np.cov(efforts.T), controller.covariance[0], atol=5e-3)


def test_when_a_local_controller_is_saved_expect_it_back(tmp_path: object) -> None:
    from pathlib import Path

    path = Path(str(tmp_path)) / "c.safetensors"
    dataclasses.replace(local(), base="dynamics").save(path)
    other = LinearGaussianController.load(path)
    assert other.base == "dynamics"
    for name in ("K", "k", "covariance"):
        np.testing.assert_array_equal(getattr(other, name), getattr(local(), name))
    with pytest.raises(ShapeError, match="covariance"):
        LinearGaussianController(NAMES, 0.02, local().K, local().k, np.eye(3)[None])


def test_when_measurements_come_late_expect_older_ones() -> None:
    o = np.arange(6.0)[None, :, None]
    seen = impaired(o, ImpairedConfig(delay=2), np.random.default_rng(0))
    np.testing.assert_array_equal(seen[0, :, 0], [0, 0, 0, 1, 2, 3])


def test_when_measurements_get_lost_expect_the_one_before_to_stand() -> None:
    o = np.arange(2000.0)[None, :, None]
    seen = impaired(o, ImpairedConfig(lost=0.3), np.random.default_rng(0))[0, :, 0]
    fresh = seen == o[0, :, 0]
    assert 0.66 < fresh.mean() < 0.74
    np.testing.assert_array_equal(seen[1:][~fresh[1:]], seen[:-1][~fresh[1:]])


def test_when_a_controller_sees_late_expect_what_training_data_would_show(
    random_mlp: Callable[..., MlpPolicy],
) -> None:
    policy = random_mlp()
    eyes = Impaired(ImpairedConfig(delay=1), np.random.default_rng(0))
    controller = PolicyController(policy, tip, PERIOD, goal=GOAL, eyes=eyes)
    efforts = [controller.act(state(0.02 * k, seed=k)).effort for k in range(3)]
    np.testing.assert_array_equal(efforts[2], expected(policy, state(0.0, seed=1)))
