"""What happened in a run now and then: goals, plans, reports, log lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rl_control.data.bags.types import deserialize
from rl_control.data.bags.cdr_rows import HEADER, NANO, NO_STAMP, CdrReader, Stamps
from rl_control.data.runs.goal_path import GoalPath, read_goal_path
from rl_control.data.runs.decisions import read_diagnostics
from rl_control.types import Array


@dataclass(frozen=True)
class LoggedGoal:
    """A goal that was taken.

    Attributes:
        stamp: of the newest state taken before it, in [ns]; `NO_STAMP` if there was none.
        received: time of receipt in [ns].
        position: tip position, [3] in [m].
        quaternion: tip orientation (x, y, z, w), [4]; None where it is free.
        names: joints, [n].
        posture: joint positions aimed at, [n] in [rad] or [m].
        path: how a goal that moves gets there; None for one that does not.
    """

    stamp: int
    received: int
    position: Array
    quaternion: Array | None
    names: tuple[str, ...]
    posture: Array
    path: GoalPath | None = None


@dataclass(frozen=True)
class LoggedPlan:
    """A plan's joint path.

    Attributes:
        stamp: of the state it was made from, in [ns].
        received: time of receipt in [ns].
        names: joints, [n].
        times: of its nodes from `stamp` on, [N+1] in [s].
        positions: [N+1, n] in [rad] or [m].
        velocities: [N+1, n] in [rad/s] or [m/s].
    """

    stamp: int
    received: int
    names: tuple[str, ...]
    times: Array
    positions: Array
    velocities: Array


@dataclass(frozen=True)
class LoggedPath:
    """A plan's tip path.

    Attributes:
        stamp: of the state it was made from, in [ns].
        received: time of receipt in [ns].
        points: [N+1, 3] in [m].
    """

    stamp: int
    received: int
    points: Array


@dataclass(frozen=True)
class Report:
    """One status of a diagnostics message.

    Attributes:
        stamp: time of the report in [ns].
        received: time of receipt in [ns].
        name: of the node.
        level: 0 fine, 1 warning, 2 error.
        message: one line.
        values: what was measured, by key.
    """

    stamp: int
    received: int
    name: str
    level: int
    message: str
    values: Mapping[str, str]


@dataclass(frozen=True)
class LogNote:
    """A line that a node logged.

    Attributes:
        received: time of receipt in [ns].
        name: of the node.
        level: 10 debug, 20 info, 30 warning, 40 error, 50 fatal.
        text: the line.
    """

    received: int
    name: str
    level: int
    text: str


def read_text(raw: bytes) -> str:
    """Return the text of a std_msgs/msg/String."""
    return CdrReader(raw).text()


def pair_goals(
    poses: Sequence[bytes],
    received: Stamps,
    joints: Sequence[bytes],
    joints_received: Stamps,
    paths: Sequence[bytes] = (),
) -> tuple[LoggedGoal, ...]:
    """Return the goals whose pose and joint vector were both recorded, and path if they move.

    Args:
        poses: geometry_msgs/msg/PoseStamped, one a goal.
        received: times of receipt of the poses in [ns].
        joints: sensor_msgs/msg/JointState, one a goal.
        joints_received: times of receipt of the joint vectors in [ns].
        paths: std_msgs/msg/Float64MultiArray, one a goal that moves.
    """
    goals: list[LoggedGoal] = []
    ways = [read_goal_path(raw) for raw in paths]
    vectors = [deserialize("sensor_msgs/msg/JointState", raw) for raw in joints]
    k = 0
    for raw, at in zip(poses, received, strict=True):
        pose = deserialize("geometry_msgs/msg/PoseStamped", raw)
        stamp = _stamp(pose)
        after = next((j for j in range(k, len(vectors)) if _stamp(vectors[j]) == stamp), None)
        if after is None:
            continue
        k = after + 1
        path = None
        if len(vectors[after].velocity):  # it moves
            label = vectors[after].header.frame_id
            path = next((ways.pop(i)[1] for i, way in enumerate(ways) if way[0] == label), None)
            if path is None:
                continue
        p, o = pose.pose.position, pose.pose.orientation
        quaternion = np.array([o.x, o.y, o.z, o.w])
        # A state may have the stamp 0; then the goal after it names the state.
        first = not stamp and not vectors[after].header.frame_id
        goals.append(
            LoggedGoal(
                stamp=NO_STAMP if first else stamp,
                received=max(int(at), int(joints_received[after])),
                position=np.array([p.x, p.y, p.z]),
                quaternion=quaternion if quaternion.any() else None,
                names=tuple(vectors[after].name),
                posture=np.array(vectors[after].position, dtype=np.float64),
                path=path,
            )
        )
    return tuple(goals)


def read_plan(raw: bytes, received: int) -> LoggedPlan:
    """Return the plan in a trajectory_msgs/msg/JointTrajectory."""
    message = deserialize("trajectory_msgs/msg/JointTrajectory", raw)
    spans = [p.time_from_start for p in message.points]
    return LoggedPlan(
        stamp=_stamp(message),
        received=received,
        names=tuple(message.joint_names),
        times=np.array([span.sec + 1e-9 * span.nanosec for span in spans]),
        positions=np.array([p.positions for p in message.points], dtype=np.float64),
        velocities=np.array([p.velocities for p in message.points], dtype=np.float64),
    )


def read_path(raw: bytes, received: int) -> LoggedPath:
    """Return the points of a nav_msgs/msg/Path."""
    message = deserialize("nav_msgs/msg/Path", raw)
    points = [pose.pose.position for pose in message.poses]
    return LoggedPath(
        _stamp(message), received, np.array([[p.x, p.y, p.z] for p in points], dtype=np.float64)
    )


def read_reports(raws: Sequence[bytes], received: Stamps) -> tuple[Report, ...]:
    """Return all statuses of some DiagnosticArray."""
    found: list[Report] = []
    for raw, at in zip(raws, received, strict=True):
        sec, nanosec = np.frombuffer(raw, dtype="<u4", count=2, offset=HEADER)
        stamp = int(sec) * NANO + int(nanosec)
        found += [
            Report(stamp, int(at), name, level, message, values)
            for level, name, message, values in read_diagnostics(raw)
        ]
    return tuple(found)


def read_note(raw: bytes, received: int) -> LogNote:
    """Return the line in an rcl_interfaces/msg/Log."""
    reader = CdrReader(raw)
    reader.at += 8
    level, name = reader.number("B"), reader.text()
    return LogNote(int(received), name, level, reader.text())


def _stamp(message: Any) -> int:
    stamp = message.header.stamp
    return int(stamp.sec) * NANO + int(stamp.nanosec)
