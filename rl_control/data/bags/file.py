"""One MCAP file of a bag while it is written: whole chunks to the disk, the rest in memory."""

from __future__ import annotations

import fcntl
import os
import zlib
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from mcap.writer import CompressionType, Writer

from rl_control.data.bags.layout import BagFile, BagTopic, Qos, information_text, qos_text
from rl_control.data.bags.mcap_index import ending, message_counts, span_of
from rl_control.data.bags.mcap_scan import scan

_LIBRARY = "rl_control"
_IDL = "=" * 80 + "\nIDL: "  # how rosbag2 begins a definition that is no .msg file


class RawFile(Protocol):
    """What a bag's file must be able to do: an unbuffered file, or a fake one in a test."""

    def write(self, raw: Any, /) -> int | None:
        """Write some of `raw`; return how many bytes."""
        ...

    def truncate(self, size: int, /) -> int:
        """Cut the file to `size` bytes."""
        ...

    def seek(self, place: int, /) -> int:
        """Go to a place."""
        ...

    def fileno(self) -> int:
        """Return the file's number."""
        ...

    def close(self) -> None:
        """Close it."""
        ...


def create(path: Path) -> RawFile:
    """Create the file `path` for writing, unbuffered, locked for as long as it is open.

    Raises:
        OSError: if it is there already or cannot be created.
    """
    file = path.open("xb", buffering=0)
    with suppress(OSError):  # some disks know no locks
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return file


class McapFile:
    """One file of a bag.

    `put` may run beside all else: the disk keeps nobody waiting who adds.

    Chunks are compressed by zstd. A message then costs less time than without, as there are fewer
    bytes to check and to write, and half the space.

    Args:
        path: of the file.
        raw: that file, empty and open for writing.
    """

    def __init__(self, path: Path, raw: RawFile) -> None:
        self.path = path
        self.size = 0
        """Number of bytes on the disk."""
        self.counts: Counter[int] = Counter()
        """Number of messages by channel."""
        self._span: tuple[int, int] | None = None
        self._checksum = 0
        self._raw = raw
        self._memory = _Memory()
        self._writer = Writer(
            self._memory,  # type: ignore[arg-type]
            compression=CompressionType.ZSTD,
            enable_crcs=True,
            enable_data_crcs=True,
        )
        self._writer.start(profile="ros2", library=_LIBRARY)
        self._schemas: dict[str, int] = {}

    @property
    def waiting(self) -> int:
        """Number of bytes in whole chunks that wait to be `put`."""
        return len(self._memory.waiting)

    @property
    def removed(self) -> bool:
        """Whether the file has no name any more: what is written to it will be lost."""
        return os.fstat(self._raw.fileno()).st_nlink == 0

    def describe(self) -> BagFile:
        """Return what the bag's metadata say of this file."""
        first, last = self._span or (None, None)
        return BagFile(self.path.name, self.counts.total(), first, last)

    def register(
        self, name: str, kind: str, definition: str, digest: str, qos: tuple[Qos, ...]
    ) -> int:
        """Make a topic known; return its channel."""
        if kind not in self._schemas:
            encoding = "ros2idl" if definition.startswith(_IDL) else "ros2msg"
            self._schemas[kind] = self._writer.register_schema(kind, encoding, definition.encode())
        metadata = {"offered_qos_profiles": qos_text(qos), "topic_type_hash": digest}
        return self._writer.register_channel(name, "cdr", self._schemas[kind], metadata)

    def add(self, channel: int, sequence: int, cdr: bytes, received: int, published: int) -> None:
        """Add a message to the chunk in progress; times in [ns]."""
        self._writer.add_message(channel, received, cdr, published, sequence & 0xFFFFFFFF)
        self.counts[channel] += 1
        first, last = self._span or (received, received)
        self._span = min(first, received), max(last, received)

    def take(self) -> bytes:
        """End the chunk in progress; return all that waits to be `put`."""
        self._writer.flush()
        return self._memory.take()

    def take_last(self, topics: Sequence[BagTopic]) -> bytes:
        """Return all that waits, and the index with which the file ends."""
        text = information_text([self.describe()], topics)
        self._writer.flush()
        self._writer.add_metadata("rosbag2", {"serialized_metadata": text})
        self._writer.finish()
        return self._memory.take()

    def put(self, whole: bytes) -> None:
        """Hand whole records to the operating system: all of them, or none.

        Raises:
            OSError: if they cannot be written; the file then ends with the records before.
        """
        rest = memoryview(whole)
        try:
            while rest:
                rest = rest[self._raw.write(rest) or 0 :]
        except OSError:
            # Where even that fails, half a chunk is left, which recovery leaves out.
            with suppress(OSError):
                self._raw.truncate(self.size)
                self._raw.seek(self.size)
            raise
        self.size += len(whole)
        self._checksum = zlib.crc32(whole, self._checksum)

    def rescue(self) -> bool:
        """End a file that could not be written on, with an index of what it has, if that fits.

        `counts` and `describe` then tell what it has.

        Returns:
            Whether it has an index; if not, it is whole up to its last chunk.
        """
        try:
            found = scan(self.path)
            self.counts = message_counts(found.parts)
            self._span = span_of(found.parts)
            if found.end != self.size:
                return False
            self.put(ending(found.parts, found.schemas, found.channels, self._checksum))
        except OSError:
            return False
        return True

    def close(self) -> None:
        """Close the file, on the disk if it lets that be known."""
        with suppress(OSError):
            os.fsync(self._raw.fileno())
        with suppress(OSError):
            self._raw.close()


class _Memory:
    """What the library has written and the disk has not yet got."""

    def __init__(self) -> None:
        self.waiting = bytearray()
        self._taken = 0

    def write(self, raw: bytes) -> int:
        self.waiting += raw
        return len(raw)

    def tell(self) -> int:
        return self._taken + len(self.waiting)

    def flush(self) -> None:
        pass

    def take(self) -> bytes:
        taken = bytes(self.waiting)
        self._taken += len(taken)
        self.waiting.clear()
        return taken
