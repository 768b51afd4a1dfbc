"""A planner as teacher: what it answers does not depend on what it was asked before."""

import numpy as np
import pytest

from rl_control.control.mpc import MpcConfig
from rl_control.gps.questions import Way
from rl_control.gps.teacher import PlannerTeacher
from rl_control.models.rigid import RigidModel
from rl_control.robot.arm_model import ArmModel
from rl_control.robot.description import load_robot
from rl_control.run.assemble import reach_mpc
from rl_control.types import Goal

CONFIG = MpcConfig(time_budget=10.0, first_iterations=40, iterations=3)
DT = 0.02


@pytest.fixture(scope="module")
def robot():
    return load_robot("planar2")


@pytest.fixture(scope="module")
def teacher(robot):
    return PlannerTeacher(reach_mpc(robot, CONFIG))


@pytest.fixture(scope="module")
def ways(robot):
    """Ways of an arm that a wrong controller moves."""
    rng, model, arm = np.random.default_rng(0), RigidModel(robot, DT), ArmModel(robot)
    found = []
    for _ in range(4):
        posture = robot.home + rng.uniform(-0.5, 0.5, robot.n)
        x, states = np.concatenate([robot.home, np.zeros(robot.n)]), []
        for _ in range(15):
            states.append(x)
            q, v = x[: robot.n], x[robot.n :]
            u = arm.mass_matrix(q) @ (40.0 * (posture - q) - 3.0 * v) + arm.gravity_torque(q)
            x = model.step(x[None], u[None])[0]
        goal = Goal(arm.tip(posture).position, posture)
        found.append(Way((goal,) * 15, np.array(states), DT))
    return found


def test_when_ways_change_places_expect_the_same_answers(robot, teacher, ways):
    answers = [teacher(way) for way in ways]
    for k in (2, 0, 3, 1):
        again = teacher(ways[k])
        np.testing.assert_array_equal(again.efforts, answers[k].efforts)
        np.testing.assert_array_equal(again.curvatures, answers[k].curvatures)
        assert (np.abs(again.efforts) <= robot.limits.effort).all()


def test_when_it_is_asked_along_a_way_expect_what_it_says_to_each_state_alone(teacher, ways):
    for way in ways:
        along = teacher(way).efforts
        alone = [
            teacher(Way((goal,), x[None], DT)).efforts[0]
            for goal, x in zip(way.goals, way.states, strict=True)
        ]
        np.testing.assert_allclose(along, alone, atol=0.03 * np.abs(alone).max())


def test_when_the_arm_rests_where_it_should_be_expect_it_held(robot, teacher):
    rest = np.concatenate([robot.home, np.zeros(robot.n)])
    goal = Goal(ArmModel(robot).tip(robot.home).position, robot.home)
    held = ArmModel(robot).gravity_torque(robot.home)
    answers = teacher(Way((goal,), rest[None], DT))
    np.testing.assert_allclose(answers.efforts[0], held, atol=1e-2 * max(1.0, np.abs(held).max()))


def test_when_curvatures_are_asked_for_expect_those_of_a_cost(teacher, ways):
    for curvature in np.concatenate([teacher(way).curvatures for way in ways]):
        np.testing.assert_allclose(curvature, curvature.T, rtol=1e-9)
        assert (np.linalg.eigvalsh(curvature) > 0.0).all()


@pytest.mark.parametrize("broken", [(0, 1), (4,), (3, 4, 14)])
def test_when_a_curvature_is_no_number_expect_that_of_the_state_before(
    robot, teacher, ways, broken
):
    class Breaking:
        """A planner whose last sweep breaks down in some states."""

        def __init__(self, planner):
            self._planner, self._state = planner, -1

        def __getattr__(self, name):
            return getattr(self._planner, name)

        def plan(self, *given):
            self._state += 1
            return self._planner.plan(*given)

        @property
        def curvature(self):
            return self._planner.curvature * (np.nan if self._state in broken else 1.0)

    found = PlannerTeacher(Breaking(reach_mpc(robot, CONFIG)))(ways[0])
    whole = teacher(ways[0])
    np.testing.assert_array_equal(found.efforts, whole.efforts)
    for k in range(15):
        before = [j for j in range(k + 1) if j not in broken]
        wanted = whole.curvatures[before[-1] if before else 2]
        np.testing.assert_array_equal(found.curvatures[k], wanted)
