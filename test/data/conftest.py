"""Bags as a recorder would have written them."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for bags.py


@pytest.fixture
def write_bag(tmp_path):
    """Return a function that writes messages as a bag and returns its folder."""
    rosbag2 = pytest.importorskip("rosbags.rosbag2")
    from rosbags.typesys import Stores, get_typestore

    def write(messages, storage="MCAP", store="ROS2_JAZZY", name="bag") -> Path:
        """`messages`: (topic, time of receipt in [s], message made by `state` or `command`)."""
        types = get_typestore(Stores[store])
        plugin = rosbag2.StoragePlugin[storage]
        with rosbag2.Writer(tmp_path / name, version=9, storage_plugin=plugin) as writer:
            opened = {}
            for topic, received, make in messages:
                message = make(types)
                kind = message.__msgtype__
                if topic not in opened:
                    opened[topic] = writer.add_connection(topic, kind, typestore=types)
                raw = types.serialize_cdr(message, kind)
                writer.write(opened[topic], nanoseconds(received), raw)
        return tmp_path / name

    return write


@pytest.fixture
def messages():
    """Return the makers of messages."""
    return Makers


def nanoseconds(seconds: float) -> int:
    return round(seconds * 1e9)


class Makers:
    """Functions that make a message once they are given a typestore."""

    @staticmethod
    def state(stamp, names, position, velocity=(), effort=()):
        def make(types):
            t = types.types
            at = t["builtin_interfaces/msg/Time"](*divmod(nanoseconds(stamp), 1_000_000_000))
            return t["sensor_msgs/msg/JointState"](
                header=t["std_msgs/msg/Header"](stamp=at, frame_id=""),
                name=list(names),
                position=np.array(position, dtype=float),
                velocity=np.array(velocity, dtype=float),
                effort=np.array(effort, dtype=float),
            )

        return make

    @staticmethod
    def command(values, label=None):
        def make(types):
            t = types.types
            size = len(values)
            dimension = t["std_msgs/msg/MultiArrayDimension"]
            dims = [] if label is None else [dimension(label=label, size=size, stride=size)]
            layout = t["std_msgs/msg/MultiArrayLayout"](dim=dims, data_offset=0)
            kind = t["std_msgs/msg/Float64MultiArray"]
            return kind(layout=layout, data=np.array(values, dtype=float))

        return make


@pytest.fixture
def write_run(tmp_path):
    """Return a function that writes (topic, time of receipt in [ns], message) as a bag."""
    rosbag2 = pytest.importorskip("rosbags.rosbag2")
    from rosbags.typesys import Stores, get_typestore

    def write(messages, name="bag") -> Path:
        types = get_typestore(Stores.ROS2_JAZZY)
        plugin = rosbag2.StoragePlugin.MCAP
        with rosbag2.Writer(tmp_path / name, version=9, storage_plugin=plugin) as writer:
            opened = {}
            for topic, received, make in messages:
                kind, raw = make(types)
                if topic not in opened:
                    opened[topic] = writer.add_connection(topic, kind, typestore=types)
                writer.write(opened[topic], received, raw)
        return tmp_path / name

    return write


@pytest.fixture
def make():
    """Return the makers of the messages of a controlled run; stamps in [ns]."""
    return RunMakers


def raw_message(kind, **fields):
    """Return a function that makes a message's type and bytes once it is given a typestore."""

    def make(types):
        values = {
            name: value(types) if callable(value) else value for name, value in fields.items()
        }
        return kind, bytes(types.serialize_cdr(types.types[kind](**values), kind))

    return make


def inner(kind, **fields):
    """Return a function that makes a part of a message."""

    def make(types):
        values = {
            name: value(types) if callable(value) else value for name, value in fields.items()
        }
        return types.types[kind](**values)

    return make


def several(makers):
    return lambda types: [make(types) for make in makers]


def header(stamp, frame="base"):
    at = inner("builtin_interfaces/msg/Time", sec=stamp // 10**9, nanosec=stamp % 10**9)
    return inner("std_msgs/msg/Header", stamp=at, frame_id=frame)


class RunMakers:
    """Functions that make a message's type and bytes once they are given a typestore."""

    @staticmethod
    def joints(stamp, names, position, velocity=(), effort=()):
        vectors = {"position": position, "velocity": velocity, "effort": effort}
        arrays = {key: np.array(value, dtype=float) for key, value in vectors.items()}
        kind = "sensor_msgs/msg/JointState"
        return raw_message(kind, header=header(stamp, ""), name=list(names), **arrays)

    @staticmethod
    def command(values, label):
        size = len(values)
        one = inner("std_msgs/msg/MultiArrayDimension", label=label, size=size, stride=size)
        dims = several([] if label is None else [one])
        layout = inner("std_msgs/msg/MultiArrayLayout", dim=dims, data_offset=0)
        data = np.array(values, dtype=float)
        return raw_message("std_msgs/msg/Float64MultiArray", layout=layout, data=data)

    @staticmethod
    def text(text):
        return raw_message("std_msgs/msg/String", data=text)

    @staticmethod
    def pose(stamp, position, quaternion):
        point = inner(
            "geometry_msgs/msg/Point", **dict(zip("xyz", map(float, position), strict=True))
        )
        turn = inner(
            "geometry_msgs/msg/Quaternion", **dict(zip("xyzw", map(float, quaternion), strict=True))
        )
        pose = inner("geometry_msgs/msg/Pose", position=point, orientation=turn)
        return raw_message("geometry_msgs/msg/PoseStamped", header=header(stamp), pose=pose)

    @staticmethod
    def diagnostics(name, values, stamp=0):
        pairs = [inner("diagnostic_msgs/msg/KeyValue", key=k, value=v) for k, v in values.items()]
        status = inner(
            "diagnostic_msgs/msg/DiagnosticStatus",
            level=0,
            name=name,
            message="",
            hardware_id="arm",
            values=several(pairs),
        )
        kind = "diagnostic_msgs/msg/DiagnosticArray"
        return raw_message(kind, header=header(stamp), status=several([status]))

    @staticmethod
    def plan(stamp, names, positions, dt):
        points = [
            inner(
                "trajectory_msgs/msg/JointTrajectoryPoint",
                positions=np.array(q, dtype=float),
                velocities=np.zeros(len(names)),
                accelerations=np.zeros(0),
                effort=np.zeros(0),
                time_from_start=inner(
                    "builtin_interfaces/msg/Duration", sec=0, nanosec=nanoseconds(k * dt)
                ),
            )
            for k, q in enumerate(positions)
        ]
        kind = "trajectory_msgs/msg/JointTrajectory"
        return raw_message(
            kind, header=header(stamp), joint_names=list(names), points=several(points)
        )

    @staticmethod
    def log(name, level, text):
        at = inner("builtin_interfaces/msg/Time", sec=0, nanosec=0)
        fields = {"name": name, "level": level, "msg": text, "file": "", "function": "", "line": 0}
        return raw_message("rcl_interfaces/msg/Log", stamp=at, **fields)
