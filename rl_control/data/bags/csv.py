"""Joint states and commands of a bag as tables.

    # time in s after the bag's first message, by receipt; stamp in ns, as the message says; ...
    time,stamp,shoulder.position,elbow.position,shoulder.velocity,elbow.velocity,...

One row a message, in order of receipt; a cell is empty where the message does not tell.
"""

from __future__ import annotations

import csv
import math
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from rl_control.data.bags.cdr_rows import NO_STAMP, label_stamp
from rl_control.data.bags.messages import Bag, messages_of
from rl_control.data.bags.motion import COMMAND, JOINT_STATE
from rl_control.errors import DataError

TIME, STAMP = "time", "stamp"
_TIMES = "# time in s after the bag's first message, by receipt; stamp in ns, as the message says; "
STATE_UNITS = (
    f"{_TIMES}NAME.position in rad (prismatic: m), .velocity in rad/s (m/s), .effort in N m (N)"
)
COMMAND_UNITS = f"{_TIMES}NAME.command in N m (prismatic: N); stamp: of the state it answers"
MERGED_UNITS = f"{STATE_UNITS}, .command: the newest one received by then, in N m (N)"
_PARTS = ("position", "velocity", "effort")
_NANO = 1_000_000_000


def write_states(bag: Bag, topic: str, names: Sequence[str], path: str | Path) -> int:
    """Write a table of joint states; return its number of rows.

    Args:
        bag: open.
        topic: of sensor_msgs/JointState.
        names: all joints that get columns; others are not written.
        path: of the file.

    Raises:
        DataError: if the bag cannot be read, or the file not be written.
    """
    header = [TIME, STAMP, *_columns(names, _PARTS)]
    return _write(path, STATE_UNITS, header, _state_rows(bag, topic, names))


def write_commands(bag: Bag, topic: str, names: Sequence[str], path: str | Path) -> int:
    """Write a table of commands; return its number of rows.

    A command of another width than `names` leaves cells empty, or loses the values beyond.

    Args:
        bag: open.
        topic: of std_msgs/Float64MultiArray.
        names: joints in the commands' order.
        path: of the file.

    Raises:
        DataError: if the bag cannot be read, or the file not be written.
    """
    header = [TIME, STAMP, *_columns(names, ("command",))]
    rows = (row for _, row in _command_rows(bag, topic, len(names)))
    return _write(path, COMMAND_UNITS, header, rows)


def write_merged(
    bag: Bag,
    states: str,
    commands: str,
    names: Sequence[str],
    listed: Sequence[str],
    path: str | Path,
) -> int:
    """Write joint states, each with the newest command received by then; return the rows.

    Args:
        bag: open.
        states: topic of joint states.
        commands: topic of commands.
        names: joints with columns of states.
        listed: joints in the commands' order.
        path: of the file.

    Raises:
        DataError: if the bag cannot be read, or the file not be written.
    """
    header = [TIME, STAMP, *_columns(names, _PARTS), *_columns(listed, ("command",))]
    return _write(path, MERGED_UNITS, header, _merged_rows(bag, states, commands, names, listed))


def all_names(bag: Bag, topic: str) -> tuple[str, ...]:
    """All joints that a topic ever names, in the order in which they appear first.

    Raises:
        DataError: if the bag is cut or damaged.
    """
    names: dict[str, None] = {}
    for _, message in messages_of(bag, bag.path, topic, JOINT_STATE):
        names.update(dict.fromkeys(message.name))
    return tuple(names)


def _columns(names: Sequence[str], parts: Sequence[str]) -> list[str]:
    return [f"{name}.{part}" for part in parts for name in names]


def _state_rows(bag: Bag, topic: str, names: Sequence[str]) -> Iterator[list[Any]]:
    for received, message in messages_of(bag, bag.path, topic, JOINT_STATE):
        at = message.header.stamp
        row: list[Any] = [_seconds(bag, received), at.sec * _NANO + at.nanosec]
        for part in _PARTS:
            values = getattr(message, part)
            told = dict(zip(message.name, values, strict=False))
            row += [_cell(told[name]) if name in told else "" for name in names]
        yield row


def _command_rows(bag: Bag, topic: str, width: int) -> Iterator[tuple[int, list[Any]]]:
    for received, message in messages_of(bag, bag.path, topic, COMMAND):
        dimensions = message.layout.dim
        stamp = label_stamp(dimensions[0].label) if dimensions else NO_STAMP
        values = [_cell(value) for value in message.data[:width]]
        filled = values + [""] * (width - len(values))
        yield received, [_seconds(bag, received), "" if stamp == NO_STAMP else stamp, *filled]


def _merged_rows(
    bag: Bag, states: str, commands: str, names: Sequence[str], listed: Sequence[str]
) -> Iterator[list[Any]]:
    coming = _command_rows(bag, commands, len(listed)) if commands else iter(())
    ahead = next(coming, None)
    newest: list[Any] = [""] * len(listed)
    origin = bag.start_time
    for row in _state_rows(bag, states, names):
        while ahead is not None and (ahead[0] - origin) / _NANO <= row[0]:
            newest = ahead[1][2:]
            ahead = next(coming, None)
        yield [*row, *newest]


def _seconds(bag: Bag, received: int) -> float:
    return (received - bag.start_time) / _NANO


def _cell(value: float) -> str:
    return repr(float(value)) if math.isfinite(value) else "nan"


def _write(
    path: str | Path, units: str, header: Sequence[str], rows: Iterable[Sequence[Any]]
) -> int:
    count = 0
    path = Path(path)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("w", newline="", encoding="utf-8") as file:
            file.write(units + "\n")
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(header)
            for row in rows:
                writer.writerow(row)
                count += 1
        os.replace(draft, path)
    except OSError as error:
        raise DataError(path, f"cannot be written ({error.strerror})", "Name another.") from error
    finally:
        draft.unlink(missing_ok=True)
    return count
