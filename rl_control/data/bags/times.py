"""When each message of a bag's file was received, in the file's own order, and what is amiss."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import numpy as np
from numpy.typing import NDArray

from rl_control.data.bags.messages import Bag

if TYPE_CHECKING:
    from rl_control.data.bags.mcap_scan import Part, Scan

Times = NDArray[np.int64]
_CRC_PLACE = 9 + 24  # of a chunk's checksum behind its first byte


@dataclass(frozen=True)
class FileTimes:
    """What one file holds.

    Attributes:
        kinds: type of each topic.
        times: times of receipt of each topic in [ns], in the file's order.
        problems: what could not be read, one sentence each.
        blocks: number of its chunks, 0 for a file without any.
        checksums: how many of them have a checksum, which is then right.
        compression: of its chunks; "" for none.
        recovers: whether `rl_control bag recover` mends it.
    """

    kinds: dict[str, str]
    times: dict[str, Times]
    problems: tuple[str, ...] = ()
    blocks: int = 0
    checksums: int = 0
    compression: str = ""
    recovers: bool = field(default=False)


def mcap_times(path: Path) -> FileTimes:
    """Read an MCAP file from its first byte to its last, checking every checksum.

    Raises:
        OSError: if the file cannot be read.
    """
    from rl_control.data.bags.mcap_chunk import contents_of
    from rl_control.data.bags.mcap_scan import scan

    found = scan(path)
    times: dict[int, list[Times]] = {number: [] for number in found.channels}
    checksums = 0
    chunks = [part for part in found.parts if part.index is not None]
    with path.open("rb") as file:
        for part in found.parts:
            for channel, received in _part_times(file, part):
                times[channel].append(received)
        for part in chunks:
            file.seek(part.start + _CRC_PLACE)
            checksums += file.read(4) != bytes(4)
    for channel, places in contents_of(found.torn).places.items():
        times[channel].append(np.array([time for time, _ in places], dtype=np.int64))
    problems = list(found.problems)
    if not found.finished and not problems:
        problems.append("it ends without its index: its recorder was broken off")
    kinds, joined = _by_topic(found, times)
    return FileTimes(
        kinds=kinds,
        times=joined,
        problems=tuple(problems),
        blocks=len(chunks),
        checksums=checksums,
        compression=next((p.index.compression for p in chunks if p.index is not None), ""),
        recovers=bool(problems),
    )


def sqlite_times(path: Path) -> FileTimes:
    """Read an SQLite file, and let SQLite check its structure; it has no checksums."""
    kinds: dict[str, str] = {}
    times: dict[str, Times] = {}
    problems: list[str] = []
    try:
        uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
        with closing(sqlite3.connect(uri, uri=True)) as base:
            answer = base.execute("PRAGMA quick_check(1)").fetchone()[0]
            if answer != "ok":
                problems.append(answer)
            topics = base.execute("SELECT id, name, type FROM topics").fetchall()
            for number, name, kind in topics:
                rows = base.execute(
                    "SELECT timestamp FROM messages WHERE topic_id = ? ORDER BY id", (number,)
                )
                kinds[name] = kind
                times[name] = np.fromiter((row[0] for row in rows), dtype=np.int64)
    except sqlite3.Error as error:
        problems.append(str(error))
    return FileTimes(kinds, times, tuple(problems))


def other_times(bag: Bag) -> FileTimes:
    """Read a bag whose files are compressed as a whole, or its messages one by one."""
    kinds = {c.topic: c.msgtype for c in bag.connections}
    found: dict[str, list[int]] = {topic: [] for topic in kinds}
    for connection, received, _ in bag.messages():
        found[connection.topic].append(received)
    return FileTimes(kinds, {name: np.array(t, dtype=np.int64) for name, t in found.items()})


def _part_times(file: BinaryIO, part: Part) -> Iterator[tuple[int, Times]]:
    """Channel and times of receipt of the messages in a part."""
    from rl_control.data.bags.mcap_chunk import HEAD, contents_of, read_chunk

    if part.index is None:
        if part.span is not None:
            for channel in part.counts:
                yield channel, np.array([part.span[0]], dtype=np.int64)
        return
    places = part.index.message_index_offsets
    if set(part.counts) <= set(places):
        for channel in part.counts:
            file.seek(places[channel])
            _, length = HEAD.unpack(file.read(HEAD.size))
            # After the channel (2 bytes) and the list's length (4 bytes): time, place, time, ...
            entries = np.frombuffer(file.read(length)[6:], dtype="<u8").reshape(-1, 2)
            entries = entries[np.argsort(entries[:, 1], kind="stable")]
            yield channel, entries[:, 0].astype(np.int64)
        return
    file.seek(part.start)
    _, length = HEAD.unpack(file.read(HEAD.size))
    _, raw = read_chunk(file.read(length))
    for channel, found in contents_of(raw).places.items():
        yield channel, np.array([time for time, _ in found], dtype=np.int64)


def _by_topic(
    found: Scan, times: dict[int, list[Times]]
) -> tuple[dict[str, str], dict[str, Times]]:
    kinds: dict[str, str] = {}
    joined: dict[str, Times] = {}
    for number, channel in found.channels.items():
        schema = found.schemas.get(channel.schema_id)
        kinds[channel.topic] = schema.name if schema else "unknown"
        before = joined.get(channel.topic, np.empty(0, dtype=np.int64))
        joined[channel.topic] = np.concatenate([before, *times[number]])
    return kinds, joined
