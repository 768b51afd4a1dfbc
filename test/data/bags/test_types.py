"""Definitions and hashes of message types, against those that ROS itself was built with."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from rl_control.data.bags.types import definition_of, deserialize, message_class, serialize
from rl_control.errors import ConfigError

STATE = "sensor_msgs/msg/JointState"
KINDS = (
    STATE,
    "std_msgs/msg/Float64MultiArray",
    "trajectory_msgs/msg/JointTrajectory",
    "nav_msgs/msg/Path",
    "geometry_msgs/msg/PoseStamped",
    "diagnostic_msgs/msg/DiagnosticArray",
    "rcl_interfaces/msg/ParameterEvent",
    "rosgraph_msgs/msg/Clock",
)


@pytest.mark.parametrize("kind", KINDS)
def test_when_ros_is_installed_expect_the_hash_that_it_gives_a_type(kind):
    package, _, name = kind.split("/")
    file = Path(sys.prefix) / "share" / package / "msg" / f"{name}.json"
    if not file.is_file():
        pytest.skip("no type descriptions are installed")
    hashes = {
        row["type_name"]: row["hash_string"] for row in json.loads(file.read_text())["type_hashes"]
    }
    assert definition_of(kind)[1] == hashes[kind]


def test_when_a_type_has_parts_expect_all_of_them_after_it():
    text, _ = definition_of(STATE)
    first, *parts = text.split("=" * 80 + "\n")
    assert first.splitlines()[0] == "std_msgs/Header header"
    assert [part.splitlines()[0] for part in parts] == [
        "MSG: std_msgs/Header",
        "MSG: builtin_interfaces/Time",
    ]


def test_when_a_message_is_serialized_expect_the_same_back():
    time = message_class("builtin_interfaces/msg/Time")(sec=12, nanosec=34)
    header = message_class("std_msgs/msg/Header")(stamp=time, frame_id="base")
    values = np.arange(3.0)
    message = message_class(STATE)(
        header=header, name=["a", "b", "c"], position=values, velocity=-values, effort=values[:0]
    )
    found = deserialize(STATE, serialize(STATE, message))
    assert (found.header.stamp.sec, found.header.frame_id, found.name) == (12, "base", message.name)
    np.testing.assert_array_equal(found.velocity, -values)
    assert not len(found.effort)


def test_when_rclpy_reads_it_expect_the_same_message():
    serialization = pytest.importorskip("rclpy.serialization")
    from std_msgs.msg import Float64MultiArray, MultiArrayDimension

    kind = "std_msgs/msg/Float64MultiArray"
    message = Float64MultiArray(data=[1.0, -2.5])
    message.layout.dim = [MultiArrayDimension(label="12.000000034", size=2, stride=2)]
    ours = message_class(kind)(
        layout=message_class("std_msgs/msg/MultiArrayLayout")(
            dim=[
                message_class("std_msgs/msg/MultiArrayDimension")(
                    label="12.000000034", size=2, stride=2
                )
            ],
            data_offset=0,
        ),
        data=np.array([1.0, -2.5]),
    )
    assert serialization.deserialize_message(serialize(kind, ours), Float64MultiArray) == message


@pytest.fixture
def overlay(tmp_path, monkeypatch):
    """A workspace with one package of messages."""
    folder = tmp_path / "install" / "share" / "our_msgs" / "msg"
    folder.mkdir(parents=True)
    (folder / "Inner.msg").write_text("float64[3] values\nint8 KIND=2\n")
    (folder / "Outer.msg").write_text("std_msgs/Header header\nInner[] parts  # in order\n")
    (folder / "Torn.msg").write_text("lost_msgs/Gone gone\n")
    monkeypatch.setenv("AMENT_PREFIX_PATH", f"{tmp_path}/nothing:{tmp_path}/install")


def test_when_a_package_is_installed_expect_the_definition_of_its_files(overlay):
    text, digest = definition_of("our_msgs/msg/Outer")
    assert "MSG: our_msgs/Inner\nint8 KIND=2\nfloat64[3] values\n" in text
    assert digest.startswith("RIHS01_") and len(digest) == len("RIHS01_") + 64


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        ("our_msgs/msg/Torn", r"lost_msgs/msg/Gone \(a part of our_msgs/msg/Torn\).*Install"),
        ("no_msgs/msg/Thing", "share/no_msgs/msg/Thing.msg.*Install the package no_msgs"),
        ("sensor_msgs/JointState", "no name of a message type.*such as sensor_msgs/msg/JointState"),
        ("", "no name of a message type"),
        ("../msg/x", "no name of a message type"),
    ],
)
def test_when_a_type_is_not_known_expect_what_to_do(overlay, kind, told):
    with pytest.raises(ConfigError, match=told):
        definition_of(kind)
