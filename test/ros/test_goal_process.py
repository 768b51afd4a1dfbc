"""The search for goals in a process of its own: the same answers, and faults that show."""

import pickle

import numpy as np
import pytest

from rl_control.errors import GoalSearchError, UnreachableTargetError
from rl_control.robot.description import load_robot
from rl_control.robot.ik import InverseKinematics
from rl_control.ros import goal_process
from rl_control.ros.goal_process import GoalProcess, goal_search
from rl_control.tasks.goal import resolve_goal

ROBOT = load_robot("planar2")
TARGET = np.array([0.35, 0.14, 1.25])


@pytest.fixture
def search():
    process = GoalProcess(ROBOT, avoid_collision=False)
    yield process
    process.close()


def test_when_a_target_is_asked_for_expect_what_the_search_in_this_process_finds(search):
    goal = search.pose(TARGET, None, ROBOT.home)
    expected = resolve_goal(InverseKinematics(ROBOT), TARGET, None, ROBOT.home)
    np.testing.assert_array_equal(goal.posture, expected.posture)
    np.testing.assert_array_equal(goal.position, TARGET)


def test_when_a_target_is_out_of_reach_expect_the_error_with_its_numbers(search):
    with pytest.raises(UnreachableTargetError, match="cannot be reached") as caught:
        search.pose(np.array([5.0, 0.14, 1.0]), None, ROBOT.home)
    assert caught.value.target == [5.0, 0.14, 1.0]
    assert caught.value.nearest_miss_m > 3.0


def test_when_an_older_answer_is_still_on_its_way_expect_it_passed_over(search):
    search._connection.send((0, np.array([0.5, 0.14, 1.0]), None, ROBOT.home))
    np.testing.assert_array_equal(search.pose(TARGET, None, ROBOT.home).position, TARGET)


def test_when_the_process_is_killed_expect_an_error_that_says_so(search):
    search.pose(TARGET, None, ROBOT.home)
    search._process.kill()
    search._process.join(5.0)
    assert not search.alive
    with pytest.raises(GoalSearchError, match="gone"):
        search.pose(TARGET, None, ROBOT.home)


def test_when_an_error_travels_between_processes_expect_its_data_and_message():
    error = UnreachableTargetError([1.0, 2.0, 3.0], nearest_miss_m=0.5, tolerance_m=0.001)
    copy = pickle.loads(pickle.dumps(error))
    assert (type(copy), str(copy), vars(copy)) == (type(error), str(error), vars(error))


@pytest.mark.parametrize(("wanted", "installed"), [(True, True), (True, False), (False, False)])
def test_when_pybullet_is_missing_expect_a_warning_only_where_it_is_wanted(
    monkeypatch, wanted, installed
):
    made, warnings = [], []
    monkeypatch.setattr(goal_process, "GoalProcess", lambda *given: made.append(given))
    found = object() if installed else None
    monkeypatch.setattr(goal_process.importlib.util, "find_spec", lambda name: found)
    goal_search(ROBOT, wanted, warnings.append)
    assert made == [(ROBOT, wanted and installed)]
    assert len(warnings) == (wanted and not installed)
