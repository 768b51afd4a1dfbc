"""The index of a file, against the one that the MCAP library writes for it."""

from __future__ import annotations

import io
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcap.reader import NonSeekingReader, make_reader
from mcap.writer import CompressionType, Writer

from rl_control.data.bags.mcap_chunk import contents_of, make_chunk, read_chunk
from rl_control.data.bags.mcap_index import ending, message_counts, span_of
from rl_control.data.bags.mcap_scan import scan

COMPRESSIONS = list(CompressionType)


def by_library(rows, compression=CompressionType.ZSTD, chunk_size=200, chunked=True) -> bytes:
    """A file of `rows` (channel, time), with a metadata record and an attachment within."""
    out = io.BytesIO()
    writer = Writer(
        out,
        chunk_size=chunk_size,
        compression=compression,
        use_chunking=chunked,
        enable_data_crcs=True,
    )
    writer.start("ros2")
    schema = writer.register_schema("a_msgs/msg/A", "ros2msg", b"int8 a")
    channels = [writer.register_channel(f"/{k}", "cdr", schema, {"k": str(k)}) for k in range(3)]
    for k, (channel, received) in enumerate(rows):
        writer.add_message(channels[channel], received, b"%d" % k, received + 1, k)
        if k == 3:
            writer.add_metadata("notes", {"a": "b"})
            writer.add_attachment(5, 6, "picture.png", "image/png", b"123")
    writer.finish()
    return out.getvalue()


_rows = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2**62)), max_size=40)


@given(rows=_rows, compression=st.sampled_from(COMPRESSIONS), chunk_size=st.integers(1, 500))
def test_when_a_file_is_scanned_expect_the_index_that_the_library_writes(
    tmp_path_factory, rows, compression, chunk_size
):
    raw = by_library(rows, compression, chunk_size)
    file = tmp_path_factory.mktemp("scan") / "a.mcap"
    file.write_bytes(raw)
    found = scan(file)
    assert found.finished and not found.problems and not found.torn
    data = raw[: found.end]
    anew = data + ending(found.parts, found.schemas, found.channels, zlib.crc32(data))
    expected = make_reader(io.BytesIO(raw)).get_summary()
    summary = make_reader(io.BytesIO(anew)).get_summary()
    if rows:
        assert vars(summary) == vars(expected)
    read = NonSeekingReader(io.BytesIO(anew), validate_crcs=True).iter_messages(
        log_time_order=False
    )
    assert [(m.log_time, m.data) for _, _, m in read] == [
        (received, b"%d" % k) for k, (_, received) in enumerate(rows)
    ]
    assert message_counts(found.parts).total() == len(rows)
    times = [received for _, received in rows]
    assert span_of(found.parts) == ((min(times), max(times)) if rows else None)


@given(rows=_rows.filter(bool), place=st.integers(0, 10**6))
def test_when_records_become_a_chunk_expect_them_where_its_index_says(rows, place):
    raw = by_library(rows, chunked=False)
    start = raw.index(b"a_msgs/msg/A") - 9 - 2 - 4
    records = raw[start:]
    records = records[: contents_of(records).whole]
    chunk, index = make_chunk(records, place)
    _, back = read_chunk(chunk[9 : index.chunk_length])
    assert back == records
    assert index.chunk_start_offset == place
    assert index.chunk_length + index.message_index_length == len(chunk)
    for channel, where in index.message_index_offsets.items():
        at = where - place
        assert chunk[at] == 0x07
        assert int.from_bytes(chunk[at + 9 : at + 11], "little") == channel


@pytest.mark.parametrize("compression", COMPRESSIONS)
@pytest.mark.parametrize("damage", ["byte", "end"])
def test_when_a_chunk_is_damaged_expect_it_refused(compression, damage, tmp_path):
    raw = bytearray(by_library([(0, k) for k in range(30)], compression, chunk_size=10_000))
    file = tmp_path / "a.mcap"
    file.write_bytes(raw)
    (part,) = [part for part in scan(file).parts if part.index]
    body = raw[part.start + 9 : part.start + part.index.chunk_length]
    if damage == "byte":
        body[-20] ^= 0xFF
    else:
        body = body[:-5]
    with pytest.raises(ValueError, match=r"."):
        read_chunk(bytes(body))
