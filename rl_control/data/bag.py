"""Joint states and effort commands out of a ROS bag."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rl_control.data.bags.messages import messages_of, open_bag
from rl_control.data.recording import Recording, find_restarts
from rl_control.errors import DataError
from rl_control.types import Array, joint_index

JOINT_STATE = "sensor_msgs/msg/JointState"
COMMAND = "std_msgs/msg/Float64MultiArray"

Stamps = NDArray[np.int64]  # [ns]
Messages = Iterable[tuple[int, Any]]  # time of receipt in [ns], message

_NANO = 1_000_000_000
_LABEL = re.compile(r"(-?\d+)\.(\d{9})")
_GREATEST_SPREAD = 0.05  # [s]
_FEW_RESTARTS = 3  # of a simulation, in a bag however short
_SHARE_OF_RESTARTS = 0.02  # of the joint states


def read_bag(
    path: str | Path,
    names: Sequence[str],
    state_topic: str = "/joint_states",
    command_topic: str = "/effort_controller/commands",
    command_joints: Sequence[str] | None = None,
) -> Recording:
    """Return what a bag (MCAP or SQLite; its folder or its one file) tells of an arm.

    Times count from the stamp of the first joint state. Joint states are stamped in their
    headers. A command that this package sent names the stamp of the state it answers, as
    "seconds.nanoseconds" in `layout.dim[0].label`, and takes it. Any other is stamped with its
    time of receipt, moved to the clock of the headers by the median difference of the two over
    all joint states.

    What does not fit is counted in `Recording.rejected`: "lacks_joint", "malformed" (not one
    number a joint), "no_velocity" (where most have it), "command_malformed". Where most joint
    states have no velocity, or one that is not finite, the recording has none.

    Args:
        path: the bag.
        names: joints of the arm, [n]; others in the bag are ignored.
        state_topic: of sensor_msgs/JointState; joints are matched by name.
        command_topic: of std_msgs/Float64MultiArray.
        command_joints: the joints whose efforts a command lists, in that order; `names` if not
            given.

    Raises:
        MissingDependencyError: if rosbags is not installed.
        JointMismatchError: if `command_joints` lacks a joint of the arm.
        DataError: if there is no such bag, it is empty, cut or damaged, lacks a topic, is of
            another robot, or its stamps cannot be used.
    """
    path = Path(path)
    listed = tuple(command_joints or names)
    order = joint_index(listed, names)
    rejected: Counter[str] = Counter()
    with closing(open_bag(path)) as reader:
        seen = messages_of(reader, path, state_topic, JOINT_STATE)
        states = _read_states(seen, path, names, rejected)
        sent = messages_of(reader, path, command_topic, COMMAND)
        commands = _read_commands(sent, path, len(listed), rejected)
    origin = states.stamps[0]
    times = (states.stamps - origin) / _NANO
    restarts = find_restarts(times, states.received, commands.received)
    _refuse_two_clocks(path, state_topic, times, restarts)
    stamps = _on_state_clock(path, states, commands, restarts)
    return Recording(
        names=tuple(names),
        state_times=times,
        positions=states.positions,
        velocities=states.velocities,
        command_times=(stamps - origin) / _NANO,
        efforts=commands.efforts[:, order],
        source=str(path),
        restarts=restarts,
        rejected=dict(rejected),
    )


@dataclass(frozen=True)
class _States:
    received: Stamps
    stamps: Stamps
    positions: Array
    velocities: Array | None


@dataclass(frozen=True)
class _Commands:
    received: Stamps
    stamps: Stamps  # 0 where not labelled
    labelled: NDArray[np.bool_]
    efforts: Array


def _refuse_two_clocks(
    path: Path, topic: str, times: Array, restarts: Sequence[tuple[int, int]]
) -> None:
    """Refuse stamps that fall back again and again: they are of two clocks, one beside the other.

    Raises:
        DataError: if they are.
    """
    if len(restarts) <= max(_FEW_RESTARTS, _SHARE_OF_RESTARTS * len(times)):
        return
    first = restarts[0][0]
    back = times[first - 1] - times[first]
    raise DataError(
        path,
        f"the stamps on {topic} fall back by more than 1 s {len(restarts)} times, first by "
        f"{back:.3f} s at joint state {first}: two publishers with two clocks, by all appearance",
        "Record the arm's own alone.",
    )


def _read_states(
    messages: Messages, path: Path, names: Sequence[str], rejected: Counter[str]
) -> _States:
    rows: list[tuple[int, int, Array, Array | None]] = []
    seen: list[str] = []
    index: NDArray[np.intp] | None = None
    for received, message in messages:
        if message.name != seen:
            seen = list(message.name)
            index = joint_index(seen, names) if set(names) <= set(seen) else None
        if index is None:
            rejected["lacks_joint"] += 1
        elif len(message.position) != len(seen):
            rejected["malformed"] += 1
        else:
            stamp = message.header.stamp.sec * _NANO + message.header.stamp.nanosec
            velocity = message.velocity[index] if len(message.velocity) == len(seen) else None
            if velocity is not None and not np.isfinite(velocity).all():
                velocity = None
            rows.append((received, stamp, message.position[index], velocity))
    if not rows:
        raise DataError(
            path,
            f"no joint state of this robot: the last one names {', '.join(seen) or 'no joint'}, "
            f"wanted are {', '.join(names)}, with one position each",
            "Name a bag of this robot, or the robot of this bag.",
        )
    measured = [row for row in rows if row[3] is not None]
    with_velocity = 2 * len(measured) > len(rows)
    if with_velocity and len(measured) < len(rows):
        rejected["no_velocity"] = len(rows) - len(measured)
    kept = measured if with_velocity else rows
    stamps = np.array([row[1] for row in kept], dtype=np.int64)
    if len(stamps) > 1 and not np.ptp(stamps):
        raise DataError(
            path,
            f"all joint states have the stamp {stamps[0] / _NANO:.9f}",
            "Let the driver stamp its joint states.",
        )
    return _States(
        received=np.array([row[0] for row in kept], dtype=np.int64),
        stamps=stamps,
        positions=np.array([row[2] for row in kept], dtype=np.float64),
        velocities=np.array([row[3] for row in kept]) if with_velocity else None,
    )


def _read_commands(messages: Messages, path: Path, width: int, rejected: Counter[str]) -> _Commands:
    rows: list[tuple[int, int, bool, Array]] = []
    size = width
    for received, message in messages:
        size = len(message.data)
        if size != width:
            rejected["command_malformed"] += 1
            continue
        dimensions = message.layout.dim
        label = _LABEL.fullmatch(dimensions[0].label) if dimensions else None
        stamp = int(label[1]) * _NANO + int(label[2]) if label else 0
        rows.append((received, stamp, label is not None, message.data))
    if not rows:
        raise DataError(
            path,
            f"no command for this robot: the last one has {size} values, expected {width}",
            "Name a bag of this robot, or the joints its commands list (command_joints).",
        )
    return _Commands(
        received=np.array([row[0] for row in rows], dtype=np.int64),
        stamps=np.array([row[1] for row in rows], dtype=np.int64),
        labelled=np.array([row[2] for row in rows], dtype=bool),
        efforts=np.array([row[3] for row in rows], dtype=np.float64),
    )


def _on_state_clock(
    path: Path, states: _States, commands: _Commands, restarts: Sequence[tuple[int, int]]
) -> Stamps:
    """Stamps of the commands, [C]: their own, or times of receipt moved to the headers' clock."""
    stamps = commands.stamps.copy()
    ends = [(0, 0), *restarts, (len(states.stamps), len(stamps))]
    for (state, command), (end_state, end_command) in pairwise(ends):
        bare = command + np.flatnonzero(~commands.labelled[command:end_command])
        if not len(bare):
            continue
        ahead = states.stamps[state:end_state] - states.received[state:end_state]
        low, high = np.percentile(ahead, [10.0, 90.0]) / _NANO
        if high - low > _GREATEST_SPREAD:
            raise DataError(
                path,
                f"commands have no stamps, and times of receipt drift by {high - low:.3g} s "
                f"against those of the joint states (allowed {_GREATEST_SPREAD:g} s)",
                "Record on the clock that stamps the states (ros2 bag record --use-sim-time "
                "for a simulation).",
            )
        stamps[bare] = commands.received[bare] + round(float(np.median(ahead)))
    return stamps
