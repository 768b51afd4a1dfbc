"""Planners that follow a path: the cost's rows, and how near the arm stays, for every planner."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("pybullet")

from rl_control.control.moving_goal import GoalNodes, moving_goal
from rl_control.control.mpc import MpcConfig, MpcController
from rl_control.control.mpc_settings import NO_BUDGET
from rl_control.control.replan import rows_of
from rl_control.control.retime import Retimer
from rl_control.control.sampling_settings import SamplingConfig
from rl_control.models.learned import rigid_model
from rl_control.models.mechanics import Mechanics
from rl_control.plants.bullet import BulletPlant
from rl_control.robot.arm_model import ArmModel
from rl_control.robot.description import load_robot
from rl_control.robot.kinematics import Kinematics
from rl_control.rollout import rollout
from rl_control.run.assemble import ReachObjective, reach_mpc, reweighed
from rl_control.run.assemble_learned import DoubtfulObjective, LearnedMpc, reach_planner
from rl_control.run.replay_path import Following
from rl_control.safety.filter import SafetyFilter
from rl_control.safety.settings import SafetyConfig
from rl_control.tasks.reach import reach_cost
from rl_control.tasks.reach_config import FollowWeights, ReachConfig

STEPS, DT = 20, 0.02
ROBOT = load_robot("planar2")
TIMES = np.linspace(0.0, 1.5, 31)
EXACT = MpcConfig(time_budget=NO_BUDGET)


@pytest.fixture(scope="module")
def goal():
    swing = 0.4 * np.sin(np.pi * TIMES[:, None] / 1.5) ** 2 * np.array([1.0, -1.0])
    path = Retimer(ROBOT).as_recorded(TIMES, ROBOT.home + swing)
    return moving_goal(path, Kinematics(ROBOT))


@pytest.fixture(scope="module")
def objective():
    return ReachObjective(ROBOT, ReachConfig(), STEPS, DT)


def part(rows, name):
    return rows[:, reach_cost(ROBOT).layout[name]]


def test_when_a_goal_moves_expect_a_target_and_the_following_weights_at_each_node(
    objective, goal
) -> None:
    nodes = goal.nodes(0.3, DT, STEPS)
    rows = rows_of(objective, goal, 0.3, DT, STEPS)
    np.testing.assert_array_equal(part(rows, "posture.target"), nodes.posture)
    np.testing.assert_array_equal(part(rows, "tip_position.target"), nodes.position)
    assert (part(rows, "velocity.weight") == 0.0).all()
    assert (part(rows, "tip_orientation.weight") == 0.0).all()
    np.testing.assert_allclose(part(rows, "posture.weight"), 1000.0 * DT)
    assert (part(rows, "velocity_limits.weight")[:-1] > 0.0).all()


def test_when_goals_take_turns_expect_the_reachs_own_weights_back(objective, goal) -> None:
    stay = objective.stay(ROBOT.home)
    before = objective.rows(stay).copy()
    objective.rows_along(goal.nodes(0.0, DT, STEPS))
    np.testing.assert_array_equal(objective.rows(stay), before)


def test_when_weights_change_expect_those_of_following_too(objective, goal) -> None:
    other = objective.weighed(ReachConfig(follow=FollowWeights(posture=7.0)), ROBOT.limits)
    rows = other.rows_along(goal.nodes(0.0, DT, STEPS))
    np.testing.assert_allclose(part(rows, "posture.weight"), 7.0 * DT)


def test_when_doubt_is_priced_expect_its_weight_behind_the_rows(objective, goal) -> None:
    nodes = goal.nodes(0.2, DT, STEPS)
    rows = DoubtfulObjective(objective, 0.5).rows_along(nodes)
    np.testing.assert_array_equal(rows[:, :-1], objective.rows_along(nodes))
    assert (rows[:-1, -1] == 0.5).all() and rows[-1, -1] == 0.0
    assert DoubtfulObjective(objective, None).rows_along(nodes).shape[1] == rows.shape[1] - 1


def test_when_gravity_is_unknown_to_the_equations_expect_the_hold_where_the_arm_is(goal) -> None:
    weightless = ReachObjective(ROBOT, ReachConfig(), STEPS, DT, hold=lambda q: 10.0 * q)
    nodes = goal.nodes(0.2, DT, STEPS)
    rows = weightless.rows_along(nodes)
    where = reach_cost(ROBOT, weightless=True).layout["effort.reference"]
    np.testing.assert_allclose(rows[:, where], np.tile(10.0 * nodes.posture[0], (STEPS + 1, 1)))


def followed(mpc, goal):
    """Greatest distance of a joint from the path once it moves, and the run."""
    model = ArmModel(ROBOT)
    plant = BulletPlant(ROBOT)
    plant.reset(goal.at(goal.start)[0], np.zeros(2))
    safety = SafetyFilter(ROBOT.limits, SafetyConfig(), model.gravity_torque, model.mass_matrix)
    following = Following(MpcController(mpc), mpc, goal, 0.2)
    run = rollout(following, plant, safety, 0.2 + goal.duration + 0.2)
    plant.close()
    begun = goal.starting(following.start)
    wanted = np.array([begun.at(float(stamp))[0] for stamp in run.extra["stamp"]])
    return float(np.abs(run.positions - wanted).max()), run


def test_when_ilqr_follows_expect_the_arm_within_milliradians(goal) -> None:
    worst, run = followed(reach_mpc(ROBOT, EXACT), goal)
    assert worst < 4e-3
    assert set(run.extra["reason"]) <= {"", "effort_rate"}


def test_when_the_model_is_a_learned_one_expect_the_same(goal) -> None:
    planner = LearnedMpc(ROBOT, rigid_model(Mechanics(ROBOT), DT), EXACT)
    worst, _ = followed(planner.mpc, goal)
    assert worst < 4e-3


def test_when_plans_are_sampled_expect_the_path_followed_roughly(goal) -> None:
    config = SamplingConfig(method="icem", samples=60, horizon=12, time_budget=NO_BUDGET)
    worst, _ = followed(reach_planner(ROBOT, config), goal)
    assert worst < 0.1


def test_when_following_costs_little_expect_the_arm_further_off(goal) -> None:
    mpc = reach_mpc(ROBOT, EXACT)
    near, _ = followed(mpc, goal)
    slack = FollowWeights(tip_position=1.0, posture=1.0)
    reweighed(mpc, ReachConfig(follow=slack), ROBOT.limits, EXACT)()
    far, _ = followed(mpc, goal)
    assert far > 5.0 * near


def test_when_a_goal_moves_expect_a_new_aim_only_once(goal) -> None:
    mpc = reach_mpc(ROBOT, EXACT)
    plans = mpc._replanner
    assert plans.aim_at(goal, ROBOT.home, 0.0)
    first = plans.rows
    assert not plans.aim_at(goal, ROBOT.home, 0.1)
    assert plans.rows is not first and (plans.rows != first).any()
    assert plans.aim_at(replace(goal, start=1.0), ROBOT.home, 0.1)
    assert plans.aim_at(None, ROBOT.home, 0.1)
    assert not plans.aim_at(None, ROBOT.home, 0.2)


def test_when_nodes_are_asked_for_expect_plain_arrays(goal) -> None:
    nodes = goal.nodes(0.0, DT, STEPS)
    assert isinstance(nodes, GoalNodes)
    assert nodes.posture.shape == (STEPS + 1, 2) and nodes.position.shape == (STEPS + 1, 3)
