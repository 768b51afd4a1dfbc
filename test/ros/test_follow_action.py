"""FollowJointTrajectory's server before a stand-in for rclpy's ActionServer and control_msgs.

control_msgs is not installed here: what is tested is what the server does with goals, not DDS.
"""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest
from builtin_interfaces.msg import Duration
from rclpy.action import CancelResponse, GoalResponse
from trajectory_msgs.msg import JointTrajectory

from rl_control.control.follow_task import GOAL_TOLERANCE, PATH_TOLERANCE_VIOLATED
from rl_control.control.moving_goal import moving_goal
from rl_control.control.retime import Retimer
from rl_control.errors import DataError, JointMismatchError
from rl_control.robot.description import load_robot
from rl_control.robot.kinematics import Kinematics
from rl_control.ros import follow_action as module
from rl_control.ros.follow_action import FollowServer, follow_action, tolerances_of
from rl_control.types import JointState

ROBOT = load_robot("planar2")
ACTION = SimpleNamespace(Result=SimpleNamespace, Feedback=SimpleNamespace)


def demand(name, position):
    return SimpleNamespace(name=name, position=position)


def request(names=ROBOT.names, path=(), goal=(), late=0.0):
    duration = Duration(sec=int(late // 1), nanosec=round(late % 1 * 1e9))
    return SimpleNamespace(
        trajectory=JointTrajectory(joint_names=list(names)),
        path_tolerance=list(path),
        goal_tolerance=list(goal),
        goal_time_tolerance=duration,
    )


class Handle:
    """What rclpy gives an execution."""

    def __init__(self, asked) -> None:
        self.request, self.is_cancel_requested = asked, False
        self.feedback, self.ended = [], ""

    def publish_feedback(self, feedback) -> None:
        self.feedback.append(feedback)

    def succeed(self) -> None:
        self.ended = "succeeded"

    def abort(self) -> None:
        self.ended = "aborted"

    def canceled(self) -> None:
        self.ended = "canceled"


class Bench:
    """A server whose goals are begun by hand."""

    def __init__(self) -> None:
        self.errors, self.stops, self.begun, self.active = [], 0, [], True
        self.refusal = None
        node = SimpleNamespace(get_logger=lambda: SimpleNamespace(error=self.errors.append))
        self.server = FollowServer(
            node, ACTION, ROBOT.names, lambda: self.active, self._begin, self._stop, self._make
        )

    def _make(self, node, action, name, **callbacks):
        self.name, self.callbacks = name, callbacks
        return SimpleNamespace()

    def _begin(self, trajectory, task) -> None:
        if self.refusal is not None:
            raise self.refusal
        self.begun.append(task)

    def _stop(self) -> None:
        self.stops += 1


def step(run):
    """Let a coroutine go on; return its result, or None if it still waits."""
    try:
        run.send(None)
    except StopIteration as end:
        return end.value
    return None


@pytest.fixture(scope="module")
def goal():
    path = Retimer(ROBOT).as_recorded(
        np.array([0.0, 1.0]), np.array([ROBOT.home, ROBOT.home + 0.2])
    )
    return moving_goal(path, Kinematics(ROBOT), 0.0)


def at(goal, time, off=0.0):
    q = goal.at(time)[0] + off
    return JointState(ROBOT.names, q, np.zeros(2), np.zeros(2), time)


@pytest.fixture
def bench():
    return Bench()


def start(bench, goal, asked=None):
    handle = Handle(asked or request())
    run = bench.callbacks["execute_callback"](handle)
    assert step(run) is None
    bench.begun[-1].found(goal)
    bench.begun[-1].aimed(goal)
    return handle, run


def test_when_control_msgs_is_missing_expect_no_action(monkeypatch) -> None:
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(module.importlib, "import_module", missing)
    assert follow_action() is None


def test_when_the_arm_arrives_expect_feedback_on_the_way_and_success(bench, goal) -> None:
    handle, run = start(bench, goal)
    bench.server.turn(at(goal, 0.5, 0.01))
    (feedback,) = handle.feedback
    assert feedback.joint_names == list(ROBOT.names)
    np.testing.assert_allclose(feedback.desired.positions, goal.at(0.5)[0])
    np.testing.assert_allclose(feedback.actual.positions, goal.at(0.5)[0] + 0.01)
    np.testing.assert_allclose(feedback.error.positions, -0.01, atol=1e-12)
    assert feedback.desired.time_from_start.nanosec == 500_000_000
    bench.server.turn(at(goal, 1.0))
    result = step(run)
    assert (handle.ended, result.error_code, result.error_string) == ("succeeded", 0, "")
    assert bench.stops == 0 and bench.server.task is None


def test_when_the_arm_leaves_the_path_expect_abort_with_code_and_a_brake(bench, goal) -> None:
    asked = request(path=[demand("elbow", 0.05)])
    handle, run = start(bench, goal, asked)
    bench.server.turn(at(goal, 0.5, 0.1))
    result = step(run)
    assert handle.ended == "aborted"
    assert result.error_code == PATH_TOLERANCE_VIOLATED
    assert "elbow is 0.1 off" in result.error_string
    assert bench.stops == 1


def test_when_it_is_cancelled_expect_a_brake_and_the_goal_canceled(bench, goal) -> None:
    handle, run = start(bench, goal)
    assert bench.callbacks["cancel_callback"](handle) == CancelResponse.ACCEPT
    handle.is_cancel_requested = True
    bench.server.turn(at(goal, 0.5))
    step(run)
    assert handle.ended == "canceled" and bench.stops == 1
    assert bench.server.withdrawn(goal)


def test_when_a_newer_goal_comes_expect_the_older_aborted(bench, goal) -> None:
    first, run = start(bench, goal)
    second, later = start(bench, goal.starting(0.0))
    assert step(run).error_string == "a newer goal took its place"
    assert first.ended == "aborted" and second.ended == ""
    later.close()


def test_when_the_path_cannot_be_begun_expect_abort_with_the_reason(bench, goal) -> None:
    bench.refusal = DataError("target_trajectory", "found no points", "Give one.")
    handle = Handle(request())
    run = bench.callbacks["execute_callback"](handle)
    assert step(run) is None
    bench.server.turn(at(goal, 0.0))
    result = step(run)
    assert (handle.ended, result.error_code) == ("aborted", -1)
    assert "found no points" in result.error_string
    assert bench.stops == 0


def test_when_the_controller_is_deactivated_expect_the_goal_aborted(bench, goal) -> None:
    handle, run = start(bench, goal)
    bench.server.close("the controller was deactivated")
    assert "deactivated" in step(run).error_string
    assert handle.ended == "aborted"


def test_when_the_check_never_ends_expect_the_goal_aborted(bench, goal, monkeypatch) -> None:
    handle = Handle(request())
    run = bench.callbacks["execute_callback"](handle)
    step(run)
    monkeypatch.setattr(module, "CHECK_TIME", -1.0)
    bench.server.turn(at(goal, 0.0))
    assert step(run).error_code == -1 and handle.ended == "aborted"


@pytest.mark.parametrize(
    "asked, named",
    [
        (request(("shoulder",)), "elbow"),
        (request((*ROBOT.names, "wheel")), "wheel"),
        (request(path=[demand("wheel", 0.1)]), "wheel"),
    ],
)
def test_when_joints_do_not_match_expect_a_rejection(bench, asked, named) -> None:
    assert bench.callbacks["goal_callback"](asked) == GoalResponse.REJECT
    assert named in bench.errors[-1]


def test_when_the_controller_is_not_active_expect_a_rejection(bench) -> None:
    bench.active = False
    assert bench.callbacks["goal_callback"](request()) == GoalResponse.REJECT
    bench.active = True
    assert bench.callbacks["goal_callback"](request()) == GoalResponse.ACCEPT
    assert bench.name == "~/follow_joint_trajectory"


def test_when_tolerances_are_given_expect_defaults_only_where_none_is() -> None:
    asked = request(
        path=[demand("elbow", 0.2)],
        goal=[demand("shoulder", 0.3), demand("elbow", -1.0)],
        late=1.5,
    )
    found = tolerances_of(asked, ROBOT.names)
    np.testing.assert_array_equal(found.path, [math.inf, 0.2])
    np.testing.assert_array_equal(found.goal, [0.3, math.inf])
    assert found.goal_time == 1.5
    nothing = tolerances_of(request(), ROBOT.names)
    np.testing.assert_array_equal(nothing.goal, GOAL_TOLERANCE)
    with pytest.raises(JointMismatchError):
        tolerances_of(request(goal=[demand("x", 1.0)]), ROBOT.names)
