"""The reach task: its cost's numbers, its protocol, its settings."""

import casadi as ca
import numpy as np
import pytest

from rl_control.config import flatten, from_flat
from rl_control.control.batch_cost import ArmCost
from rl_control.costs import Symbols
from rl_control.errors import ConfigError, ShapeError, UnknownNameError
from rl_control.robot.description import load_robot
from rl_control.robot.kinematics import Kinematics
from rl_control.robot.rigid_body import RigidBody
from rl_control.tasks.reach import (
    ReachConfig,
    ReachWeights,
    effort_units,
    goal_values,
    reach_cost,
    reach_schedule,
    weight_values,
)
from rl_control.types import Goal


@pytest.fixture(scope="module")
def arm():
    return load_robot("arm7")


@pytest.fixture(scope="module")
def goal(arm):
    return Goal(Kinematics(arm).tip(arm.home).position, arm.home)


@pytest.fixture(scope="module")
def hold(arm):
    q = ca.SX.sym("q", arm.n)
    f = ca.Function("g", [q], [RigidBody(arm).gravity_torque(q)])
    return np.array(f(arm.home)).ravel()


@pytest.fixture(scope="module")
def running(arm, goal):
    """The running cost a second."""
    cost = ArmCost(RigidBody(arm), reach_cost(arm), 1.0)
    rows = reach_schedule(arm, ReachConfig(), goal, steps=1, dt=1.0).rows[:1]
    return lambda x, u: cost.value(x, u, np.repeat(rows, len(x), axis=0))


def test_when_at_the_goal_and_holding_expect_next_to_no_cost(arm, running, hold):
    x = np.concatenate([arm.home, np.zeros(arm.n)])
    x = np.vstack([x, x + 0.1])
    near, far = running(x, np.vstack([hold, hold]))
    assert 0 <= near < 1e-3 < far


def test_when_costed_expect_the_sum_by_hand(arm, goal, running, hold):
    weights = ReachWeights()
    q, v = arm.home + 0.05, np.full(arm.n, 0.2)
    u = hold + 1.0
    tip = Kinematics(arm).tip(q).position
    f = RigidBody(arm)
    symbol = ca.SX.sym("q", arm.n)
    gravity = np.array(ca.Function("g", [symbol], [f.gravity_torque(symbol)])(q)).ravel()
    expected = 0.5 * (
        weights.tip_position * np.sum((tip - goal.position) ** 2)
        + weights.posture[0] * np.sum((q - arm.home) ** 2)
        + weights.velocity[0] * np.sum((v / arm.limits.velocity) ** 2)
        + weights.effort[0] * np.sum(((u - gravity) / effort_units(arm)) ** 2)
    )
    (found,) = running(np.concatenate([q, v])[None], u[None])
    assert found == pytest.approx(expected, abs=1e-3)


def test_when_goal_has_a_rotation_expect_it_weighed(arm, goal):
    turned = Goal(goal.position, goal.posture, np.eye(3))
    weights = ReachWeights()
    assert goal_values(goal, weights)["tip_orientation.weight"] == 0
    assert goal_values(turned, weights)["tip_orientation.weight"] == weights.tip_orientation


def test_when_a_joint_is_light_expect_its_effort_unit_below_its_limit(arm):
    units = effort_units(arm)
    assert (units > 0).all() and (units <= arm.limits.effort).all()
    assert units[-1] < 0.1 * arm.limits.effort[-1]


def test_when_the_goal_changes_expect_only_targets_to_change(arm, goal):
    schedule = reach_schedule(arm, ReachConfig(), goal, steps=20, dt=0.02)
    other = Goal(goal.position + 0.1, goal.posture + 0.1)
    built = reach_schedule(arm, ReachConfig(), other, steps=20, dt=0.02).rows
    schedule.update(goal_values(other, ReachWeights()))
    np.testing.assert_array_equal(schedule.rows, built)


def test_when_weight_vectors_are_given_expect_one_a_joint(arm):
    weights = ReachWeights(effort=tuple(range(1, 8)))
    values = weight_values(arm, weights)["effort.weight"]
    np.testing.assert_allclose(values, np.arange(1, 8) / effort_units(arm) ** 2)


def test_when_a_weight_vector_has_the_wrong_length_expect_refusal(arm, goal):
    config = from_flat(ReachConfig, {"weights.velocity": (1.0, 2.0)}, "test")
    with pytest.raises(ShapeError, match=r"velocity.*2 values, expected 1 or 7"):
        reach_schedule(arm, config, goal, steps=5, dt=0.02)


def test_when_settings_are_out_of_range_expect_refusal():
    with pytest.raises(ConfigError):
        from_flat(ReachConfig, {"weights.tip_position": -1.0}, "test")
    assert "terminal.velocity" in flatten(ReachConfig())


def test_when_a_robots_weights_replace_some_expect_the_others_kept():
    weights = ReachWeights().replaced({"posture": 3.0, "tip_position": 7.0})
    assert weights.posture == (3.0,) and weights.tip_position == 7.0
    assert weights.effort == ReachWeights().effort
    with pytest.raises(UnknownNameError, match="posture"):
        ReachWeights().replaced({"postur": 1.0})


def test_when_the_default_cost_is_expanded_expect_few_operations(arm):
    cost = reach_cost(arm)
    s, p = Symbols.of(RigidBody(arm), 0.02), ca.SX.sym("p", cost.size)
    e = cost.gauss_newton(s, p)
    blocks = [e.value, e.l_q, e.l_v, e.l_u, e.qq, e.qu, e.vv, e.uu]
    f = ca.Function("f", [s.q, s.v, s.u, p], ca.cse(blocks))
    assert f.n_instructions() < 3500
    assert e.qv.nnz() == e.vu.nnz() == 0 and e.vv.nnz() == e.uu.nnz() == arm.n
