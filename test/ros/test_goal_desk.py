"""A controller's goals, from messages to the watch, without ROS's middleware."""

import time
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("rclpy")

from geometry_msgs.msg import PoseStamped
from sensor_msgs.msg import JointState as JointStateMessage

from rl_control.errors import ConfigError, JointMismatchError
from rl_control.robot.arm_model import ArmModel
from rl_control.robot.description import load_robot
from rl_control.ros.controller_config import ControllerConfig
from rl_control.ros.goal_desk import GoalDesk
from rl_control.ros.log_once import LogOnce
from rl_control.types import JointState

ROBOT = load_robot("planar2")
MODEL = ArmModel(ROBOT)


class Desk:
    """A desk, the topics it hears by name, and what it told."""

    def __init__(self, **config):
        self.topics, self.refused, self.lines, self.state = {}, [], [], None
        self.asked = []
        search = SimpleNamespace(pose=self._search)
        config = ControllerConfig(**config)
        self.desk = GoalDesk(ROBOT, MODEL, search, config.task, LogOnce(self.lines.append))
        node = SimpleNamespace(
            subscribe=lambda kind, topic, action, quality: self.topics.update({topic: action})
        )
        self.desk.open(node, config, lambda: self.state, self.refused.append)

    def _search(self, position, rotation, q):
        self.asked.append((position, rotation, q))
        return self.desk.here(ROBOT.home + 0.3)

    def taken(self):
        """The goal found, or None after a second."""
        end = time.monotonic() + 1.0
        while time.monotonic() < end:
            goal = self.desk.take(self.state)
            if goal is not None:
                return goal
            time.sleep(0.001)
        return None


@pytest.fixture
def make():
    made = []

    def build(**config):
        made.append(Desk(**config))
        return made[-1]

    yield build
    for one in made:
        one.desk.close()


def at(q):
    return JointState(ROBOT.names, q, np.zeros(2), np.zeros(2), 1.0)


def pose(x, frame=ROBOT.base):
    message = PoseStamped()
    message.header.frame_id = frame
    message.pose.position.x = x
    message.pose.orientation.w = 1.0
    return message


def test_when_a_pose_comes_expect_a_goal_searched_from_where_the_arm_is(make):
    desk = make()
    desk.state = at(ROBOT.home + 0.1)
    desk.topics["~/target_pose"](pose(0.5))
    goal = desk.taken()
    np.testing.assert_array_equal(goal.posture, ROBOT.home + 0.3)
    position, _, q = desk.asked[0]
    assert position[0] == 0.5
    np.testing.assert_array_equal(q, desk.state.position)


def test_when_a_pose_comes_before_any_state_expect_it_refused(make):
    desk = make()
    desk.topics["~/target_pose"](pose(0.5))
    assert isinstance(desk.refused[0], ConfigError)
    assert not desk.asked


def test_when_a_joint_target_is_of_another_arm_expect_the_reason_when_it_is_taken(make):
    desk = make()
    desk.topics["~/target_joint_state"](JointStateMessage(name=["x"], position=[0.0]))
    with pytest.raises(JointMismatchError):
        desk.taken()


def test_when_a_goal_is_aimed_at_expect_it_watched(make):
    desk = make().desk
    assert (desk.goal, desk.watch.status) == (None, "none")
    assert not desk.overdue(None)
    goal = desk.here(ROBOT.home)
    desk.aimed(goal)
    assert desk.goal is goal
    assert desk.watch.status == "moving"
    for _ in range(2):
        assert not desk.overdue(at(ROBOT.home))
    assert desk.watch.tip_error == pytest.approx(0.0, abs=1e-12)


def test_when_the_tip_is_measured_expect_its_distance_and_not_that_of_the_joints(make):
    desk = make(tip_pose_topic="/tip")
    place = desk.desk.here(ROBOT.home)
    desk.desk.aimed(place)
    desk.topics["/tip"](pose(0.0))
    assert not desk.desk.overdue(at(ROBOT.home))
    assert desk.desk.watch.tip_error == pytest.approx(np.linalg.norm(place.position))
    for _ in range(2):
        desk.topics["/tip"](pose(0.0, frame="elsewhere"))
    assert len(desk.lines) == 1
    assert "elsewhere" in desk.lines[0]
