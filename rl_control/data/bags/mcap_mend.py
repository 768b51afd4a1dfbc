"""Writes an MCAP file anew from what is whole in another one."""

from __future__ import annotations

import os
import zlib
from collections import Counter
from errno import EIO
from pathlib import Path
from typing import BinaryIO

from rl_control.data.bags.mcap_chunk import contents_of, make_chunk
from rl_control.data.bags.mcap_index import ending
from rl_control.data.bags.mcap_scan import Part, Scan

_BLOCK = 1 << 20  # bytes copied at once


def mend(file: Path, found: Scan, out: Path) -> Scan:
    """Write what is whole in a file, bytes as they are, and an index; return what is in that.

    Args:
        file: the file, left as it is.
        found: what is in it.
        out: the file to write, on the disk when this returns.

    Raises:
        OSError: if it cannot be written.
    """
    parts: list[Part] = []
    checksum = place = 0
    with file.open("rb") as source, out.open("wb") as target:
        for part in found.parts:
            source.seek(part.start)
            checksum = _copy(source, target, part.end - part.start, checksum)
            parts.append(part.at(place))
            place = parts[-1].end
        if found.torn:
            raw, part = _chunk(found.torn, place)
            checksum = zlib.crc32(raw, checksum)
            target.write(raw)
            parts.append(part)
        target.write(ending(parts, found.schemas, found.channels, checksum))
        target.flush()
        os.fsync(target.fileno())
    return Scan(parts, found.schemas, found.channels, problems=found.problems, finished=True)


def _copy(source: BinaryIO, target: BinaryIO, length: int, checksum: int) -> int:
    while length:
        block = source.read(min(length, _BLOCK))
        if not block:
            raise OSError(EIO, "the file has become shorter")
        target.write(block)
        checksum = zlib.crc32(block, checksum)
        length -= len(block)
    return checksum


def _chunk(records: bytes, place: int) -> tuple[bytes, Part]:
    """The records of a torn chunk as a whole one."""
    raw, index = make_chunk(records, place)
    contents = contents_of(records)
    counts = Counter({channel: len(where) for channel, where in contents.places.items()})
    return raw, Part(place, place + len(raw), counts, contents.span, index)
