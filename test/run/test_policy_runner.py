"""A policy at the pace of the states, against its ticks made by hand."""

from dataclasses import replace

import numpy as np
import pytest

from rl_control.policy.controller import PolicyController
from rl_control.policy.gru import GruPolicy
from rl_control.policy.mlp import Normaliser
from rl_control.policy.observation import goal_rows
from rl_control.robot.arm_model import ArmModel
from rl_control.robot.description import load_robot
from rl_control.robot.kinematics import Kinematics
from rl_control.robot.rigid_body import RigidBody
from rl_control.run.policy_runner import PolicyRunner
from rl_control.tasks.goal import stay_goal
from rl_control.types import JointState

ROBOT = load_robot("planar2")
MODEL = ArmModel(ROBOT)
GOAL = stay_goal(MODEL.tip(ROBOT.home + 0.3), ROBOT.home + 0.3)
PERIOD, DT = 0.005, 0.02


@pytest.fixture
def gru(pd_policy):
    rng, units = np.random.default_rng(1), 4
    facts = pd_policy(ROBOT, bound=0.5).facts
    size, n = facts.layout.size, ROBOT.n
    return GruPolicy(
        facts,
        Normaliser(np.zeros(size), np.ones(size)),
        np.ones(size),
        *(rng.normal(size=(3 * units, columns)) for columns in (2 * size, units)),
        *(rng.normal(size=3 * units) for _ in range(2)),
        rng.normal(size=(n, 2 * size + units)),
        rng.normal(size=n),
        np.ones(n),
    )


def runner_of(policy, period=PERIOD):
    runner = PolicyRunner(policy, RigidBody(ROBOT), period)
    runner.set_goal(GOAL)
    return runner


def state(stamp, k):
    """The k-th of states that are all different."""
    q = ROBOT.home + 0.1 * np.sin([0.3 * k, 0.7 * k + 1.0])
    return JointState(ROBOT.names, q, np.cos([0.2 * k, 0.5 * k]), np.zeros(2), stamp)


def observe(policy, joints):
    q, v = joints.position[None], joints.velocity[None]
    return policy.facts.layout.of(q, v, goal_rows([GOAL]), None)


def test_when_a_policy_has_no_memory_expect_its_effort_and_distance_at_every_state(pd_policy):
    policy = pd_policy(ROBOT, bound=0.5)
    runner = runner_of(policy)
    for k in range(10):
        joints = state(PERIOD * k, k)
        action, o = runner.act(joints), observe(policy, joints)
        wanted = policy.mean(o)[0] + MODEL.gravity_torque(joints.position)
        np.testing.assert_allclose(action.effort, wanted, rtol=1e-9)
        assert action.distance == pytest.approx(policy.facts.seen.distance(o)[0], rel=1e-9)


@pytest.mark.parametrize("period", [0.001, 0.002, 0.005, 0.02])
def test_when_a_policy_remembers_expect_one_tick_each_dt_whatever_the_rate(gru, period):
    runner, memory = runner_of(gru, period), gru.start(1)
    each = round(DT / period)
    for k in range(12 * each):
        joints = state(3.0 + period * k, k)
        action = runner.act(joints)
        if k % each == 0:
            before = memory
            u, memory = gru.step(observe(gru, joints), memory)
        # The net effort is held in between; what carries the arm follows it.
        wanted = u[0] + MODEL.gravity_torque(joints.position)
        np.testing.assert_allclose(action.effort, wanted, rtol=1e-9, atol=1e-12)
        np.testing.assert_allclose(runner.memory, before[0], rtol=1e-9, atol=1e-12)


def test_when_states_are_missed_expect_the_one_before_to_stand_in(gru):
    runner, memory = runner_of(gru), gru.start(1)
    first, later = state(0.0, 0), state(3 * DT, 5)
    runner.act(first)
    for joints in (first, first, first, later):
        u, memory = gru.step(observe(gru, joints), memory)
    wanted = u[0] + MODEL.gravity_torque(later.position)
    np.testing.assert_allclose(runner.act(later).effort, wanted, rtol=1e-9)


@pytest.mark.parametrize("jump", [-0.5, 1.0, 1e6])
def test_when_stamps_jump_expect_the_memory_of_a_start(gru, jump):
    runner = runner_of(gru)
    for k in range(20):
        runner.act(state(10.0 + PERIOD * k, k))
    moved = state(10.0 + jump, 33)
    fresh = runner_of(gru).act(moved)
    np.testing.assert_array_equal(runner.act(moved).effort, fresh.effort)


def test_when_reset_or_exchanged_expect_the_past_forgotten(gru):
    other = replace(gru, head=2.0 * gru.head)
    joints = state(0.1, 7)
    wanted = runner_of(other).act(joints).effort
    runner = runner_of(gru)
    for k in range(20):
        runner.act(state(PERIOD * k, k))
    runner.exchange(other)
    assert runner.present is other
    np.testing.assert_array_equal(runner.act(joints).effort, wanted)
    runner.reset()
    np.testing.assert_array_equal(runner.act(replace(joints, stamp=0.105)).effort, wanted)


@pytest.mark.parametrize("remembers", [False, True])
def test_when_states_jitter_and_some_are_missed_expect_what_an_episode_does(
    gru, pd_policy, remembers
):
    policy = gru if remembers else pd_policy(ROBOT, bound=0.5)
    rng = np.random.default_rng(2)
    stamps = 100.0 + PERIOD * (np.arange(300) + rng.uniform(-0.2, 0.2, 300))
    stamps[250:] -= 50.0  # the clock begins anew
    stamps = np.delete(stamps, [20, 21, *range(60, 75), *range(120, 160)])
    runner = runner_of(policy)
    episode = PolicyController(
        policy,
        Kinematics(ROBOT).tips,
        PERIOD,
        lambda q, v, u: u + MODEL.gravity_torque(q),
        GOAL,
    )
    for k, stamp in enumerate(stamps):
        joints = state(stamp, k)
        action, wanted = runner.act(joints), episode.decide(joints)
        np.testing.assert_allclose(action.effort, wanted.effort, rtol=1e-9, atol=1e-12)
        assert action.distance == pytest.approx(wanted.distance, rel=1e-9)
