"""The messages of a run in one process, as the bytes ROS sends (CDR); quick enough for every tick.

Source: OMG, DDS-XTypes 1.3, section 7.4, encoding XCDR1: numbers stand at multiples of their size
from the content's begin; a sequence and a string (with its final zero) are led by their length.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache

import numpy as np

from rl_control.data.bags.cdr_rows import NANO, stamp_label
from rl_control.data.runs.goal_path import goal_path_bytes
from rl_control.run.goal_told import path_of
from rl_control.types import Array, Goal

KINDS = {
    "/joint_states": "sensor_msgs/msg/JointState",
    "/effort_controller/commands": "std_msgs/msg/Float64MultiArray",
    "/robot_description": "std_msgs/msg/String",
    "plan": "trajectory_msgs/msg/JointTrajectory",
    "tip_path": "nav_msgs/msg/Path",
    "goal": "geometry_msgs/msg/PoseStamped",
    "goal_joints": "sensor_msgs/msg/JointState",
    "goal_path": "std_msgs/msg/Float64MultiArray",
    "decisions": "diagnostic_msgs/msg/DiagnosticArray",
    "settings": "std_msgs/msg/String",
}
"""Type of each topic; of the controller's own, by their last name."""

_LITTLE_ENDIAN = b"\x00\x01\x00\x00"
_UNTURNED = np.array([0.0, 0.0, 0.0, 1.0])
_NOTHING = np.zeros(0)


class _Cdr:
    """The bytes of one message, from its first to its last."""

    def __init__(self) -> None:
        self.raw = bytearray(_LITTLE_ENDIAN)

    def numbers(self, kinds: str, *values: int) -> None:
        """Add numbers of 4 bytes each, of kinds as `struct` names them."""
        self.align(4)
        self.raw += struct.pack(f"<{kinds}", *values)

    def text(self, text: str) -> None:
        raw = text.encode() + b"\0"
        self.numbers("I", len(raw))
        self.raw += raw

    def doubles(self, values: Array) -> None:
        """Add numbers without their count."""
        if len(values):
            self.align(8)
            self.raw += np.ascontiguousarray(values, dtype="<f8").tobytes()

    def vector(self, values: Array) -> None:
        """Add numbers led by their count."""
        self.numbers("I", len(values))
        self.doubles(values)

    def header(self, stamp: int, frame: str) -> None:
        self.numbers("iI", *divmod(stamp, NANO))
        self.text(frame)

    def names(self, names: Sequence[str]) -> None:
        self.numbers("I", len(names))
        for name in names:
            self.text(name)

    def pose(self, stamp: int, frame: str, position: Array, quaternion: Array) -> None:
        self.header(stamp, frame)
        self.doubles(position)
        self.doubles(quaternion)

    def align(self, size: int) -> None:
        """Go on at a multiple of `size` bytes."""
        self.raw += bytes(-(len(self.raw) - len(_LITTLE_ENDIAN)) % size)


def joints_bytes(
    stamp: int,
    names: tuple[str, ...],
    position: Array,
    velocity: Array = _NOTHING,
    effort: Array = _NOTHING,
    frame: str = "",
) -> bytes:
    """Return a sensor_msgs/msg/JointState.

    Args:
        stamp: of the header in [ns].
        names: joints, [n].
        position: [n] in [rad] or [m].
        velocity: [n] in [rad/s] or [m/s], or empty.
        effort: [n] in [N m] or [N], or empty.
        frame: of the header.
    """
    cdr = _Cdr()
    cdr.numbers("iI", *divmod(stamp, NANO))
    cdr.raw += _frame_and_names(frame, names)
    for values in (position, velocity, effort):
        cdr.vector(values)
    return bytes(cdr.raw)


def command_bytes(label: str, effort: Array) -> bytes:
    """Return a std_msgs/msg/Float64MultiArray.

    Args:
        label: of the state it answers.
        effort: [n] in [N m] or [N].
    """
    cdr = _Cdr()
    cdr.numbers("I", 1)
    cdr.text(label)
    cdr.numbers("III", len(effort), len(effort), 0)
    cdr.vector(effort)
    return bytes(cdr.raw)


def text_bytes(text: str) -> bytes:
    """Return a std_msgs/msg/String."""
    cdr = _Cdr()
    cdr.text(text)
    return bytes(cdr.raw)


def pose_bytes(stamp: int, frame: str, position: Array, quaternion: Array) -> bytes:
    """Return a geometry_msgs/msg/PoseStamped at `position` [3], turned by (x, y, z, w)."""
    cdr = _Cdr()
    cdr.pose(stamp, frame, position, quaternion)
    return bytes(cdr.raw)


def path_bytes(stamp: int, frame: str, points: Array) -> bytes:
    """Return a nav_msgs/msg/Path through points [N, 3] in [m]."""
    cdr = _Cdr()
    cdr.header(stamp, frame)
    cdr.numbers("I", len(points))
    if len(points):
        cdr.header(stamp, frame)
        # After a pose's numbers all is aligned: every further header has the same length.
        after = _Cdr()
        after.header(stamp, frame)
        after.align(8)
        following = np.frombuffer(bytes(after.raw[len(_LITTLE_ENDIAN) :]), np.uint8)
        rows = np.zeros(len(points), [("pose", "<f8", 7), ("next", "u1", len(following))])
        rows["pose"] = np.hstack([points, np.tile(_UNTURNED, (len(points), 1))])
        rows["next"] = following
        cdr.align(8)
        cdr.raw += rows.tobytes()[: -len(following)]
    return bytes(cdr.raw)


def trajectory_bytes(
    stamp: int, names: Sequence[str], positions: Array, velocities: Array, dt: float
) -> bytes:
    """Return a trajectory_msgs/msg/JointTrajectory: [N, n] each, one point every `dt` [s]."""
    cdr = _Cdr()
    cdr.header(stamp, "")
    cdr.names(names)
    count, n = positions.shape
    cdr.numbers("I", count)
    if count:
        cdr.numbers("I", n)
        # After a vector's numbers all is aligned: the rest of each point has the same layout.
        vector, pair = ("<f8", n), ("<u4", 2)
        fields = (
            ("q", *vector), ("v_count", *pair), ("v", *vector), ("none", *pair),
            ("span", *pair), ("next_count", *pair),
        )  # fmt: skip
        rows = np.zeros(count, np.dtype(list(fields)))
        rows["q"], rows["v"] = positions, velocities
        rows["v_count"][:, 0] = rows["next_count"][:, 0] = n
        since = np.rint(np.arange(count) * dt * NANO).astype(np.int64)
        rows["span"] = np.stack([since // NANO, since % NANO], axis=1)
        cdr.align(8)
        cdr.raw += rows.tobytes()[:-8]
    return bytes(cdr.raw)


@lru_cache(maxsize=32)
def _frame_and_names(frame: str, names: tuple[str, ...]) -> bytes:
    """What follows a header's stamp."""
    cdr = _Cdr()
    cdr.header(0, frame)
    cdr.names(names)
    return bytes(cdr.raw[len(_LITTLE_ENDIAN) + 8 :])


def goal_messages(
    goal: Goal, quaternion: Array, stamp: int, base: str, names: tuple[str, ...], shift: int
) -> dict[str, bytes]:
    """Return what is told of a goal, by the last name of its topic, in the order it is told.

    Args:
        goal: what is aimed at.
        quaternion: of its rotation, (x, y, z, w); zeros leave the rotation free.
        stamp: of the state after which it was taken in [ns]; 0 for none.
        base: frame of its position.
        names: of the joints, [n].
        shift: from the controller's time to that of stamps in [ns].
    """
    # The label tells a state stamped 0 from none.
    after = stamp_label(stamp) if stamp else ""
    path, velocity, told = path_of(goal), _NOTHING, {}
    if path is not None:  # it arrives at rest; how it gets there is told as a path
        velocity = np.zeros_like(goal.posture)
        path = replace(path, start=path.start + shift / NANO)
        told["goal_path"] = goal_path_bytes(path, after)
    told["goal"] = pose_bytes(stamp, base, goal.position, quaternion)
    told["goal_joints"] = joints_bytes(stamp, names, goal.posture, velocity, frame=after)
    return told
