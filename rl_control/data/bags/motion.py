"""What the joints of an arm did in a bag, and what was commanded, as arrays."""

from __future__ import annotations

import struct
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields
from itertools import islice
from typing import TypeVar

import numpy as np

from rl_control.data.bags.cdr_rows import CdrReader, Stamps
from rl_control.data.bags.messages import Bag, undecodable
from rl_control.data.runs.messages import CommandLog, StateLog, read_commands, read_states
from rl_control.errors import DataError

JOINT_STATE = "sensor_msgs/msg/JointState"
COMMAND = "std_msgs/msg/Float64MultiArray"
Log = TypeVar("Log", StateLog, CommandLog)

_ASKED = 5000  # messages that tell which joints there are
_BATCH = 20_000  # messages held as bytes at once


@dataclass(frozen=True)
class BagMotion:
    """Motion of n joints; times are integers in [ns].

    Attributes:
        names: the joints, [n].
        states: joint states, in order of receipt.
        commands: commands; none where they are not of this arm.
        left_out: how many messages could not be used, by reason.
    """

    names: tuple[str, ...]
    states: StateLog
    commands: CommandLog
    left_out: dict[str, int] = field(default_factory=dict)


def bag_motion(
    bag: Bag, state_topic: str, command_topic: str = "", names: Sequence[str] | None = None
) -> BagMotion:
    """Read a topic of joint states and one of commands.

    Args:
        bag: open.
        state_topic: of sensor_msgs/JointState.
        command_topic: of std_msgs/Float64MultiArray; "" for none.
        names: joints wanted, in the order that commands list them; those that most joint states
            name if not given.

    Raises:
        DataError: if no joint state has all these joints, or the bag is cut or damaged.
    """
    listed = common_names(bag, state_topic)
    arm = tuple(names or listed)
    states, seen = _joined(
        bag, state_topic, JOINT_STATE, lambda raws, times: read_states(raws, times, arm)
    )
    if not (states and arm):
        raise DataError(
            bag.path,
            f"no joint state on {state_topic} has a position for each of the joints "
            f"{', '.join(arm) or '(none)'}; most name {', '.join(listed) or 'no joint'}",
            "Name a bag of this robot, or the robot of this bag.",
        )
    columns = np.arange(len(arm))
    sent, heard = _joined(
        bag, command_topic, COMMAND, lambda raws, times: read_commands(raws, times, columns)
    )
    told = _as_one(states)
    commands = _as_one(sent or [read_commands([], np.empty(0, dtype=np.int64), columns)])
    left_out = {
        "joint states without all joints": seen - len(told.stamps),
        "commands of another width": heard - len(commands.stamps),
    }
    return BagMotion(arm, told, commands, {why: count for why, count in left_out.items() if count})


def common_names(bag: Bag, topic: str) -> tuple[str, ...]:
    """The joints that most joint states of a topic name, in the order of the first of these.

    Only the first 5000 messages are asked.

    Raises:
        DataError: if the bag is cut or damaged.
    """
    counts: Counter[tuple[str, ...]] = Counter()
    for _, raw in islice(_raws(bag, topic, JOINT_STATE), _ASKED):
        counts[_names_of(bag, topic, raw)] += 1
    sets: Counter[frozenset[str]] = Counter()
    for names, count in counts.items():
        sets[frozenset(names)] += count
    if not sets:
        return ()
    most = sets.most_common(1)[0][0]
    return next(names for names in counts if set(names) == most)


def _as_one(logs: Sequence[Log]) -> Log:
    parts = [{f.name: getattr(log, f.name) for f in fields(log)} for log in logs]
    return type(logs[0])(**{key: np.concatenate([p[key] for p in parts]) for key in parts[0]})


def _joined(
    bag: Bag, topic: str, kind: str, read: Callable[[Sequence[bytes], Stamps], Log]
) -> tuple[list[Log], int]:
    """What `read` makes of a topic's messages, batch by batch, and how many there were."""
    logs: list[Log] = []
    raws: list[bytes] = []
    times: list[int] = []
    count = 0

    def flush() -> None:
        try:
            log = read(raws, np.array(times, dtype=np.int64))
        except (ValueError, IndexError, struct.error) as error:
            raise undecodable(bag.path, topic, str(error)) from error
        if len(log.stamps):
            logs.append(log)
        raws.clear()
        times.clear()

    for received, raw in _raws(bag, topic, kind):
        count += 1
        raws.append(raw)
        times.append(received)
        if len(raws) == _BATCH:
            flush()
    if raws:
        flush()
    return logs, count


def _raws(bag: Bag, topic: str, kind: str) -> Iterator[tuple[int, bytes]]:
    connections = [c for c in bag.connections if c.topic == topic and c.msgtype == kind]
    if connections:
        for _, received, raw in bag.messages(connections):
            yield received, raw


def _names_of(bag: Bag, topic: str, raw: bytes) -> tuple[str, ...]:
    try:
        reader = CdrReader(raw)
        reader.at += 8
        reader.text()
        return tuple(reader.text() for _ in range(reader.number("I")))
    except (ValueError, struct.error) as error:
        raise undecodable(bag.path, topic, str(error)) from error
