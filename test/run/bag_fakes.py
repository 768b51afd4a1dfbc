"""Bags of an arm that swings, as this package records them."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np

from rl_control.data.bags.layout import LATCHED
from rl_control.data.bags.types import message_class, serialize
from rl_control.data.bags.writer import BagWriter

START = 1_700_000_000_000_000_000  # [ns]
STATES, COMMANDS = "/joint_states", "/effort_controller/commands"
JOINT_STATE, COMMAND = "sensor_msgs/msg/JointState", "std_msgs/msg/Float64MultiArray"
POSE, TEXT = "geometry_msgs/msg/PoseStamped", "std_msgs/msg/String"


def nanoseconds(seconds: float) -> int:
    return round(seconds * 1e9)


def stamp(nanoseconds: int):
    return message_class("builtin_interfaces/msg/Time")(*divmod(nanoseconds, 1_000_000_000))


def header(at: int, frame: str = ""):
    return message_class("std_msgs/msg/Header")(stamp=stamp(at), frame_id=frame)


def state(at, names, position, velocity=()):
    message = message_class(JOINT_STATE)(
        header=header(at), name=list(names), position=np.array(position, dtype=float),
        velocity=np.array(velocity, dtype=float), effort=np.empty(0),
    )  # fmt: skip
    return serialize(JOINT_STATE, message)


def command(values, answers: int | None = None):
    label = "" if answers is None else "{}.{:09d}".format(*divmod(answers, 1_000_000_000))
    dimension = message_class("std_msgs/msg/MultiArrayDimension")
    layout = message_class("std_msgs/msg/MultiArrayLayout")
    size = len(values)
    dims = [dimension(label=label, size=size, stride=size)] if label else []
    message = message_class(COMMAND)(
        layout=layout(dim=dims, data_offset=0), data=np.array(values, dtype=float)
    )
    return serialize(COMMAND, message)


def text(words: str):
    return serialize(TEXT, message_class(TEXT)(data=words))


def pose(at, position):
    point = message_class("geometry_msgs/msg/Point")(*map(float, position))
    free = message_class("geometry_msgs/msg/Quaternion")(0.0, 0.0, 0.0, 0.0)
    inner = message_class("geometry_msgs/msg/Pose")(position=point, orientation=free)
    return serialize(POSE, message_class(POSE)(header=header(at, "base"), pose=inner))


def swing(robot, seconds: float, period: float = 0.005):
    """Times, positions, velocities and efforts of an arm that swings about its home."""
    n = robot.n
    times = np.arange(0.0, seconds, period)
    phase = np.arange(n) * 0.7
    rate = 1.0 + 0.2 * np.arange(n)
    wide = 0.3
    q = robot.home + wide * np.sin(times[:, None] * rate + phase) - wide * np.sin(phase)
    v = wide * rate * np.cos(times[:, None] * rate + phase)
    u = 0.2 * robot.limits.effort * np.sin(2.0 * times[:, None] + phase)
    return SimpleNamespace(times=times, q=q, v=v, u=u)


def write_swing(folder: Path, robot, seconds: float = 4.0, description: str = "", goals=(), **kw):
    """Write a bag; `goals`: (time in [s], tip position). Returns its folder."""
    moved = swing(robot, seconds)
    space = kw.get("namespace", "")
    with BagWriter(folder) as writer:
        writer.topic(space + STATES, JOINT_STATE)
        writer.topic(space + COMMANDS, COMMAND)
        if description:
            writer.topic("/robot_description", TEXT, LATCHED)
            writer.write("/robot_description", text(description), START)
        if len(goals):
            writer.topic("/mpc_controller/goal", POSE, LATCHED)
        waiting = list(goals)
        for k, time in enumerate(moved.times):
            at = START + nanoseconds(time)
            if waiting and waiting[0][0] <= time:
                writer.write("/mpc_controller/goal", pose(at, waiting.pop(0)[1]), at)
            writer.write(
                space + STATES, state(at, robot.names, moved.q[k], moved.v[k]), at + 100_000
            )
            writer.write(space + COMMANDS, command(moved.u[k], at), at + 900_000)
    return folder


def rows_of(robot, seconds=3.0, order=None, extra=(), velocities=True, uneven=None, labels=False):
    """(topic, time of receipt in [ns], bytes) of a swing as other people record it.

    Args:
        robot: the arm.
        seconds: length.
        order: function of the time in [s] that gives the joints' order.
        extra: joints that are named beside.
        velocities: whether velocities are told.
        uneven: generator of random lateness.
        labels: whether commands name the state they answer.
    """
    moved = swing(robot, seconds)
    for k, time in enumerate(moved.times):
        at = START + nanoseconds(time)
        if uneven is not None:
            at += nanoseconds(uneven.uniform(0.0, 0.002))
        names = list(order(time) if order else robot.names)
        index = [robot.names.index(name) for name in names]
        more = np.zeros(len(extra))
        q = np.concatenate([more, moved.q[k][index]])
        v = np.concatenate([more, moved.v[k][index]]) if velocities else ()
        yield STATES, at + 100_000, state(at, [*extra, *names], q, v)
        yield COMMANDS, at + 900_000, command(moved.u[k], at if labels else None)


KIND_OF = {"joint_states": JOINT_STATE, "commands": COMMAND, "goal": POSE}


def kind_of(topic: str) -> str:
    return KIND_OF.get(topic.rsplit("/", 1)[-1], TEXT)


def write_mcap(folder: Path, rows, compression="zstd", chunked=True, namespace="") -> Path:
    """A lone MCAP file as another recorder writes it, chunks compressed by "", "lz4" or "zstd"."""
    from mcap.writer import CompressionType, Writer

    from rl_control.data.bags.types import definition_of

    folder.mkdir(parents=True)
    path = folder / "other.mcap"
    kind = {"": "NONE", "lz4": "LZ4", "zstd": "ZSTD"}[compression]
    with path.open("wb") as file:
        writer = Writer(
            file, compression=CompressionType[kind], chunk_size=20_000, use_chunking=chunked
        )
        writer.start(profile="ros2", library="other")
        channels: dict[str, int] = {}
        for topic, received, raw in rows:
            if topic not in channels:
                name = kind_of(topic)
                schema = writer.register_schema(name, "ros2msg", definition_of(name)[0].encode())
                channels[topic] = writer.register_channel(namespace + topic, "cdr", schema)
            writer.add_message(channels[topic], received, raw, received)
        writer.finish()
    return path


def write_humble(folder: Path, rows) -> Path:
    """An SQLite bag of ROS 2 Humble, which does not define its messages."""
    import sqlite3

    import yaml

    folder.mkdir(parents=True)
    topics: dict[str, int] = {}
    counts: dict[str, int] = {}
    times = []
    with sqlite3.connect(folder / "old_0.db3") as base:
        base.execute("CREATE TABLE schema(schema_version INTEGER PRIMARY KEY, ros_distro TEXT)")
        base.execute("INSERT INTO schema VALUES (3, 'humble')")
        base.execute(
            "CREATE TABLE topics(id INTEGER PRIMARY KEY, name TEXT NOT NULL, type TEXT NOT NULL, "
            "serialization_format TEXT NOT NULL, offered_qos_profiles TEXT NOT NULL)"
        )
        base.execute(
            "CREATE TABLE messages(id INTEGER PRIMARY KEY, topic_id INTEGER NOT NULL, "
            "timestamp INTEGER NOT NULL, data BLOB NOT NULL)"
        )
        for topic, received, raw in rows:
            if topic not in topics:
                topics[topic] = len(topics) + 1
                entry = (topics[topic], topic, kind_of(topic), "cdr", "")
                base.execute("INSERT INTO topics VALUES (?, ?, ?, ?, ?)", entry)
            base.execute(
                "INSERT INTO messages(topic_id, timestamp, data) VALUES (?, ?, ?)",
                (topics[topic], received, raw),
            )
            counts[topic] = counts.get(topic, 0) + 1
            times.append(received)
    base.close()
    start = min(times)
    information = {
        "version": 5,
        "storage_identifier": "sqlite3",
        "relative_file_paths": ["old_0.db3"],
        "duration": {"nanoseconds": max(times) - start},
        "starting_time": {"nanoseconds_since_epoch": start},
        "message_count": len(times),
        "topics_with_message_count": [
            {
                "topic_metadata": {
                    "name": topic, "type": kind_of(topic), "serialization_format": "cdr",
                    "offered_qos_profiles": "",
                },
                "message_count": counts[topic],
            }
            for topic in topics
        ],
        "compression_format": "",
        "compression_mode": "",
    }  # fmt: skip
    (folder / "metadata.yaml").write_text(
        yaml.safe_dump({"rosbag2_bagfile_information": information})
    )
    return folder


def write_rows(folder: Path, rows, split_bytes: int = 0, namespace: str = "") -> Path:
    """A bag as this package's recorder writes it."""
    with BagWriter(folder, split_bytes=split_bytes) as writer:
        known = set()
        for topic, received, raw in rows:
            name = namespace + topic
            if name not in known:
                known.add(name)
                writer.topic(name, kind_of(topic))
            writer.write(name, raw, received)
    return folder
