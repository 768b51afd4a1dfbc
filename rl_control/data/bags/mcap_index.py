"""How an MCAP file ends: the index of all that is in it.

Source: MCAP format specification, mcap.dev/spec.
"""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from mcap.data_stream import RecordBuilder
from mcap.opcode import Opcode
from mcap.records import (
    AttachmentIndex,
    Channel,
    DataEnd,
    Footer,
    McapRecord,
    MetadataIndex,
    Schema,
    Statistics,
    SummaryOffset,
)

from rl_control.data.bags.mcap_scan import MAGIC, Part

_FOOTER_HEAD = struct.Struct("<BQQQ")  # the part of the footer that the checksum covers


def ending(
    parts: Sequence[Part],
    schemas: Mapping[int, Schema],
    channels: Mapping[int, Channel],
    checksum: int = 0,
) -> bytes:
    """Return all that follows the last part of a file.

    Args:
        parts: of the file, at their places, without gaps.
        schemas: by their number.
        channels: by their number.
        checksum: CRC-32 of all parts; 0 for none.
    """
    builder = RecordBuilder()
    DataEnd(checksum).write(builder)
    data_end = builder.end()
    start = parts[-1].end + len(data_end)
    groups: list[tuple[Opcode, Iterable[McapRecord]]] = [
        (Opcode.SCHEMA, schemas.values()),
        (Opcode.CHANNEL, channels.values()),
        (Opcode.STATISTICS, [_statistics(parts, schemas, channels)]),
        (Opcode.CHUNK_INDEX, [part.index for part in parts if part.index]),
        (Opcode.ATTACHMENT_INDEX, _listed(parts, AttachmentIndex)),
        (Opcode.METADATA_INDEX, _listed(parts, MetadataIndex)),
    ]
    offsets = []
    for kind, members in groups:
        before = builder.count
        for member in members:
            member.write(builder)
        if builder.count > before:
            offsets.append(SummaryOffset(kind, start + before, builder.count - before))
    offset_start = start + builder.count
    for offset in offsets:
        offset.write(builder)
    summary = builder.end()
    head = _FOOTER_HEAD.pack(Opcode.FOOTER, 8 + 8 + 4, start, offset_start)
    Footer(start, offset_start, zlib.crc32(head, zlib.crc32(summary))).write(builder)
    return data_end + summary + builder.end() + MAGIC


def message_counts(parts: Iterable[Part]) -> Counter[int]:
    """Return the number of messages by channel."""
    counts: Counter[int] = Counter()
    for part in parts:
        counts.update(part.counts)
    return counts


def span_of(parts: Iterable[Part]) -> tuple[int, int] | None:
    """Return the least and greatest time of receipt in [ns]; None without messages."""
    spans = [part.span for part in parts if part.span]
    if not spans:
        return None
    return min(first for first, _ in spans), max(last for _, last in spans)


def _listed(parts: Iterable[Part], kind: type[McapRecord]) -> list[McapRecord]:
    return [part.listed for part in parts if isinstance(part.listed, kind)]


def _statistics(
    parts: Sequence[Part], schemas: Mapping[int, Schema], channels: Mapping[int, Channel]
) -> Statistics:
    counts = message_counts(parts)
    first, last = span_of(parts) or (0, 0)
    return Statistics(
        attachment_count=len(_listed(parts, AttachmentIndex)),
        channel_count=len(channels),
        channel_message_counts=dict(counts),
        chunk_count=sum(part.index is not None for part in parts),
        message_count=counts.total(),
        message_end_time=last,
        message_start_time=first,
        metadata_count=len(_listed(parts, MetadataIndex)),
        schema_count=len(schemas),
    )
