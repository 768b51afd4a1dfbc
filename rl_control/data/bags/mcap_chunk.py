"""Chunks of an MCAP file: what is in one, whole or torn, and one made of records.

Source: MCAP format specification, mcap.dev/spec.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from mcap.data_stream import ReadDataStream, RecordBuilder
from mcap.opcode import Opcode
from mcap.records import Channel, Chunk, ChunkIndex, MessageIndex, Schema

HEAD = struct.Struct("<BQ")  # of a record: kind, length of its content
MESSAGE = struct.Struct("<HIQQ")  # of a message: channel, sequence, received, published


@dataclass
class Contents:
    """What is in records in a row.

    Attributes:
        schemas: by their number.
        channels: by their number.
        places: time of receipt in [ns] and place of every message, by channel.
        whole: number of bytes in whole records.
    """

    schemas: dict[int, Schema] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    places: dict[int, list[tuple[int, int]]] = field(default_factory=dict)
    whole: int = 0

    @property
    def span(self) -> tuple[int, int]:
        """Least and greatest time of receipt in [ns]; zeros without messages."""
        times = [time for places in self.places.values() for time, _ in places]
        return min(times, default=0), max(times, default=0)


def stream(raw: bytes) -> ReadDataStream:
    """Return bytes as what the library reads records from."""
    return ReadDataStream(io.BytesIO(raw))


def records(raw: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield kind, start and end of the content of every whole record in `raw`."""
    place = 0
    while place + HEAD.size <= len(raw):
        kind, length = HEAD.unpack_from(raw, place)
        start = place + HEAD.size
        if not kind or start + length > len(raw):
            return
        yield kind, start, start + length
        place = start + length


def contents_of(raw: bytes) -> Contents:
    """Return what is in the whole records at the start of a chunk's bytes."""
    found = Contents()
    for kind, start, end in records(raw):
        if kind == Opcode.MESSAGE and end - start >= MESSAGE.size:
            channel, _, received, _ = MESSAGE.unpack_from(raw, start)
            found.places.setdefault(channel, []).append((received, start - HEAD.size))
        elif kind == Opcode.SCHEMA:
            schema = Schema.read(stream(raw[start:end]))
            found.schemas[schema.id] = schema
        elif kind == Opcode.CHANNEL:
            channel_record = Channel.read(stream(raw[start:end]))
            found.channels[channel_record.id] = channel_record
        found.whole = end
    return found


def read_chunk(body: bytes) -> tuple[Chunk, bytes]:
    """Return a chunk and its bytes, not compressed and checked.

    Raises:
        ValueError: if they are not what the chunk says, or compressed in an unknown way.
    """
    chunk = Chunk.read(stream(body))
    raw = _decompress(chunk)
    if len(raw) != chunk.uncompressed_size:
        raise ValueError(f"it has {len(raw)} of {chunk.uncompressed_size} bytes")
    if chunk.uncompressed_crc and zlib.crc32(raw) != chunk.uncompressed_crc:
        raise ValueError("its checksum does not match")
    return chunk, raw


def read_torn(body: bytes) -> bytes:
    """Return the whole records, not compressed, at the start of a chunk that ends too early."""
    try:
        raw = _decompress(Chunk.read(stream(body)))
        return raw[: contents_of(raw).whole]
    # What ends anywhere makes its readers raise whatever they meet.
    except Exception:
        return b""


def make_chunk(raw: bytes, start: int) -> tuple[bytes, ChunkIndex]:
    """Return records as a chunk with its message indexes, and where they are.

    Args:
        raw: schemas, channels and messages in a row.
        start: place in the file that the chunk will have.
    """
    import zstandard

    contents = contents_of(raw)
    first, last = contents.span
    packed = zstandard.compress(raw)
    builder = RecordBuilder()
    Chunk(
        compression="zstd",
        data=packed,
        message_start_time=first,
        message_end_time=last,
        uncompressed_crc=zlib.crc32(raw),
        uncompressed_size=len(raw),
    ).write(builder)
    length = builder.count
    places = {}
    for channel, messages in contents.places.items():
        places[channel] = start + builder.count
        MessageIndex(channel_id=channel, records=messages).write(builder)
    index = ChunkIndex(
        message_start_time=first,
        message_end_time=last,
        chunk_start_offset=start,
        chunk_length=length,
        message_index_offsets=places,
        message_index_length=builder.count - length,
        compression="zstd",
        compressed_size=len(packed),
        uncompressed_size=len(raw),
    )
    return builder.end(), index


def _decompress(chunk: Chunk) -> bytes:
    """A chunk's bytes; where compressed data end too early, those before."""
    if chunk.compression == "":
        return chunk.data
    if chunk.compression == "zstd":
        import zstandard

        try:
            return zstandard.ZstdDecompressor().decompressobj().decompress(chunk.data)
        except zstandard.ZstdError as error:
            raise ValueError(str(error)) from error
    if chunk.compression == "lz4":
        import lz4.frame  # type: ignore[import-untyped]

        try:
            return lz4.frame.LZ4FrameDecompressor().decompress(chunk.data)
        except RuntimeError as error:
            raise ValueError(str(error)) from error
    raise ValueError(f"it is compressed by '{chunk.compression}', which is not known here")
