"""The path of a goal that moves, as one std_msgs/msg/Float64MultiArray: quick to make and to read.

A JointTrajectory of thousands of points would take longer to make than a controller's state may
wait. The table is the array's data; the labels of its dimensions name the state after which the
goal was taken, and start and step of the path.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from rl_control.data.bags.cdr_rows import HEADER, CdrReader
from rl_control.types import Array

_LITTLE_ENDIAN = b"\x00\x01\x00\x00"


@dataclass(frozen=True)
class GoalPath:
    """The path of a goal that moves.

    Attributes:
        start: time at which it begins in [s], on the clock of the states' stamps.
        step: time between two rows in [s].
        table: positions and velocities of the joints along it, [K, 2n].
    """

    start: float
    step: float
    table: Array

    @property
    def end(self) -> float:
        """Time at which it ends in [s], on the same clock."""
        return self.start + self.step * (len(self.table) - 1)

    def positions_at(self, times: Array) -> Array:
        """Return joint positions along it, [T, n]; before and after it, those of its ends.

        Args:
            times: on the same clock, [T] in [s].
        """
        knots = self.start + self.step * np.arange(len(self.table))
        columns = self.table[:, : self.table.shape[1] // 2].T
        return np.stack([np.interp(times, knots, column) for column in columns], axis=1)


def goal_path_bytes(path: GoalPath, after: str) -> bytes:
    """Return the message of a path taken after the state labelled `after`, as CDR."""
    rows, columns = path.table.shape
    raw = bytearray(_LITTLE_ENDIAN + struct.pack("<I", 2))
    for label, size, stride in (
        (after, rows, rows * columns),
        (f"{path.start!r} {path.step!r}", columns, columns),
    ):
        text = label.encode() + b"\0"
        raw += struct.pack("<I", len(text)) + text
        _align(raw, 4)
        raw += struct.pack("<II", size, stride)
    raw += struct.pack("<II", 0, rows * columns)
    _align(raw, 8)
    return bytes(raw + np.ascontiguousarray(path.table, dtype="<f8").tobytes())


def read_goal_path(raw: bytes) -> tuple[str, GoalPath]:
    """Return the label of the state after which a path was taken, and the path.

    Raises:
        ValueError, struct.error: if it is no such message.
    """
    reader = CdrReader(raw)
    if reader.number("I") != 2:
        raise ValueError("the path of a goal needs two dimensions")
    after, rows, _ = reader.text(), reader.number("I"), reader.number("I")
    times, columns, _ = reader.text(), reader.number("I"), reader.number("I")
    reader.number("I")
    place, count = reader.doubles()
    if count != rows * columns:
        raise ValueError(f"the path of a goal has {count} numbers, expected {rows} x {columns}")
    start, step = map(float, times.split())
    table = np.frombuffer(raw, dtype="<f8", count=count, offset=place).reshape(rows, columns)
    return after, GoalPath(start, step, table.astype(np.float64))


def _align(raw: bytearray, size: int) -> None:
    raw += bytes(-(len(raw) - HEADER) % size)
