"""JointTrajectory messages as goals that move."""

from __future__ import annotations

import math

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from std_msgs.msg import Header
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from rl_control.control.moving_goal import moving_goal
from rl_control.control.retime import Retimer
from rl_control.errors import DataError, JointMismatchError, NonFiniteError, ShapeError
from rl_control.robot.description import load_robot
from rl_control.robot.kinematics import Kinematics
from rl_control.ros.convert import duration_message
from rl_control.ros.goal_process import GoalProcess
from rl_control.ros.trajectory_goals import LEAD, begun, path_of_message, start_of, stopping_place
from rl_control.types import Goal, JointState

ROBOT = load_robot("planar2")
HOME = ROBOT.home


def state(q=HOME, v=(0.0, 0.0), stamp=5.0):
    return JointState(ROBOT.names, np.array(q), np.array(v), np.zeros(2), stamp)


def message(*points, names=ROBOT.names, stamp=0.0, velocities=None):
    whole = JointTrajectory(joint_names=list(names))
    whole.header = Header(stamp=Time(sec=int(stamp), nanosec=round(stamp % 1 * 1e9)))
    for k, (time, q) in enumerate(points):
        point = JointTrajectoryPoint(
            positions=[float(x) for x in q], time_from_start=duration_message(time)
        )
        if velocities is not None:
            point.velocities = [float(x) for x in velocities[k]]
        whole.points.append(point)
    return whole


def test_when_joints_come_in_another_order_with_others_expect_the_arms() -> None:
    names = ("elbow", "gripper", "shoulder")
    sent = message((0.0, (1.0, 9.0, 2.0)), (1.0, (3.0, 9.0, 4.0)), names=names)
    found = path_of_message(sent, state())
    assert found.names == ROBOT.names
    np.testing.assert_array_equal(found.positions, [[2.0, 1.0], [4.0, 3.0]])
    assert found.velocities is None


def test_when_the_first_point_is_later_expect_the_way_there_from_where_the_arm_is() -> None:
    sent = message((0.5, HOME + 0.1), velocities=[(0.3, 0.2)])
    found = path_of_message(sent, state(HOME + 0.02))
    np.testing.assert_array_equal(found.times, [0.0, 0.5])
    np.testing.assert_array_equal(found.positions, [HOME + 0.02, HOME + 0.1])
    np.testing.assert_array_equal(found.velocities, [[0.0, 0.0], [0.3, 0.2]])


@pytest.mark.parametrize(
    "sent, error, problem",
    [
        (message(), DataError, "no points"),
        (message((0.0, HOME), (1.0, HOME), names=("a", "b")), JointMismatchError, "shoulder"),
        (message((0.0, HOME[:1]), (1.0, HOME)), ShapeError, "found 1"),
        (message((0.0, HOME), (1.0, (math.nan, 0.0))), NonFiniteError, "shoulder"),
        (message((0.0, HOME), (0.0, HOME)), DataError, "does not increase"),
        (message((0.0, HOME)), DataError, "1 point"),
    ],
)
def test_when_a_message_is_no_path_of_the_arm_expect_why(sent, error, problem) -> None:
    with pytest.raises(error, match=problem):
        path_of_message(sent, state())


def test_when_no_state_has_come_expect_a_refusal() -> None:
    with pytest.raises(DataError, match="no joint state"):
        path_of_message(message((1.0, HOME)), None)


@pytest.fixture(scope="module")
def goal():
    path = Retimer(ROBOT).as_recorded(np.array([0.0, 2.0]), np.array([HOME, HOME + 0.5]))
    return moving_goal(path, Kinematics(ROBOT))


def test_when_there_is_no_stamp_expect_the_path_begun_at_the_newest_state(goal) -> None:
    start = start_of(message((1.0, HOME)))
    assert math.isnan(start)
    assert begun(goal.starting(start), state(stamp=5.25)).start == 5.25 + LEAD


def test_when_there_is_a_stamp_expect_the_path_begun_then(goal) -> None:
    start = start_of(message((1.0, HOME), stamp=4.5))
    assert start == 4.5
    here = goal.starting(start).at(5.0)[0]
    assert begun(goal.starting(start), state(here)).start == 4.5
    later = begun(goal.starting(9.0), state())
    assert later.start == 9.0


def test_when_the_arm_is_elsewhere_expect_joint_value_and_bound(goal) -> None:
    with pytest.raises(DataError, match=r"elbow is at \S+, the path has it .* 0.2 away, allowed"):
        begun(goal.starting(math.nan), state(HOME + np.array([0.0, 0.2])))


def test_when_the_path_is_over_expect_a_refusal(goal) -> None:
    with pytest.raises(DataError, match=r"ended 1.000 s ago"):
        begun(goal.starting(2.0), state(HOME + 0.5))


def test_when_a_goal_does_not_move_expect_it_as_it_is() -> None:
    still = Goal(np.zeros(3), np.zeros(2))
    assert begun(still, None) is still
    assert begun(None, None) is None


def test_when_a_moving_arm_is_stopped_expect_a_place_ahead_within_the_limits() -> None:
    limits = ROBOT.limits
    place = stopping_place(state(HOME, (1.0, -1.0)), limits.lower, limits.upper)
    np.testing.assert_allclose(place, HOME + np.array([0.05, -0.05]))
    high = np.array([limits.upper[0] - 0.01, HOME[1]])
    place = stopping_place(state(high, (1.0, 0.0)), limits.lower, limits.upper)
    assert place[0] == limits.upper[0]


@pytest.fixture
def search():
    process = GoalProcess(ROBOT, avoid_collision=True)
    yield process
    process.close()


def test_when_a_path_is_looked_at_in_the_other_process_expect_goal_or_reason(search) -> None:
    sent = message((0.0, HOME), (2.0, HOME + 0.5))
    found = search.path(path_of_message(sent, state()), ROBOT.limits)
    np.testing.assert_allclose(found.posture, HOME + 0.5, atol=1e-12)
    assert found.duration == pytest.approx(2.0, abs=0.01)
    quick = path_of_message(message((0.0, HOME), (0.05, HOME + 0.5)), state())
    with pytest.raises(DataError, match=r"at 0\.\d+ s, \w+: (speed|effort) \S+, allowed"):
        search.path(quick, ROBOT.limits)
    with pytest.raises(DataError, match="speed"):
        search.path(path_of_message(sent, state()), ROBOT.limits.scaled(0.05))
