"""Putting a planner together from a robot and a task."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rl_control.control.mpc import MpcConfig
from rl_control.errors import ShapeError
from rl_control.robot.description import load_robot
from rl_control.robot.kinematics import Kinematics
from rl_control.run.assemble import ReachObjective, reach_mpc, reweighed
from rl_control.tasks.reach import ReachConfig, reach_cost
from rl_control.types import Goal, JointState

STEPS, DT = 12, 0.02


@pytest.fixture(scope="module")
def robot():
    return load_robot("planar2")


@pytest.fixture
def objective(robot):
    return ReachObjective(robot, ReachConfig(), STEPS, DT)


def test_when_staying_expect_the_tip_where_it_is(robot, objective):
    goal = objective.stay(robot.home)
    tip = Kinematics(robot).tip(robot.home)
    np.testing.assert_allclose(goal.position, tip.position)
    np.testing.assert_allclose(goal.rotation, tip.rotation)
    np.testing.assert_array_equal(goal.posture, robot.home)


def test_when_the_goal_changes_expect_its_numbers_in_every_row(robot, objective):
    layout = reach_cost(robot).layout
    goal = Goal(np.array([0.1, 0.2, 0.3]), np.array([0.4, 0.5]))
    rows = objective.rows(goal)
    assert rows.shape == (STEPS + 1, reach_cost(robot).size)
    np.testing.assert_array_equal(
        rows[:, layout["tip_position.target"]], np.tile(goal.position, (STEPS + 1, 1))
    )
    np.testing.assert_array_equal(
        rows[:, layout["posture.target"]], np.tile(goal.posture, (STEPS + 1, 1))
    )


def test_when_the_rotation_is_left_free_expect_it_to_cost_nothing(robot, objective):
    weight = reach_cost(robot).layout["tip_orientation.weight"]
    free = Goal(np.zeros(3), np.zeros(2))
    assert (objective.rows(free)[:, weight] == 0.0).all()
    assert (objective.rows(replace(free, rotation=np.eye(3)))[:, weight] > 0.0).all()


def test_when_the_posture_has_the_wrong_length_expect_a_refusal(objective):
    with pytest.raises(ShapeError, match=r"posture\.target"):
        objective.rows(Goal(np.zeros(3), np.zeros(5)))


def test_when_assembled_expect_a_planner_for_the_robots_joints_and_limits(robot):
    config = MpcConfig(horizon=10, time_budget=5.0)
    mpc = reach_mpc(robot, config)
    assert mpc.names == robot.names
    assert mpc.limits is robot.limits
    assert mpc.stats.solves == 0
    assert mpc.current is None
    plan = mpc.plan(JointState(robot.names, robot.home, np.zeros(2), np.zeros(2), 0.0), 0.0)
    assert plan.controls.shape == (10, 2)
    assert plan.dt == config.dt
    assert mpc.cost_by_term().keys() == set(reach_cost(robot).names)


def test_when_weights_have_the_wrong_length_expect_a_refusal(robot):
    config = ReachConfig()
    weights = config.weights
    wrong = {
        name: (1.0, 2.0, 3.0) for name, value in vars(weights).items() if isinstance(value, tuple)
    }
    if not wrong:
        pytest.skip("every weight is one number")
    with pytest.raises(ShapeError):
        reach_mpc(robot, task=replace(config, weights=replace(weights, **wrong)))


def other_task() -> ReachConfig:
    config = ReachConfig()
    weights = replace(config.weights, posture=(3.0, 4.0), velocity=(7.0,), effort=(0.5,))
    return replace(config, weights=weights, terminal=replace(config.terminal, velocity=2.5))


@pytest.mark.parametrize("scales", [(1.0, 1.0), (0.4, 0.7), (1.0, 0.2)])
def test_when_weighed_anew_expect_the_numbers_of_an_objective_built_so(robot, objective, scales):
    limits, goal = robot.limits.scaled(*scales), objective.stay(robot.home + 0.2)
    before = objective.rows(goal).copy()
    weighed = objective.weighed(other_task(), limits)
    built = ReachObjective(replace(robot, limits=limits), other_task(), STEPS, DT)
    np.testing.assert_array_equal(weighed.rows(goal), built.rows(goal))
    assert (weighed.rows(goal) != before).any()
    np.testing.assert_array_equal(objective.rows(goal), before)


def test_when_a_weight_has_the_wrong_length_expect_a_refusal(robot, objective):
    config = other_task()
    wrong = replace(config, weights=replace(config.weights, posture=(1.0, 2.0, 3.0)))
    with pytest.raises(ShapeError, match="posture"):
        objective.weighed(wrong, robot.limits)


def planned(mpc, robot, solves=3):
    """Plans from home towards a goal, one after another, without ever moving."""
    mpc.set_goal(Goal(np.array([0.5, 0.0, 0.5]), robot.home + 0.5))
    state = JointState(robot.names, robot.home, np.zeros(2), np.zeros(2), 0.0)
    return [mpc.plan(state, 0.0) for _ in range(solves)][-1]


def test_when_reweighed_expect_the_plans_of_a_planner_built_so_and_nothing_compiled(robot):
    limits = robot.limits.scaled(0.5, 0.6)
    config = MpcConfig(horizon=STEPS, time_budget=10.0)
    mpc = reach_mpc(robot, config)
    planned(mpc, robot)
    problem = mpc.problem
    reweighed(mpc, other_task(), limits, replace(config, iterations=2))()
    mpc.reset()
    plan = planned(mpc, robot)
    assert mpc.problem is problem
    assert (mpc.config.iterations, mpc.limits) == (2, limits)
    other = reach_mpc(replace(robot, limits=limits), replace(config, iterations=2), other_task())
    expected = planned(other, robot)
    np.testing.assert_allclose(plan.controls, expected.controls, atol=1e-9)
    np.testing.assert_allclose(plan.states, expected.states, atol=1e-9)
    assert (np.abs(plan.controls) <= limits.effort + 1e-12).all()


def test_when_reweighing_is_not_put_in_force_expect_the_plans_as_they_were(robot):
    mpc, twin = (reach_mpc(robot, MpcConfig(horizon=STEPS, time_budget=10.0)) for _ in range(2))
    reweighed(mpc, other_task(), robot.limits, mpc.config)
    np.testing.assert_array_equal(planned(mpc, robot).controls, planned(twin, robot).controls)


def test_when_reweighed_in_mid_motion_expect_the_very_next_plan_to_use_it(robot):
    mpc = reach_mpc(robot, MpcConfig(horizon=STEPS, time_budget=10.0))
    planned(mpc, robot)
    rows = mpc.rows
    reweighed(mpc, other_task(), robot.limits, mpc.config)()
    np.testing.assert_array_equal(mpc.rows, rows)  # nothing before the next plan
    planned(mpc, robot, solves=1)
    goal = mpc.goal
    assert goal is not None
    expected = ReachObjective(robot, other_task(), STEPS, DT).rows(goal)
    np.testing.assert_array_equal(mpc.rows, expected)
