"""Many messages of one kind decoded at once: numbers from CDR bytes, without an object a message.

Messages of one topic mostly differ in their numbers alone: names, sizes and therefore offsets are
the same. They are told apart by their length and fixed bytes, and each group is read by numpy.

Source: OMG, "Common Object Request Broker Architecture", CDR, as DDS-XTypes 1.3 calls it XCDR1.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rl_control.types import Array

Stamps = NDArray[np.int64]
"""Times in [ns]."""

NANO = 1_000_000_000
NO_STAMP = -1
"""Of a command that names no state."""

HEADER = 4  # bytes before the content
_STAMP_LABEL = re.compile(r"(\d+)\.(\d{9})")


class CdrReader:
    """Reads one message from its first byte to its last.

    Args:
        raw: the message, in little endian order as every ROS 2 middleware writes it here.

    Raises:
        ValueError: if it is in another order.
    """

    def __init__(self, raw: bytes) -> None:
        if raw[:2] != b"\x00\x01":
            raise ValueError("not little-endian CDR")
        self._raw = raw
        self.at = HEADER

    def align(self, size: int) -> int:
        """Move on to a multiple of `size` bytes; return the place."""
        self.at += -(self.at - HEADER) % size
        return self.at

    def number(self, kind: str) -> int:
        """Return the next integer of a kind of `struct`, such as "I"."""
        size = struct.calcsize(kind)
        (value,) = struct.unpack_from(f"<{kind}", self._raw, self.align(size))
        self.at += size
        return int(value)

    def text(self) -> str:
        """Return the next string."""
        size = self.number("I")
        text = self._raw[self.at : self.at + size - 1].decode(errors="replace")
        self.at += size
        return text

    def doubles(self) -> tuple[int, int]:
        """Pass over a list of doubles; return its place and its length."""
        count = self.number("I")
        place = self.align(8) if count else self.at
        self.at += 8 * count
        return place, count


def stamps_at(block: NDArray[np.uint8], place: int) -> Stamps:
    """Return the stamps, [M] in [ns], that stand `place` bytes into messages [M, L]."""
    seconds = _column(block, place, "<i4", 1)[:, 0].astype(np.int64)
    nanoseconds = _column(block, place + 4, "<u4", 1)[:, 0].astype(np.int64)
    return seconds * NANO + nanoseconds


def doubles_at(block: NDArray[np.uint8], place: int, count: int) -> Array:
    """Return the doubles, [M, count], that stand `place` bytes into messages [M, L]."""
    return _column(block, place, "<f8", count).astype(np.float64)


def _column(block: NDArray[np.uint8], place: int, kind: str, count: int) -> NDArray[np.generic]:
    size = np.dtype(kind).itemsize * count
    return np.ascontiguousarray(block[:, place : place + size]).view(kind)


@dataclass(frozen=True)
class Rows:
    """Messages alike in everything but their numbers.

    Attributes:
        index: where each stands among all messages, [M].
        block: their bytes, [M, L].
        first: the first of them.
    """

    index: NDArray[np.intp]
    block: NDArray[np.uint8]
    first: bytes


def alike(
    raws: Sequence[bytes], numbers: Callable[[bytes], Sequence[tuple[int, int]]]
) -> Iterator[Rows]:
    """Yield groups of messages that differ in their numbers alone.

    Args:
        raws: messages of one topic.
        numbers: says of a message from where to where its numbers stand, in bytes.
    """
    lengths = np.fromiter(map(len, raws), dtype=np.intp, count=len(raws))
    for length in np.unique(lengths):
        index = np.flatnonzero(lengths == length)
        block = np.frombuffer(b"".join([raws[int(i)] for i in index]), dtype=np.uint8)
        block = block.reshape(len(index), length)
        while len(index):
            first = raws[int(index[0])]
            fixed = np.ones(length, dtype=bool)
            for start, stop in numbers(first):
                fixed[start:stop] = False
            same = (block[:, fixed] == block[0, fixed]).all(axis=1)
            yield Rows(index[same], block[same], first)
            index, block = index[~same], block[~same]


def label_stamp(label: str) -> int:
    """Return the stamp in [ns] that a label "seconds.nanoseconds" names, or `NO_STAMP`."""
    found = _STAMP_LABEL.fullmatch(label)
    return int(found[1]) * NANO + int(found[2]) if found else NO_STAMP


def stamp_label(stamp: int) -> str:
    """Return the label of a stamp in [ns]."""
    seconds, nanoseconds = divmod(stamp, NANO)
    return f"{seconds}.{nanoseconds:09d}"
