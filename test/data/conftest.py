"""Bags as a recorder would have written them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest


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
