"""Ways that a teacher is asked along: of motions, and of a policy on the model."""

import numpy as np
import pytest
from small_problems import SmallTask

from rl_control.gps.episode import Episode
from rl_control.gps.questions import rehearsed, visited
from rl_control.models.rigid import RigidModel
from rl_control.policy.mlp import MlpPolicy, Normaliser
from rl_control.policy.observation import ObservationLayout
from rl_control.policy.partial import Impaired, ImpairedConfig
from rl_control.policy.policy import PolicyFacts, Seen


@pytest.fixture(scope="module")
def task():
    return SmallTask()


@pytest.fixture(scope="module")
def conditions(task):
    return [task.condition(shift) for shift in (0.1, -0.2, 0.3)]


def policy_of(task, gain):
    """Wants accelerations in proportion to speeds and to the way left."""
    n = task.robot.n
    layout = ObservationLayout(task.robot.names, ("velocity", "posture_error"))
    facts = PolicyFacts(
        "small", layout, 0.005, "dynamics", np.eye(n), Seen(np.zeros(2 * n), np.eye(2 * n), 1.0)
    )
    law = np.hstack([-10.0 * np.eye(n), gain * np.eye(n)])
    plain = Normaliser(np.zeros(2 * n), np.ones(2 * n))
    return MlpPolicy(facts, plain, (law,), (np.zeros(n),), np.ones(n))


def test_when_a_policy_rehearses_expect_the_states_that_its_rollouts_visit(
    small, task, conditions, collect
):
    policy, dynamics = policy_of(task, 30.0), RigidModel(task.robot, 0.005)
    states = rehearsed(small, dynamics, policy, conditions)
    rollouts = collect([Episode(condition, policy) for condition in conditions])
    for way, rollout in zip(states, rollouts, strict=True):
        np.testing.assert_allclose(way, rollout.states[:-1:4], atol=1e-9)


def test_when_measurements_come_late_expect_the_policy_to_act_on_older_states(
    small, task, conditions
):
    policy, dynamics = policy_of(task, 30.0), RigidModel(task.robot, 0.005)
    limit = task.robot.limits.effort
    eyes = [Impaired(ImpairedConfig(delay=2), np.random.default_rng(0)) for _ in conditions]
    states = rehearsed(small, dynamics, policy, conditions, eyes)
    goals = [task.goal(condition, 0.0) for condition in conditions]
    way = [np.array([np.concatenate([one.q, one.v]) for one in conditions])]
    for k in range(4 * task.steps - 1):
        x, late = way[-1], way[max(k - 2, 0)]
        wanted = policy.mean(small.look(policy.facts.layout, goals, late))
        efforts = np.clip(
            small.outputs(policy.facts.base, policy.facts.dt).efforts(x, wanted), -limit, limit
        )
        way.append(dynamics.step(x, efforts))
    np.testing.assert_allclose(states, np.array(way[::4]).swapaxes(0, 1), atol=1e-9)


def test_when_one_way_flies_off_expect_numbers_and_the_others_as_without_it(
    small, task, conditions
):
    policy, dynamics = policy_of(task, 30.0), RigidModel(task.robot, 0.005)
    far = task.condition(1e200)
    apart = rehearsed(small, dynamics, policy, conditions)
    beside = rehearsed(small, dynamics, policy, [*conditions, far])
    np.testing.assert_allclose(beside[:-1], apart, atol=1e-12)
    assert np.isfinite(beside).all()


def test_when_a_joint_gets_too_fast_expect_the_way_to_end_before_it(task, conditions):
    n, top = task.robot.n, task.robot.limits.velocity
    states = np.zeros((3, task.steps, 2 * n))
    states[0, 5:, n] = 1.3 * top[0]
    states[1, :, n] = 1.3 * top[0]
    ways = visited(task, conditions, states, 1.2)
    assert [len(way.states) for way in ways] == [5, task.steps]
    assert [len(way.goals) for way in ways] == [5, task.steps]
    assert ways[1].goals[0] is conditions[2].goal
    whole = visited(task, conditions, states, 1.4)
    np.testing.assert_array_equal([way.states for way in whole], states)
