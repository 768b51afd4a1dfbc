"""The messages of a controlled run as arrays: joint states and commands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rl_control.data.bags.cdr_rows import (
    HEADER,
    NO_STAMP,
    CdrReader,
    Stamps,
    alike,
    doubles_at,
    label_stamp,
    stamps_at,
)
from rl_control.types import Array, joint_index

STAMP = (HEADER, HEADER + 8)  # a header's first bytes


@dataclass(frozen=True)
class StateLog:
    """Joint states, in the order they were received.

    Attributes:
        stamps: times of measurement, [S] in [ns].
        received: times of receipt, [S] in [ns].
        positions: [S, n] in [rad] or [m].
        velocities: [S, n] in [rad/s] or [m/s]; NaN where the message has none.
        efforts: [S, n] in [N m] or [N]; NaN where the message has none.
    """

    stamps: Stamps
    received: Stamps
    positions: Array
    velocities: Array
    efforts: Array


@dataclass(frozen=True)
class CommandLog:
    """Commands, in the order they were received.

    Attributes:
        stamps: of the state each answers, [C] in [ns]; `NO_STAMP` where it names none.
        received: times of receipt, [C] in [ns].
        values: efforts in the arm's joint order, [C, n] in [N m] or [N].
    """

    stamps: Stamps
    received: Stamps
    values: Array


@dataclass(frozen=True)
class _JointLayout:
    names: tuple[str, ...]
    vectors: tuple[tuple[int, int], ...]  # place and length of position, velocity, effort


def _joint_layout(raw: bytes) -> _JointLayout:
    reader = CdrReader(raw)
    reader.at += 8
    reader.text()
    names = tuple(reader.text() for _ in range(reader.number("I")))
    return _JointLayout(names, tuple(reader.doubles() for _ in range(3)))


def _joint_numbers(raw: bytes) -> list[tuple[int, int]]:
    vectors = _joint_layout(raw).vectors
    return [STAMP, *((place, place + 8 * count) for place, count in vectors)]


def last_joint_names(raws: Sequence[bytes]) -> tuple[str, ...]:
    """Return the names in the last of some joint states; () where there is none."""
    return _joint_layout(raws[-1]).names if raws else ()


def read_states(raws: Sequence[bytes], received: Stamps, names: Sequence[str]) -> StateLog:
    """Return the joint states that have a position of each joint of `names`; others are dropped.

    Args:
        raws: sensor_msgs/msg/JointState as CDR, [M].
        received: times of receipt, [M] in [ns].
        names: joints wanted, [n].

    Raises:
        ValueError, struct.error: if a message is damaged.
    """
    n = len(names)
    stamps = np.full(len(raws), NO_STAMP, dtype=np.int64)
    whole = np.zeros(len(raws), dtype=bool)
    vectors = np.full((3, len(raws), n), np.nan)
    for rows in alike(raws, _joint_numbers):
        layout = _joint_layout(rows.first)
        size = len(layout.names)
        if not set(names) <= set(layout.names) or layout.vectors[0][1] != size:
            continue
        columns = joint_index(layout.names, names)
        stamps[rows.index] = stamps_at(rows.block, HEADER)
        whole[rows.index] = True
        for vector, (place, count) in zip(vectors, layout.vectors, strict=True):
            if count == size:
                vector[rows.index] = doubles_at(rows.block, place, count)[:, columns]
    return StateLog(stamps[whole], received[whole], *(vector[whole] for vector in vectors))


@dataclass(frozen=True)
class _CommandLayout:
    label: tuple[int, int]  # from where to where the first dimension's label stands
    place: int  # of the values
    count: int


def _command_layout(raw: bytes) -> _CommandLayout:
    reader = CdrReader(raw)
    label = (HEADER, HEADER)
    for k in range(reader.number("I")):
        size = reader.number("I")
        if k == 0:
            label = (reader.at, reader.at + size - 1)
        reader.at += size
        reader.number("I")
        reader.number("I")
    reader.number("I")
    return _CommandLayout(label, *reader.doubles())


def _command_numbers(raw: bytes) -> list[tuple[int, int]]:
    layout = _command_layout(raw)
    return [layout.label, (layout.place, layout.place + 8 * layout.count)]


def read_commands(raws: Sequence[bytes], received: Stamps, columns: NDArray[np.intp]) -> CommandLog:
    """Return the commands that have one value a joint; others are dropped.

    Args:
        raws: std_msgs/msg/Float64MultiArray as CDR, [M].
        received: times of receipt, [M] in [ns].
        columns: where in a command each joint of the arm stands, [n].

    Raises:
        ValueError, struct.error: if a message is damaged.
    """
    n = len(columns)
    stamps = np.full(len(raws), NO_STAMP, dtype=np.int64)
    whole = np.zeros(len(raws), dtype=bool)
    values = np.full((len(raws), n), np.nan)
    for rows in alike(raws, _command_numbers):
        layout = _command_layout(rows.first)
        if layout.count != n:
            continue
        whole[rows.index] = True
        values[rows.index] = doubles_at(rows.block, layout.place, n)[:, columns]
        labels = np.ascontiguousarray(rows.block[:, slice(*layout.label)])
        stamps[rows.index] = [label_stamp(row.tobytes().decode()) for row in labels]
    return CommandLog(stamps[whole], received[whole], values[whole])
