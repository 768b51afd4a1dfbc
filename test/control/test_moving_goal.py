"""A goal that moves, and what a planner is asked for on its way."""

from __future__ import annotations

import numpy as np
import pytest

from rl_control.control.moving_goal import STEP, moving_goal
from rl_control.control.retime import Retimer
from rl_control.robot.description import load_robot
from rl_control.robot.kinematics import Kinematics
from rl_control.types import Goal

START = 7.0


@pytest.fixture(scope="module")
def arm():
    return load_robot("planar2")


@pytest.fixture(scope="module")
def path(arm):
    times = np.linspace(0.0, 2.0, 21)
    swing = 0.3 * np.sin(np.pi * times[:, None] / 2.0) ** 2 * np.array([1.0, -1.5])
    return Retimer(arm).as_recorded(times, arm.home + swing)


@pytest.fixture(scope="module")
def goal(arm, path):
    return moving_goal(path, Kinematics(arm), START)


def test_when_it_is_taken_for_a_goal_expect_where_the_path_ends(goal, path, arm) -> None:
    assert isinstance(goal, Goal)
    np.testing.assert_allclose(goal.posture, path.end, atol=1e-12)
    np.testing.assert_allclose(goal.position, Kinematics(arm).tip(path.end).position, atol=1e-12)
    assert goal.rotation is None
    assert goal.duration == pytest.approx(path.duration, abs=STEP)


def test_when_asked_at_a_time_expect_the_path(goal, path, arm) -> None:
    for since in (0.0, 0.3, 0.3017, 1.234, 1.999):
        q, v, tip = goal.at(START + since)
        want, speed, _ = path.at(np.array([since]))
        np.testing.assert_allclose(q, want[0], atol=2e-5)
        np.testing.assert_allclose(v, speed[0], atol=2e-2)
        np.testing.assert_allclose(tip, Kinematics(arm).tip(want[0]).position, atol=2e-5)


def test_when_the_time_is_beyond_the_ends_expect_rest_there(goal, path) -> None:
    for time, place in ((START - 5.0, path.start), (START + 50.0, path.end)):
        q, v, _ = goal.at(time)
        np.testing.assert_allclose(q, place, atol=1e-12)
        np.testing.assert_array_equal(v, 0.0)


@pytest.mark.parametrize("since", [-0.1, 0.0, 0.4, 0.4031, 1.7])
def test_when_a_semi_implicit_step_keeps_the_velocities_expect_it_at_the_nodes(goal, since) -> None:
    """The planner's own step, with the path's velocities, meets every node asked for."""
    dt, steps, time = 0.02, 50, START + since
    nodes = goal.nodes(time, dt, steps)
    q, tip = goal.at(time)[0].copy(), goal.at(time)[2].copy()
    np.testing.assert_allclose(nodes.posture[0], q, atol=1e-12)
    np.testing.assert_allclose(nodes.position[0], tip, atol=1e-12)
    for k in range(1, steps + 1):
        q += dt * goal.at(time + k * dt)[1]
        # The trapezoid's error of a whole horizon, far below the correction of dt v / 2.
        np.testing.assert_allclose(nodes.posture[k], q, atol=3e-4)


def test_when_it_starts_later_expect_the_same_path_later(goal) -> None:
    later = goal.starting(START + 3.0)
    np.testing.assert_allclose(later.at(START + 3.7)[0], goal.at(START + 0.7)[0], atol=1e-12)
    assert later.duration == goal.duration


def test_when_the_tip_moves_expect_its_velocity_that_of_the_joints(goal) -> None:
    h = STEP
    for since in (0.5, 1.2):
        before, after = goal.at(START + since - h)[2], goal.at(START + since + h)[2]
        row = goal.table[round(since / STEP)]
        np.testing.assert_allclose((after - before) / (2 * h), row[-3:], atol=1e-4)
