"""The rules of FollowJointTrajectory, without ROS."""

from __future__ import annotations

import math

import numpy as np
import pytest

from rl_control.control.follow_task import (
    GOAL_TOLERANCE_VIOLATED,
    INVALID_GOAL,
    PATH_TOLERANCE_VIOLATED,
    SUCCESSFUL,
    FollowTask,
    Tolerances,
    tolerance,
)
from rl_control.control.moving_goal import moving_goal
from rl_control.control.retime import Retimer
from rl_control.errors import DataError
from rl_control.robot.description import load_robot
from rl_control.robot.kinematics import Kinematics
from rl_control.types import Goal, JointState

START = 4.0


@pytest.fixture(scope="module")
def goal():
    robot = load_robot("planar2")
    path = Retimer(robot).as_recorded(
        np.array([0.0, 2.0]), np.array([robot.home, robot.home + 0.3])
    )
    return moving_goal(path, Kinematics(robot), START)


def task(goal, path=0.05, end=0.01, goal_time=0.5):
    found = FollowTask(Tolerances(np.full(2, path), np.full(2, end), goal_time))
    found.found(goal)
    found.aimed(goal)
    return found


def at(goal, time, off=(0.0, 0.0)):
    q = goal.at(time)[0] + np.array(off)
    return JointState(("shoulder", "elbow"), q, np.zeros(2), np.zeros(2), time)


def test_when_the_arm_keeps_to_the_path_expect_progress_and_success_at_the_end(goal) -> None:
    under_way = task(goal)
    progress = under_way.look(at(goal, START + 0.5, (0.01, -0.01)))
    assert under_way.outcome is None
    assert progress.time == pytest.approx(0.5)
    np.testing.assert_allclose(progress.wanted, goal.at(START + 0.5)[0])
    assert under_way.look(at(goal, START + 2.0)) is not None
    assert under_way.outcome.code == SUCCESSFUL and not under_way.outcome.cancelled
    assert under_way.look(at(goal, START + 2.1)) is None


def test_when_a_joint_leaves_the_path_expect_it_named_with_its_bound(goal) -> None:
    under_way = task(goal)
    under_way.look(at(goal, START + 0.5, (0.02, 0.06)))
    assert under_way.outcome.code == PATH_TOLERANCE_VIOLATED
    assert "elbow is 0.06 off on its path, allowed 0.05" in under_way.outcome.text


def test_when_the_end_is_missed_expect_patience_and_then_a_verdict(goal) -> None:
    under_way = task(goal)
    under_way.look(at(goal, START + 2.4, (0.02, 0.0)))
    assert under_way.outcome is None
    under_way.look(at(goal, START + 2.6, (0.02, 0.0)))
    assert under_way.outcome.code == GOAL_TOLERANCE_VIOLATED
    assert "shoulder is 0.02 off at the goal" in under_way.outcome.text


def test_when_the_arm_arrives_late_but_in_time_expect_success(goal) -> None:
    under_way = task(goal)
    under_way.look(at(goal, START + 2.3, (0.02, 0.0)))
    under_way.look(at(goal, START + 2.4, (0.005, 0.0)))
    assert under_way.outcome.code == SUCCESSFUL


def test_when_any_distance_is_allowed_expect_no_verdict_on_the_path(goal) -> None:
    under_way = task(goal, path=math.inf)
    under_way.look(at(goal, START + 1.0, (2.0, 2.0)))
    assert under_way.outcome is None


def test_when_another_target_is_aimed_at_expect_it_over(goal) -> None:
    under_way = task(goal)
    under_way.aimed(Goal(np.zeros(3), np.zeros(2)))
    assert under_way.outcome.code == INVALID_GOAL
    assert "another target" in under_way.outcome.text


def test_when_an_older_target_is_found_first_expect_it_still_awaited(goal) -> None:
    waiting = FollowTask(Tolerances(np.ones(2), np.ones(2)))
    waiting.aimed(Goal(np.zeros(3), np.zeros(2)))
    assert waiting.outcome is None and not waiting.begun
    assert waiting.look(at(goal, START)) is None
    waiting.found(goal)
    waiting.aimed(goal.starting(9.0))  # the same path, begun when it was taken
    assert waiting.begun


def test_when_the_path_is_refused_expect_the_reason(goal) -> None:
    waiting = FollowTask(Tolerances(np.ones(2), np.ones(2)))
    waiting.refused(ValueError("elbow: speed 9"))
    assert (waiting.outcome.code, waiting.outcome.text) == (INVALID_GOAL, "elbow: speed 9")
    under_way = task(goal)
    under_way.refused(ValueError("somebody else's"))
    assert under_way.outcome is None


def test_when_it_is_cancelled_while_checked_expect_the_path_withdrawn(goal) -> None:
    waiting = FollowTask(Tolerances(np.ones(2), np.ones(2)))
    waiting.cancel()
    assert waiting.outcome.cancelled
    with pytest.raises(DataError, match="withdrawn"):
        waiting.found(goal)
    assert waiting.owns(goal.starting(1.0))


def test_when_it_has_ended_expect_the_outcome_to_stay(goal) -> None:
    under_way = task(goal)
    under_way.cancel()
    first = under_way.outcome
    under_way.end(INVALID_GOAL, "later")
    under_way.aimed(Goal(np.zeros(3), np.zeros(2)))
    assert under_way.outcome is first


@pytest.mark.parametrize("given, meant", [(0.0, 0.7), (-1.0, math.inf), (0.2, 0.2)])
def test_when_a_tolerance_is_given_expect_what_the_action_says(given, meant) -> None:
    assert tolerance(given, 0.7) == meant
