"""A bag that ends at any byte, or was damaged: what was whole before comes back bit by bit."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest
import yaml
from bag_files import EPOCH, MS, by_mcap, by_rosbags, number, text, write_rows
from hypothesis import example, given
from hypothesis import strategies as st

from rl_control.data.bags.mcap_scan import scan
from rl_control.data.bags.recover import recover
from rl_control.data.bags.types import definition_of
from rl_control.data.bags.writer import BagWriter
from rl_control.errors import DataError

EVERY = 50  # messages in a chunk


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A bag of six chunks, and its messages."""
    folder = tmp_path_factory.mktemp("whole") / "bag"
    return folder, write_rows(folder, every=EVERY)


def chunk_ends(folder: Path) -> list[int]:
    """Where the chunks end in the bag's file, without their message indexes."""
    from mcap.reader import make_reader

    with (folder / "bag_0.mcap").open("rb") as stream:
        indexes = make_reader(stream).get_summary().chunk_indexes
    return [index.chunk_start_offset + index.chunk_length for index in indexes]


def cut_copy(folder: Path, out: Path, size: int) -> Path:
    shutil.copytree(folder, out)
    with (out / "bag_0.mcap").open("r+b") as file:
        file.truncate(size)
    return out


@given(data=st.data())
def test_when_a_bag_is_cut_anywhere_expect_all_whole_chunks_bit_by_bit(
    whole, tmp_path_factory, data
):
    folder, rows = whole
    size = (folder / "bag_0.mcap").stat().st_size
    ends = chunk_ends(folder)
    near = st.sampled_from(ends).flatmap(lambda end: st.integers(end - 30, end + 30))
    cut = data.draw(st.one_of(st.integers(50, size - 1), near), label="cut")
    copy = cut_copy(folder, tmp_path_factory.mktemp("cut") / "bag", cut)
    before = (copy / "bag_0.mcap").read_bytes()
    found = recover(copy)
    kept = by_rosbags(copy)
    assert kept == by_mcap(copy) == rows[: len(kept)]
    assert len(kept) >= EVERY * sum(end <= cut for end in ends)
    assert sum(found.counts.values()) == len(kept)
    (original,) = found.originals
    assert original.read_bytes() == before
    assert not recover(copy).files
    shutil.rmtree(copy.parent)


def _uncompressed(count: int) -> bytes:
    """A file of one chunk that is not compressed."""
    from mcap.writer import CompressionType, Writer

    out = io.BytesIO()
    writer = Writer(out, compression=CompressionType.NONE)
    writer.start("ros2")
    kind = "std_msgs/msg/String"
    schema = writer.register_schema(kind, "ros2msg", definition_of(kind)[0].encode())
    channel = writer.register_channel("/a", "cdr", schema)
    for k in range(count):
        writer.add_message(channel, EPOCH + k, text(f"{k}"), EPOCH + k)
    writer.finish()
    return out.getvalue()


@given(kept=st.integers(0, 20), more=st.integers(0, 40))
@example(kept=20, more=0)
def test_when_a_chunk_is_torn_expect_its_whole_messages(tmp_path_factory, kept, more):
    raw = _uncompressed(20)
    length = 9 + 22 + len(text("0"))
    first = raw.index(text("0")) + len(text("0"))
    cut = first - length + sum(9 + 22 + len(text(str(k))) for k in range(kept)) + min(more, 30)
    file = tmp_path_factory.mktemp("torn") / "a_0.mcap"
    file.write_bytes(raw[:cut])
    if not kept:
        assert not scan(file).torn or len(by_mcap(recover_file(file))) == 0
        return
    assert by_mcap(recover_file(file)) == [("/a", EPOCH + k, text(str(k))) for k in range(kept)]


def recover_file(file: Path) -> Path:
    recover(file)
    return file


def test_when_a_recorder_was_killed_expect_its_words_about_it(whole, tmp_path):
    folder, rows = whole
    copy = cut_copy(folder, tmp_path / "bag", chunk_ends(folder)[3] + 7)
    found = recover(copy)
    assert found.counts == {"/numbers": 198, "/settings": 2}
    assert (found.start, found.end) == (EPOCH, EPOCH + 199 * MS)
    told = "\n".join(found.lines)
    assert "200 messages of 2 topics, 0.199 s" in told
    assert "198  /numbers" in told
    assert "it was what is bag_0.mcap.broken now" in told
    assert "bag_0.mcap: it is broken off within its last 7 bytes." in told
    information = yaml.safe_load((copy / "metadata.yaml").read_text())
    assert information["rosbag2_bagfile_information"]["message_count"] == 200
    assert by_rosbags(copy) == rows[:200]


def test_when_a_bag_is_whole_expect_it_left_alone(whole, tmp_path):
    copy = tmp_path / "bag"
    shutil.copytree(whole[0], copy)
    before = (copy / "bag_0.mcap").read_bytes()
    found = recover(copy)
    assert (found.files, found.problems) == ((), {})
    assert "Its files were whole." in found.lines
    assert (copy / "bag_0.mcap").read_bytes() == before


@pytest.mark.parametrize("metadata", [None, "", "rosbag2_bagfile_information: [", "other: 1"])
def test_when_the_metadata_are_lost_expect_them_anew(whole, tmp_path, metadata):
    folder, rows = whole
    copy = tmp_path / "run" / "bag"
    shutil.copytree(folder, copy)
    expected = yaml.safe_load((copy / "metadata.yaml").read_text())
    (copy / "metadata.yaml").unlink()
    if metadata is not None:
        (copy / "metadata.yaml").write_text(metadata)
    recover(tmp_path / "run")
    assert yaml.safe_load((copy / "metadata.yaml").read_text()) == expected
    assert by_rosbags(copy) == rows


def test_when_somebody_kept_words_with_the_bag_expect_them_kept(whole, tmp_path):
    copy = cut_copy(whole[0], tmp_path / "bag", 5000)
    document = yaml.safe_load((copy / "metadata.yaml").read_text())
    document["rosbag2_bagfile_information"]["custom_data"] = {"operator": "Ada"}
    (copy / "metadata.yaml").write_text(yaml.safe_dump(document))
    recover(copy)
    found = yaml.safe_load((copy / "metadata.yaml").read_text())["rosbag2_bagfile_information"]
    assert found["custom_data"] == {"operator": "Ada"}
    before = (copy / "metadata.yaml").stat().st_mtime_ns
    recover(copy)
    assert (copy / "metadata.yaml").stat().st_mtime_ns == before


def test_when_the_metadata_cannot_be_written_expect_it_said(whole, tmp_path, monkeypatch):
    copy = cut_copy(whole[0], tmp_path / "bag", 5000)

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("rl_control.data.bags.recover.write_metadata", full)
    with pytest.raises(DataError, match=r"metadata.yaml: cannot be written.*files are whole"):
        recover(copy)
    monkeypatch.undo()
    assert sum(recover(copy).counts.values()) == len(by_rosbags(copy)) > 0


@pytest.mark.parametrize("chunk", [1, 4])
def test_when_a_chunk_is_damaged_expect_all_others(whole, tmp_path, chunk):
    folder, rows = whole
    copy = tmp_path / "bag"
    shutil.copytree(folder, copy)
    raw = bytearray((copy / "bag_0.mcap").read_bytes())
    for k in range(40):
        raw[chunk_ends(folder)[chunk] - 100 - k] ^= 0x5A
    (copy / "bag_0.mcap").write_bytes(raw)
    found = recover(copy)
    expected = rows[: chunk * EVERY] + rows[(chunk + 1) * EVERY :]
    assert by_rosbags(copy) == by_mcap(copy) == expected
    (problem,) = found.problems["bag_0.mcap"]
    assert "bytes at" in problem and "are lost" in problem


def test_when_the_topics_are_damaged_expect_nothing_made_up(whole, tmp_path):
    copy = tmp_path / "bag"
    shutil.copytree(whole[0], copy)
    raw = bytearray((copy / "bag_0.mcap").read_bytes())
    end = chunk_ends(whole[0])[0]
    raw[end - 60 : end] = bytes(60)
    (copy / "bag_0.mcap").write_bytes(raw)
    found = recover(copy)
    assert found.counts == {}
    assert any("damage has taken" in problem for problem in found.problems["bag_0.mcap"])
    assert found.originals[0].read_bytes() == raw


def test_when_a_power_cut_left_zeros_expect_all_before(whole, tmp_path):
    folder, rows = whole
    end = chunk_ends(folder)[2]
    copy = cut_copy(folder, tmp_path / "bag", end)
    with (copy / "bag_0.mcap").open("ab") as file:
        file.write(bytes(5000))
    recover(copy)
    assert by_rosbags(copy) == by_mcap(copy) == rows[: 3 * EVERY]


def test_when_the_last_of_several_files_is_cut_expect_the_others_as_they_were(tmp_path):
    with BagWriter(tmp_path / "bag", flush_time=60.0) as writer:
        writer.topic("/a", "std_msgs/msg/Float64MultiArray")
        for k in range(120):
            if k and k % 10 == 0:
                writer.split()
            writer.write("/a", number(k), EPOCH + k)
    last = tmp_path / "bag" / "bag_11.mcap"
    with last.open("r+b") as file:
        file.truncate(last.stat().st_size - 5)
    found = recover(tmp_path / "bag")
    assert found.files == (last,)
    assert by_rosbags(tmp_path / "bag") == [("/a", EPOCH + k, number(k)) for k in range(120)]
    last.write_bytes(b"")
    found = recover(tmp_path / "bag")
    assert not last.exists()
    assert [file.name for file in found.originals] == ["bag_11.mcap.broken-2"]
    assert len(by_rosbags(tmp_path / "bag")) == 110


def test_when_a_bag_is_being_recorded_expect_it_untouched(tmp_path):
    with BagWriter(tmp_path / "bag") as writer:
        writer.topic("/a", "std_msgs/msg/String")
        writer.write("/a", text("a"), EPOCH)
        writer.flush()
        with pytest.raises(DataError, match=r"being recorded.*Stop its recorder"):
            recover(tmp_path / "bag")
    assert [file.name for file in (tmp_path / "bag").glob("*.mcap*")] == ["bag_0.mcap"]


def test_when_there_is_no_space_expect_the_original(whole, tmp_path, monkeypatch):
    copy = cut_copy(whole[0], tmp_path / "bag", 5000)
    before = (copy / "bag_0.mcap").read_bytes()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("rl_control.data.bags.mcap_mend.ending", full)
    with pytest.raises(DataError, match=r"No space left.*nothing has been changed"):
        recover(copy)
    assert (copy / "bag_0.mcap").read_bytes() == before
    assert sorted(file.name for file in copy.iterdir()) == ["bag_0.mcap", "metadata.yaml"]


@pytest.mark.parametrize("content", [b"", b"\x89MCAP0\r\n", b"SQLite format 3\0", bytes(100)])
def test_when_nothing_can_be_read_expect_an_error(tmp_path, content):
    (tmp_path / "a_0.mcap").write_bytes(content)
    with pytest.raises(DataError, match="nothing in it can be read"):
        recover(tmp_path)
    assert (tmp_path / "a_0.mcap").read_bytes() == content


@pytest.mark.parametrize("name", ["nothing", "empty", "notes.txt"])
def test_when_there_is_no_bag_expect_an_error(tmp_path, name):
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes.txt").write_text("")
    with pytest.raises(DataError, match=r"no such bag|no bag of MCAP|not an MCAP"):
        recover(tmp_path / name)


def test_when_others_wrote_it_expect_it_recovered_too(write_bag, messages, tmp_path):
    """A file of another library: metadata records, one chunk size, other channels."""
    folder = write_bag(
        ("/joint_states", 100.0 + 0.001 * k, messages.state(k * 0.001, ["a"], [float(k)], [0.0]))
        for k in range(20_000)
    )
    rows = by_rosbags(folder)
    file = next(folder.glob("*.mcap"))
    with file.open("r+b") as stream:
        stream.truncate(file.stat().st_size // 2)
    found = recover(folder)
    kept = by_rosbags(folder)
    assert kept == rows[: len(kept)] == by_mcap(folder)
    assert found.counts == {"/joint_states": len(kept)}
    assert 5_000 < len(kept) < 15_000
