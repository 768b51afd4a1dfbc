"""Which topic of a bag is the arm's."""

from __future__ import annotations

from contextlib import closing

import pytest

from rl_control.data.bags.messages import open_bag
from rl_control.data.bags.topics import choose_topic
from rl_control.errors import DataError

KIND = "sensor_msgs/msg/JointState"
GOAL = "/mpc_controller/goal_joints"


def chosen(path, named=""):
    with closing(open_bag(path)) as bag:
        return choose_topic(bag, KIND, named, "/joint_states", "joint states")


def test_when_only_goals_are_joint_states_expect_them_not_taken_for_the_arm(write_bag, messages):
    path = write_bag([(GOAL, 1.0, messages.state(0.0, ["a"], [0.0]))])
    with pytest.raises(DataError, match=f"but those of goals and plans; topics: {GOAL}"):
        chosen(path)
    assert chosen(path, GOAL).name == GOAL


def test_when_the_arm_speaks_beside_a_goal_expect_the_arm(write_bag, messages):
    rows = [(GOAL, 1.0, messages.state(0.0, ["a"], [0.0]))]
    rows += [("/left/joint_states", 1.1, messages.state(0.1, ["a"], [1.0]))]
    found = chosen(write_bag(rows))
    assert found.name == "/left/joint_states"
    assert "the only such topic" in found.note
