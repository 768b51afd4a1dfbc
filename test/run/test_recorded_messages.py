"""Messages of a run in one process, against the library that reads bags."""

from __future__ import annotations

import numpy as np
import pytest

from rl_control.data.bags.types import deserialize, message_class, serialize
from rl_control.run.recorded_messages import (
    KINDS,
    command_bytes,
    joints_bytes,
    path_bytes,
    pose_bytes,
    text_bytes,
    trajectory_bytes,
)

STAMP = 3_000_000_021
POINTS = np.arange(12.0).reshape(4, 3) / 7.0


def stamped(frame: str = "") -> object:
    time = message_class("builtin_interfaces/msg/Time")(3, 21)
    return message_class("std_msgs/msg/Header")(time, frame)


@pytest.mark.parametrize("names", [("a",), ("joint_1", "joint_22"), ("abc", "de", "f")])
@pytest.mark.parametrize("frame", ["", "1.000000000"])
def test_when_joints_are_written_expect_the_bytes_of_the_library(names, frame):
    values = np.arange(float(len(names))) + 0.1
    kind = KINDS["/joint_states"]
    wanted = message_class(kind)(stamped(frame), list(names), values, -values, 2 * values)
    raw = joints_bytes(STAMP, names, values, -values, 2 * values, frame)
    assert raw == serialize(kind, wanted)


def test_when_joints_have_positions_only_expect_empty_vectors():
    read = deserialize(KINDS["goal_joints"], joints_bytes(STAMP, ("a", "b"), np.ones(2)))
    assert read.position.tolist() == [1.0, 1.0]
    assert len(read.velocity) == len(read.effort) == 0


@pytest.mark.parametrize("label", ["3.000000021", "12345.000000001"])
def test_when_a_command_is_written_expect_the_bytes_of_the_library(label):
    kind = KINDS["/effort_controller/commands"]
    dimension = message_class("std_msgs/msg/MultiArrayDimension")(label, 3, 3)
    layout = message_class("std_msgs/msg/MultiArrayLayout")([dimension], 0)
    wanted = message_class(kind)(layout, np.array([1.0, 2.0, 3.0]))
    assert command_bytes(label, np.array([1.0, 2.0, 3.0])) == serialize(kind, wanted)


@pytest.mark.parametrize("frame", ["", "base", "base_link"])
def test_when_a_pose_or_a_path_is_written_expect_it_read_back(frame):
    quaternion = np.array([0.0, 0.6, 0.0, 0.8])
    pose = deserialize(KINDS["goal"], pose_bytes(STAMP, frame, POINTS[1], quaternion))
    where, turn = pose.pose.position, pose.pose.orientation
    assert [where.x, where.y, where.z] == POINTS[1].tolist()
    assert [turn.x, turn.y, turn.z, turn.w] == quaternion.tolist()
    assert (pose.header.frame_id, pose.header.stamp.nanosec) == (frame, 21)
    path = deserialize(KINDS["tip_path"], path_bytes(STAMP, frame, POINTS))
    found = [[p.pose.position.x, p.pose.position.y, p.pose.position.z] for p in path.poses]
    assert found == POINTS.tolist()
    assert all(p.pose.orientation.w == 1.0 for p in path.poses)


def test_when_a_plan_is_written_expect_it_read_back():
    names = ("a", "bb", "ccc")
    raw = trajectory_bytes(STAMP, names, POINTS, np.asfortranarray(-POINTS), 0.5)
    read = deserialize(KINDS["plan"], raw)
    assert tuple(read.joint_names) == names
    assert [point.positions.tolist() for point in read.points] == POINTS.tolist()
    assert [point.velocities.tolist() for point in read.points] == (-POINTS).tolist()
    spans = [(p.time_from_start.sec, p.time_from_start.nanosec) for p in read.points]
    assert spans == [(0, 0), (0, 500_000_000), (1, 0), (1, 500_000_000)]


@pytest.mark.parametrize("text", ["", "<robot/>", "\N{LATIN SMALL LETTER E WITH ACUTE}\n" * 9])
def test_when_a_text_is_written_expect_it_read_back(text):
    kind = KINDS["settings"]
    assert text_bytes(text) == serialize(kind, message_class(kind)(text))
