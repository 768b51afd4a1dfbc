"""A part of a bag: the same bytes and times, and what a subscriber would have known."""

from __future__ import annotations

import shutil

import pytest
from bag_files import EPOCH, MS, by_mcap, by_rosbags, text, write_rows
from hypothesis import given
from hypothesis import strategies as st
from mcap.reader import make_reader

from rl_control.data.bags.layout import LATCHED, Qos
from rl_control.data.bags.trim import trim
from rl_control.data.bags.writer import BagWriter
from rl_control.errors import DataError, UnknownNameError

TEXT = "std_msgs/msg/String"


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole") / "bag"
    return folder, write_rows(folder)


@given(start=st.integers(-10, 299), length=st.integers(1, 320))
def test_when_a_span_is_cut_out_expect_its_messages(whole, tmp_path_factory, start, length):
    folder, rows = whole
    out = tmp_path_factory.mktemp("trim") / "part"
    first, last = EPOCH + start * MS, EPOCH + (start + length) * MS
    inside = [row for row in rows if first <= row[1] < last]
    before = [row for row in rows if row[0] == "/settings" and row[1] < first][-1:]
    if not inside and not before:
        with pytest.raises(DataError, match=r"no message of these topics.*lasts 0.299 s"):
            trim(folder, out, first, last)
        return
    found = trim(folder, out, first, last)
    expected = [(topic, first, raw) for topic, _, raw in before] + inside
    assert by_rosbags(out) == by_mcap(out) == expected
    assert found.latched == len(before)
    assert sum(found.counts.values()) == len(expected)


def test_when_a_part_is_cut_out_expect_definitions_qos_and_times_of_publishing(whole, tmp_path):
    trim(whole[0], tmp_path / "part", EPOCH + 10 * MS)
    streams = []
    for file in (whole[0] / "bag_0.mcap", tmp_path / "part" / "part_0.mcap"):
        with file.open("rb") as stream:
            reader = make_reader(stream, validate_crcs=True)
            summary = reader.get_summary()
            topics = {c.topic: c for c in summary.channels.values()}
            kinds = {s.name: (s.encoding, s.data) for s in summary.schemas.values()}
            sent = {m.log_time - m.publish_time for _, _, m in reader.iter_messages("/numbers")}
            streams.append((sorted(topics), topics["/settings"].metadata, kinds, sent))
    assert streams[0] == streams[1]


def test_when_topics_are_named_expect_no_others(whole, tmp_path):
    folder, rows = whole
    found = trim(folder, tmp_path / "part", topics=["/settings"])
    assert by_rosbags(tmp_path / "part") == [row for row in rows if row[0] == "/settings"]
    assert found.counts == {"/settings": 3}
    with pytest.raises(UnknownNameError, match="did you mean '/settings'"):
        trim(folder, tmp_path / "other", topics=["/setting"])
    assert not (tmp_path / "other").exists()


def test_when_two_publishers_latch_expect_what_both_kept(tmp_path):
    with BagWriter(tmp_path / "bag") as writer:
        writer.topic("/tf_static", TEXT, (LATCHED, Qos(durability="transient_local", depth=2)))
        writer.topic("/mixed", TEXT, (LATCHED, Qos()))
        for k in range(8):
            writer.write("/tf_static", text(str(k)), EPOCH + k * MS)
            writer.write("/mixed", text(str(k)), EPOCH + k * MS)
    trim(tmp_path / "bag", tmp_path / "part", start=EPOCH + 6 * MS, topics=["/tf_static"])
    assert [raw for _, _, raw in by_rosbags(tmp_path / "part")] == [
        text(str(k)) for k in range(3, 8)
    ]
    assert trim(tmp_path / "bag", tmp_path / "all", start=EPOCH + 6 * MS).latched == 3


@pytest.mark.parametrize("store", ["ROS2_HUMBLE", "ROS2_JAZZY"])
def test_when_the_bag_is_sqlite_expect_the_part_in_mcap(write_bag, messages, tmp_path, store):
    folder = write_bag(
        [
            ("/joint_states", 100.0 + 0.01 * k, messages.state(0.01 * k, ["a"], [float(k)]))
            for k in range(100)
        ],
        "SQLITE3",
        store,
    )
    rows = by_rosbags(folder)
    trim(folder, tmp_path / "part", rows[20][1], rows[50][1])
    assert by_rosbags(tmp_path / "part") == by_mcap(tmp_path / "part") == rows[20:50]


def test_when_a_chunk_is_damaged_expect_an_error_and_how_to_mend_it(whole, tmp_path):
    shutil.copytree(whole[0], tmp_path / "bag")
    file = tmp_path / "bag" / "bag_0.mcap"
    with file.open("r+b") as stream:
        chunk = make_reader(stream).get_summary().chunk_indexes[3]
        stream.seek(chunk.chunk_start_offset + chunk.chunk_length - 200)
        stream.write(bytes(20))
    with pytest.raises(DataError, match="rl_control bag recover"):
        trim(tmp_path / "bag", tmp_path / "part")


def test_when_the_part_exists_already_expect_it_untouched(whole, tmp_path):
    (tmp_path / "part").mkdir()
    with pytest.raises(DataError, match="does not exist"):
        trim(whole[0], tmp_path / "part")
    assert not list((tmp_path / "part").iterdir())
