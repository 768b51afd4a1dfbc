"""A planner as teacher: what it answers does not depend on what it was asked before."""

import numpy as np
import pytest

from rl_control.control.mpc import MpcConfig
from rl_control.gps.teacher import PlannerTeacher
from rl_control.robot.arm_model import ArmModel
from rl_control.robot.description import load_robot
from rl_control.run.assemble import reach_mpc
from rl_control.types import Goal

CONFIG = MpcConfig(time_budget=10.0, first_iterations=40)


@pytest.fixture(scope="module")
def robot():
    return load_robot("planar2")


@pytest.fixture(scope="module")
def teacher(robot):
    return PlannerTeacher(reach_mpc(robot, CONFIG))


def goal_at(robot, posture):
    return Goal(ArmModel(robot).tip(posture).position, posture)


def test_when_questions_change_places_expect_the_same_answers(robot, teacher):
    rng = np.random.default_rng(0)
    goals = [goal_at(robot, robot.home + rng.uniform(-0.5, 0.5, robot.n)) for _ in range(6)]
    rest = np.concatenate([robot.home, np.zeros(robot.n)])
    states = rest + 0.2 * rng.standard_normal((6, 2 * robot.n))
    order = rng.permutation(6)
    answers = teacher(goals, states)
    again = teacher([goals[k] for k in order], states[order])
    np.testing.assert_array_equal(again, answers[order])
    assert (np.abs(answers) <= robot.limits.effort).all()


def test_when_the_arm_rests_where_it_should_be_expect_it_held(robot, teacher):
    rest = np.concatenate([robot.home, np.zeros(robot.n)])
    held = ArmModel(robot).gravity_torque(robot.home)
    answers = teacher([goal_at(robot, robot.home)], rest[None])
    np.testing.assert_allclose(answers[0], held, atol=1e-2 * max(1.0, np.abs(held).max()))
