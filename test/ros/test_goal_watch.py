"""Whether the arm gets to a goal that moves."""

from __future__ import annotations

import numpy as np
import pytest

from rl_control.control.moving_goal import moving_goal
from rl_control.control.retime import Retimer
from rl_control.robot.arm_model import ArmModel
from rl_control.robot.description import load_robot
from rl_control.robot.kinematics import Kinematics
from rl_control.ros.goals import GoalWatch
from rl_control.tasks.reach import ReachConfig
from rl_control.types import JointState

ROBOT = load_robot("planar2")
START, DURATION = 3.0, 6.0  # longer than the task's time limit


@pytest.fixture
def goal():
    """Out and back: it ends where it begins."""
    out = ROBOT.home + 0.4
    path = Retimer(ROBOT).as_recorded(
        np.array([0.0, DURATION / 2, DURATION]), np.array([ROBOT.home, out, ROBOT.home])
    )
    return moving_goal(path, Kinematics(ROBOT), START)


@pytest.fixture
def watch(goal):
    watch = GoalWatch(ROBOT, ArmModel(ROBOT), ReachConfig())
    watch.start(goal, now=100.0)
    return watch


def at(q, time):
    return JointState(ROBOT.names, q, np.zeros(2), np.zeros(2), time)


def test_when_the_path_ends_where_it_begins_expect_it_reached_only_in_the_end(watch, goal) -> None:
    for since in (0.0, 1.0, 3.0, 5.9):
        assert not watch.check(at(goal.at(START + since)[0], START + since), 100.0 + since)
        assert watch.status == "moving"
        assert watch.tip_error < 1e-4
    watch.check(at(ROBOT.home, START + 6.01), 106.01)
    assert watch.status == "reached"


def test_when_the_arm_is_off_the_path_expect_the_distance_from_where_it_should_be(
    watch, goal
) -> None:
    watch.check(at(ROBOT.home, START + 3.0), 103.0)
    model = ArmModel(ROBOT)
    wanted = model.tip(goal.at(START + 3.0)[0]).position
    miss = np.linalg.norm(model.tip(ROBOT.home).position - wanted)
    assert watch.tip_error == pytest.approx(miss, rel=1e-3)
    assert watch.distance(at(ROBOT.home, START + 3.0)) == pytest.approx(miss, rel=1e-3)
    assert watch.distance(at(ROBOT.home, START + 9.0)) < 1e-9


def test_when_the_end_is_not_reached_expect_to_be_told_once_and_after_the_path(watch) -> None:
    away = ROBOT.home + 0.3
    limit = ReachConfig().time_limit
    assert not watch.check(at(away, START + DURATION - 0.1), 100.0 + DURATION - 0.1)
    assert not watch.check(at(away, START + DURATION + 0.1), 100.0 + DURATION + 0.1)
    assert watch.check(at(away, START + 20.0), 100.0 + DURATION + limit + 0.1)
    assert watch.status == "not reached"
    assert not watch.check(at(away, START + 21.0), 130.0)


def test_when_a_target_is_refused_expect_why_until_the_next_one(watch, goal) -> None:
    watch.refuse(ValueError("elbow: too quick"))
    assert (watch.status, watch.refusal) == ("refused", "elbow: too quick")
    watch.start(goal, 100.0)
    assert (watch.status, watch.refusal) == ("moving", "")
