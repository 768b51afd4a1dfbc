"""What is whole in an MCAP file that may end anywhere or be damaged.

Source: MCAP format specification, mcap.dev/spec.
"""

from __future__ import annotations

import os
from collections import Counter
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from mcap.opcode import Opcode
from mcap.records import (
    Attachment,
    AttachmentIndex,
    Channel,
    Chunk,
    ChunkIndex,
    MessageIndex,
    Metadata,
    MetadataIndex,
    Schema,
)

from rl_control.data.bags.mcap_chunk import (
    HEAD,
    MESSAGE,
    Contents,
    contents_of,
    read_chunk,
    read_torn,
    stream,
)

MAGIC = b"\x89MCAP0\r\n"


@dataclass(frozen=True)
class Part:
    """Bytes of a file that belong together: a record, or a chunk with its message indexes.

    Attributes:
        start: of its first byte in the file.
        end: behind its last byte.
        counts: number of messages by channel.
        span: least and greatest time of receipt in [ns]; None without messages.
        index: where its messages are, for a chunk.
        listed: where it is, for a metadata record or an attachment.
    """

    start: int
    end: int
    counts: Counter[int] = field(default_factory=Counter)
    span: tuple[int, int] | None = None
    index: ChunkIndex | None = None
    listed: MetadataIndex | AttachmentIndex | None = None

    def at(self, start: int) -> Part:
        """Return the same part at another place."""
        moved = start - self.start
        index, listed = self.index, self.listed
        if index is not None:
            places = {channel: at + moved for channel, at in index.message_index_offsets.items()}
            index = replace(
                index,
                chunk_start_offset=index.chunk_start_offset + moved,
                message_index_offsets=places,
            )
        if listed is not None:
            listed = replace(listed, offset=listed.offset + moved)
        return replace(self, start=start, end=self.end + moved, index=index, listed=listed)


@dataclass
class Scan:
    """What is in a file.

    Attributes:
        parts: what can be kept, in the file's order; the magic and the header first.
        schemas: by their number.
        channels: by their number.
        torn: the whole records, not compressed, of a chunk that ends too early.
        problems: what could not be read, one sentence each.
        finished: the file has its index and its end.
    """

    parts: list[Part] = field(default_factory=list)
    schemas: dict[int, Schema] = field(default_factory=dict)
    channels: dict[int, Channel] = field(default_factory=dict)
    torn: bytes = b""
    problems: list[str] = field(default_factory=list)
    finished: bool = False

    @property
    def end(self) -> int:
        """Behind the last part."""
        return self.parts[-1].end if self.parts else 0


@dataclass
class _OpenChunk:
    """A chunk whose message indexes may follow."""

    start: int
    end: int
    chunk: Chunk
    raw: bytes
    contents: Contents
    indexes: dict[int, int] = field(default_factory=dict)

    @property
    def indexed(self) -> bool:
        return set(self.contents.places) <= set(self.indexes)

    def part(self) -> Part:
        length = self.end - self.start
        after = self.start + HEAD.size + _chunk_length(self.chunk)
        return Part(
            self.start,
            self.end,
            counts=_counts(self.contents),
            span=self.contents.span if self.contents.places else None,
            index=ChunkIndex(
                message_start_time=self.chunk.message_start_time,
                message_end_time=self.chunk.message_end_time,
                chunk_start_offset=self.start,
                chunk_length=after - self.start,
                message_index_offsets=dict(self.indexes),
                message_index_length=length - (after - self.start),
                compression=self.chunk.compression,
                compressed_size=len(self.chunk.data),
                uncompressed_size=self.chunk.uncompressed_size,
            ),
        )


def scan(path: Path) -> Scan:
    """Return what is in the file `path`, which is read once, record by record.

    Raises:
        OSError: if the file cannot be read.
    """
    with path.open("rb") as file:
        return _Scanner(file, os.fstat(file.fileno()).st_size).run()


class _Scanner:
    """One walk through a file."""

    def __init__(self, file: BinaryIO, size: int) -> None:
        self._file = file
        self._size = size
        self._found = Scan()
        self._open: _OpenChunk | None = None
        self._data_ended = False

    def run(self) -> Scan:
        if self._file.read(len(MAGIC)) != MAGIC:
            self._found.problems.append("it does not begin as an MCAP file does")
            return self._found
        start = 0  # the magic belongs to the first record
        place = len(MAGIC)
        while not self._found.finished:
            self._file.seek(place)
            head = self._file.read(HEAD.size)
            kind, length = HEAD.unpack(head) if len(head) == HEAD.size else (0, 0)
            end = place + HEAD.size + length
            if not kind or end > self._size:
                self._break_off(place, kind)
                break
            self._take(kind, start, end, length)
            start = place = end
        return self._found

    def _take(self, kind: int, start: int, end: int, length: int) -> None:
        if kind == Opcode.MESSAGE_INDEX:
            self._take_index(start, end, self._file.read(length))
            return
        self._close_chunk()
        if kind == Opcode.DATA_END:
            self._data_ended = True
        elif self._data_ended:
            self._found.finished = kind == Opcode.FOOTER and self._magic_at(end)
        elif kind == Opcode.CHUNK:
            self._take_chunk(start, end, self._file.read(length))
        else:
            self._take_record(kind, start, end, self._file.read(length))

    def _take_chunk(self, start: int, end: int, body: bytes) -> None:
        try:
            chunk, raw = read_chunk(body)
            contents = contents_of(raw)
        # Damage makes its readers raise whatever they meet.
        except Exception as error:
            self._lose(start, end, f"chunk: {error}")
            return
        self._found.schemas |= contents.schemas
        self._found.channels |= contents.channels
        unknown = set(contents.places) - set(self._found.channels)
        if unknown:
            self._lose(start, end, "chunk: it has messages of topics that damage has taken")
            return
        self._open = _OpenChunk(start, end, chunk, raw, contents)

    def _take_index(self, start: int, end: int, body: bytes) -> None:
        if self._open is not None and not self._data_ended:
            self._open.indexes[MessageIndex.read(stream(body)).channel_id] = start
            self._open.end = end

    def _take_record(self, kind: int, start: int, end: int, body: bytes) -> None:
        try:
            self._found.parts.append(self._record(kind, start, end, body))
        except Exception as error:
            self._lose(start, end, f"record: {error or type(error).__name__}")

    def _record(self, kind: int, start: int, end: int, body: bytes) -> Part:
        if kind == Opcode.SCHEMA:
            schema = Schema.read(stream(body))
            self._found.schemas[schema.id] = schema
        elif kind == Opcode.CHANNEL:
            channel = Channel.read(stream(body))
            self._found.channels[channel.id] = channel
        elif kind == Opcode.MESSAGE:
            number, _, received, _ = MESSAGE.unpack_from(body)
            self._found.channels[number]
            return Part(start, end, Counter({number: 1}), (received, received))
        elif kind == Opcode.METADATA:
            name = Metadata.read(stream(body)).name
            return Part(start, end, listed=MetadataIndex(start, end - start, name))
        elif kind == Opcode.ATTACHMENT:
            return Part(start, end, listed=_attachment_index(start, end, body))
        return Part(start, end)

    def _close_chunk(self) -> None:
        if self._open is not None:
            self._found.parts.append(self._open.part())
            self._open = None

    def _break_off(self, place: int, kind: int) -> None:
        """Keep what can be kept where the file ends or makes no sense any more."""
        left = self._size - place
        if self._data_ended:
            self._found.problems.append("its index is not whole")
            return
        if self._open is not None and not self._open.indexed:
            # Its messages are all there; only where they are is not.
            self._keep_torn(self._open.raw)
            self._open = None
        else:
            self._close_chunk()
            if kind == Opcode.CHUNK:
                self._file.seek(place + HEAD.size)
                self._keep_torn(read_torn(self._file.read()))
        if left:
            self._found.problems.append(f"it is broken off within its last {left} bytes")

    def _keep_torn(self, torn: bytes) -> None:
        contents = contents_of(torn)
        channels = self._found.channels | contents.channels
        if contents.places and set(contents.places) <= set(channels):
            self._found.torn = torn
            self._found.channels = channels
            self._found.schemas |= contents.schemas

    def _lose(self, start: int, end: int, problem: str) -> None:
        self._found.problems.append(f"{end - start} bytes at {start} are lost: {problem}")

    def _magic_at(self, place: int) -> bool:
        self._file.seek(place)
        return self._file.read(len(MAGIC)) == MAGIC


def _chunk_length(chunk: Chunk) -> int:
    """Number of bytes in a chunk's content: five numbers, the compression's name, the data."""
    return 8 + 8 + 8 + 4 + 4 + len(chunk.compression.encode()) + 8 + len(chunk.data)


def _counts(contents: Contents) -> Counter[int]:
    return Counter({channel: len(places) for channel, places in contents.places.items()})


def _attachment_index(start: int, end: int, body: bytes) -> AttachmentIndex:
    found = Attachment.read(stream(body))
    return AttachmentIndex(
        offset=start,
        length=end - start,
        log_time=found.log_time,
        create_time=found.create_time,
        data_size=len(found.data),
        name=found.name,
        media_type=found.media_type,
    )
