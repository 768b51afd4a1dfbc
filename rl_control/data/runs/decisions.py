"""What a controller told of its decisions, one a state; decoded when asked for."""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar, overload

import numpy as np

from rl_control.data.bags.cdr_rows import HEADER, NANO, CdrReader, Stamps

T = TypeVar("T")


@dataclass(frozen=True)
class Decision:
    """Why a command is what it is.

    Attributes:
        received: time of receipt in [ns].
        values: what was told, by key (see `ros.decision_topics`).
    """

    received: int
    values: Mapping[str, str]

    def text(self, key: str) -> str:
        """Return what was told of `key`; "" if nothing was."""
        return self.values.get(key, "")

    def number(self, key: str) -> float:
        """Return a number that was told; NaN if none was."""
        try:
            return float(self.values[key])
        except (KeyError, ValueError):
            return math.nan

    def group(self, prefix: str) -> dict[str, float]:
        """Return the numbers under "prefix.name", by name."""
        return {
            key.removeprefix(f"{prefix}."): self.number(key)
            for key in self.values
            if key.startswith(f"{prefix}.")
        }


@dataclass(frozen=True)
class Lazy(Sequence[T], Generic[T]):
    """Messages of one topic, decoded one by one when asked for.

    Attributes:
        raws: the messages as CDR, [M].
        received: times of receipt, [M] in [ns].
        decode: what makes a `T` of a message and its time of receipt.
    """

    raws: Sequence[bytes]
    received: Stamps
    decode: Callable[[bytes, int], T]

    def __len__(self) -> int:
        return len(self.raws)

    @overload
    def __getitem__(self, index: int) -> T: ...
    @overload
    def __getitem__(self, index: slice) -> Lazy[T]: ...
    def __getitem__(self, index: int | slice) -> T | Lazy[T]:
        if isinstance(index, slice):
            return Lazy(self.raws[index], self.received[index], self.decode)
        return self.decode(self.raws[index], int(self.received[index]))

    def __iter__(self) -> Iterator[T]:
        return (self[i] for i in range(len(self)))


@dataclass(frozen=True)
class Decisions(Lazy[Decision]):
    """Decisions; single values of all of them are found without decoding the rest."""

    def column(self, key: str) -> list[str]:
        """Return what was told of `key`, a text a decision; "" where nothing was.

        Quick for a key that the messages have and that is no other key's value.
        """
        size = len(key.encode()) + 1
        mark = struct.pack("<I", size) + key.encode() + b"\0"
        return [_value(raw, key, mark) for raw in self.raws]

    def stamps(self) -> Stamps:
        """Return the stamps of the states that the decisions are about, [M] in [ns]."""
        raw = b"".join(raw[HEADER : HEADER + 8] for raw in self.raws)
        parts = np.frombuffer(raw, dtype=[("s", "<i4"), ("ns", "<u4")])
        return parts["s"].astype(np.int64) * NANO + parts["ns"]

    def numbers(self, key: str) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """Return the numbers told of `key`, [M]; NaN where none was."""
        return np.array([_number(text) for text in self.column(key)], dtype=np.float64)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


def _value(raw: bytes, key: str, mark: bytes) -> str:
    """Return the string behind the bytes `mark` of a key; looked up where they are not unique."""
    found = raw.find(mark)
    if found < 0:
        return ""
    if (found - HEADER) % 4 or raw.find(mark, found + 1) >= 0:
        return read_decision(raw, 0).text(key)
    reader = CdrReader(raw)
    reader.at = found + len(mark)
    return reader.text()


def read_diagnostics(raw: bytes) -> list[tuple[int, str, str, dict[str, str]]]:
    """Return level, name, message and values of each status of a DiagnosticArray.

    Raises:
        ValueError, struct.error: if it is damaged.
    """
    reader = CdrReader(raw)
    reader.at += 8
    reader.text()
    found = []
    for _ in range(reader.number("I")):
        level = reader.number("B")
        name, message = reader.text(), reader.text()
        reader.text()
        pairs = range(reader.number("I"))
        found.append((level, name, message, {reader.text(): reader.text() for _ in pairs}))
    return found


def read_decision(raw: bytes, received: int) -> Decision:
    """Return a decision; the first status is the controller's.

    Raises:
        ValueError, struct.error: if the message is damaged.
    """
    statuses = read_diagnostics(raw)
    return Decision(received, statuses[0][3] if statuses else {})
