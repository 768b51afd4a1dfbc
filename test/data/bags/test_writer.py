"""What is written is what others read; faults of the disk end a bag, and nothing kept is lost."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest
import yaml
from bag_files import EPOCH, MS, NUMBERS, TEXT, by_mcap, by_rosbags, number, text, write_rows

from rl_control.data.bags.file import create
from rl_control.data.bags.layout import Qos
from rl_control.data.bags.recover import recover
from rl_control.data.bags.types import definition_of
from rl_control.data.bags.writer import BagWriter
from rl_control.errors import ConfigError, DataError


def information(folder: Path) -> dict:
    return yaml.safe_load((folder / "metadata.yaml").read_text())["rosbag2_bagfile_information"]


def wait_until(condition, seconds=10.0):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_when_messages_are_written_expect_two_other_readers_to_find_them(tmp_path):
    rows = write_rows(tmp_path / "bag")
    assert by_rosbags(tmp_path / "bag") == rows
    assert by_mcap(tmp_path / "bag") == rows


def test_when_a_bag_is_written_expect_what_rosbag2_says_of_it(tmp_path):
    from mcap.reader import make_reader

    write_rows(tmp_path / "bag")
    with (tmp_path / "bag" / "bag_0.mcap").open("rb") as stream:
        reader = make_reader(stream, validate_crcs=True)
        summary = reader.get_summary()
        (metadata,) = reader.iter_metadata()
        assert reader.get_header().profile == "ros2"
    assert {schema.name: schema.encoding for schema in summary.schemas.values()} == {
        NUMBERS: "ros2msg",
        TEXT: "ros2msg",
    }
    (settings,) = [c for c in summary.channels.values() if c.topic == "/settings"]
    assert settings.message_encoding == "cdr"
    assert settings.metadata["topic_type_hash"] == definition_of(TEXT)[1]
    (offered,) = yaml.safe_load(settings.metadata["offered_qos_profiles"])
    assert (offered["durability"], offered["depth"]) == ("transient_local", 1)
    assert offered["lifespan"] == {"sec": 9223372036, "nsec": 854775807}
    found = information(tmp_path / "bag")
    assert yaml.safe_load(metadata.metadata["serialized_metadata"]) == found
    assert (found["version"], found["storage_identifier"]) == (9, "mcap")
    assert found["message_count"] == 300
    assert found["duration"]["nanoseconds"] == 299 * MS
    assert found["starting_time"]["nanoseconds_since_epoch"] == EPOCH
    assert [row["message_count"] for row in found["topics_with_message_count"]] == [297, 3]


def test_when_a_time_is_sought_expect_the_index_to_lead_there(tmp_path):
    from mcap.reader import make_reader

    rows = write_rows(tmp_path / "bag")
    file = tmp_path / "bag" / "bag_0.mcap"
    with file.open("rb") as stream:
        reader = make_reader(stream, validate_crcs=True)
        indexes = reader.get_summary().chunk_indexes
        found = reader.iter_messages(starting_at=EPOCH + 120 * MS, ending_before=EPOCH + 130 * MS)
        assert [m.log_time for _, _, m in found] == [row[1] for row in rows[120:130]]
    assert len(indexes) == 6
    raw = file.read_bytes()
    for index in indexes:
        assert raw[index.chunk_start_offset] == 0x06
        for channel, place in index.message_index_offsets.items():
            assert raw[place] == 0x07
            assert int.from_bytes(raw[place + 9 : place + 11], "little") == channel


def test_when_a_bag_is_split_expect_whole_files_in_a_row(tmp_path):
    rows = []
    with BagWriter(tmp_path / "run" / "bag", flush_time=60.0) as writer:
        writer.topic("/a", NUMBERS)
        for k in range(30):
            if k in (10, 25):
                writer.split()
            if k == 12:
                writer.topic("/b", TEXT)
            rows.append(("/b", text(str(k))) if k > 12 and k % 2 else ("/a", number(k)))
            writer.write(*rows[-1], EPOCH + k)
        writer.split()
    found = information(tmp_path / "run" / "bag")
    assert found["relative_file_paths"] == ["bag_0.mcap", "bag_1.mcap", "bag_2.mcap"]
    assert [file["message_count"] for file in found["files"]] == [10, 15, 5]
    assert sorted(file.name for file in (tmp_path / "run" / "bag").iterdir()) == [
        "bag_0.mcap", "bag_1.mcap", "bag_2.mcap", "metadata.yaml",
    ]  # fmt: skip
    expected = [(topic, EPOCH + k, raw) for k, (topic, raw) in enumerate(rows)]
    assert by_rosbags(tmp_path / "run" / "bag") == by_mcap(tmp_path / "run" / "bag") == expected


def test_when_a_file_reaches_its_size_expect_the_next_to_begin(tmp_path):
    with BagWriter(tmp_path / "bag", flush_time=0.01, split_bytes=20_000) as writer:
        writer.topic("/a", NUMBERS)
        for k in range(100):
            writer.write("/a", number(k, size=100), EPOCH + k)
            writer.flush()
            if (tmp_path / "bag" / "bag_2.mcap").exists():
                break
            time.sleep(0.005)
    assert len(information(tmp_path / "bag")["files"]) >= 2
    assert len(by_mcap(tmp_path / "bag")) == len(by_rosbags(tmp_path / "bag")) == k + 1


def test_when_no_message_comes_any_more_expect_those_before_on_the_disk(tmp_path):
    writer = BagWriter(tmp_path / "bag", flush_time=0.02)
    writer.topic("/a", TEXT)
    raw = text("the last for a long time")
    writer.write("/a", raw, EPOCH)
    size = writer.size
    wait_until(lambda: writer.size > size)
    shutil.copytree(tmp_path / "bag", tmp_path / "as_killed")
    assert information(tmp_path / "as_killed")["message_count"] == 0
    assert recover(tmp_path / "as_killed").counts == {"/a": 1}
    assert by_rosbags(tmp_path / "as_killed") == [("/a", EPOCH, raw)]
    writer.close()


def test_when_threads_write_at_once_expect_every_message(tmp_path):
    with BagWriter(tmp_path / "bag", flush_time=0.001) as writer:
        writer.topic("/a", NUMBERS)

        def work(first):
            for k in range(first, first + 500):
                writer.write("/a", number(k), EPOCH + k)

        threads = [threading.Thread(target=work, args=(1000 * i,)) for i in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    found = by_mcap(tmp_path / "bag")
    expected = [
        ("/a", EPOCH + k, number(k)) for i in range(3) for k in range(1000 * i, 1000 * i + 500)
    ]
    assert sorted(found) == sorted(expected)


def test_when_a_bag_has_no_message_expect_it_whole(tmp_path):
    with BagWriter(tmp_path / "bag") as writer:
        writer.topic("/a", TEXT)
    assert information(tmp_path / "bag")["message_count"] == 0
    assert by_mcap(tmp_path / "bag") == by_rosbags(tmp_path / "bag") == []


def test_when_publishers_differ_expect_the_qos_of_each(tmp_path):
    offered = (Qos(reliability="best_effort"), Qos(deadline=1_500_000_000, lease=3))
    with BagWriter(tmp_path / "bag") as writer:
        writer.topic("/a", TEXT, offered)
    (topic,) = information(tmp_path / "bag")["topics_with_message_count"]
    first, second = topic["topic_metadata"]["offered_qos_profiles"]
    assert first["reliability"] == "best_effort"
    assert second["deadline"] == {"sec": 1, "nsec": 500_000_000}
    assert second["liveliness_lease_duration"] == {"sec": 0, "nsec": 3}


def test_when_the_folder_exists_expect_it_untouched(tmp_path):
    (tmp_path / "bag").mkdir()
    with pytest.raises(DataError, match=r"something of that name.*does not exist"):
        BagWriter(tmp_path / "bag")
    assert not list((tmp_path / "bag").iterdir())


def test_when_the_folder_cannot_be_made_expect_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match=r"no bag can be made there.*may be written to"):
        BagWriter(tmp_path / "file" / "bag")


def test_when_a_message_does_not_fit_expect_an_error_and_the_bag_goes_on(tmp_path):
    with BagWriter(tmp_path / "bag") as writer:
        with pytest.raises(ConfigError, match="no definition of no_msgs/msg/Thing"):
            writer.topic("/x", "no_msgs/msg/Thing")
        with pytest.raises(DataError, match="no topic /a in it; known: none"):
            writer.write("/a", b"", EPOCH)
        writer.topic("/a", TEXT)
        with pytest.raises(DataError, match="received at -1 ns"):
            writer.write("/a", text(""), -1)
        writer.write("/a", text("fits"), EPOCH)
    with pytest.raises(DataError, match="is closed"):
        writer.write("/a", text(""), EPOCH)
    writer.close()
    assert by_mcap(tmp_path / "bag") == [("/a", EPOCH, text("fits"))]


class FullDisk:
    """A file on a disk that takes `room` bytes, in pieces, and raises after that."""

    def __init__(self, path: Path, room: int, code: int) -> None:
        self._file, self._room, self._code = create(path), room, code

    def write(self, raw) -> int:
        if not self._room:
            raise OSError(self._code, os.strerror(self._code))
        written = self._file.write(memoryview(raw)[: min(1000, self._room)])
        self._room -= written
        return written

    def __getattr__(self, name):
        return getattr(self._file, name)


def write_until_refused(folder: Path, opener, **settings) -> tuple[list, DataError]:
    writer = BagWriter(folder, flush_time=60.0, open_file=opener, **settings)
    writer.topic("/a", NUMBERS)
    rows: list = []
    whole = 0
    with pytest.raises(DataError) as caught:
        for k in range(1000):
            rows.append(("/a", EPOCH + k, number(k)))
            writer.write("/a", rows[-1][2], EPOCH + k)
            if k % 10 == 9:
                writer.flush()
                whole = len(rows)
    with pytest.raises(DataError) as again:
        writer.write("/a", number(0), EPOCH)
    with pytest.raises(DataError) as at_the_end:
        writer.close()
    assert caught.value is again.value is at_the_end.value is writer.failure
    return rows[:whole], caught.value


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EFBIG, errno.EIO, errno.EDQUOT])
@pytest.mark.parametrize("room", [5_000, 20_001])
def test_when_the_disk_is_full_expect_all_before_to_be_recovered(tmp_path, code, room):
    rows, error = write_until_refused(tmp_path / "bag", lambda path: FullDisk(path, room, code))
    assert os.strerror(code) in str(error) and "rl_control bag recover" in str(error)
    assert f"{len(rows)} messages" in str(error)
    found = recover(tmp_path / "bag")
    assert found.counts == {"/a": len(rows)}
    assert by_rosbags(tmp_path / "bag") == by_mcap(tmp_path / "bag") == rows


def test_when_room_for_the_index_comes_back_expect_a_whole_bag(tmp_path):
    class Refuses(FullDisk):
        def write(self, raw):
            self._room = self._room or 10**9 * self._refused
            self._refused = self._room == 0
            return super().write(raw)

        _refused = False

    rows, error = write_until_refused(
        tmp_path / "bag", lambda path: Refuses(path, 20_001, errno.ENOSPC)
    )
    assert "can be read" in str(error) and "recover" not in str(error)
    assert not recover(tmp_path / "bag").files
    assert by_rosbags(tmp_path / "bag") == by_mcap(tmp_path / "bag") == rows


def test_when_the_next_file_cannot_be_begun_expect_the_first_whole(tmp_path):
    def opener(path):
        if path.name == "bag_1.mcap":
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return create(path)

    writer = BagWriter(tmp_path / "bag", flush_time=60.0, open_file=opener)
    writer.topic("/a", TEXT)
    writer.write("/a", text("kept"), EPOCH)
    writer.flush()
    with pytest.raises(DataError, match=r"1 message,.*can be read"):
        writer.split()
    assert by_rosbags(tmp_path / "bag") == [("/a", EPOCH, text("kept"))]


@pytest.mark.parametrize("removed", ["folder", "file"])
def test_when_the_bag_is_removed_expect_it_said(tmp_path, removed):
    writer = BagWriter(tmp_path / "bag", flush_time=0.01)
    writer.topic("/a", TEXT)
    writer.write("/a", text("a"), EPOCH)
    writer.flush()
    if removed == "folder":
        shutil.rmtree(tmp_path / "bag")
    else:
        (tmp_path / "bag" / "bag_0.mcap").unlink()
    wait_until(lambda: writer.failure is not None)
    with pytest.raises(DataError, match="the recording has ended"):
        writer.close()


def test_when_little_space_is_left_expect_a_whole_bag(tmp_path, monkeypatch):
    writer = BagWriter(tmp_path / "bag", flush_time=0.01)
    writer.topic("/a", TEXT)
    writer.write("/a", text("a"), EPOCH)
    free = shutil.disk_usage(tmp_path)._replace(free=10_000_000)
    monkeypatch.setattr("rl_control.data.bags.folder.shutil.disk_usage", lambda path: free)
    wait_until(lambda: writer.failure is not None)
    with pytest.raises(DataError, match=r"10 MB are free.*1 message,.*can be read"):
        writer.close()
    assert not recover(tmp_path / "bag").files
    assert by_rosbags(tmp_path / "bag") == [("/a", EPOCH, text("a"))]
    with pytest.raises(DataError, match="10 MB are free"):
        BagWriter(tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_when_a_file_may_not_grow_expect_a_living_process_and_its_messages(tmp_path):
    """A limit of the operating system, as a real disk would be full."""
    script = """
        import resource, signal, sys
        from rl_control.data.bags.writer import BagWriter
        from rl_control.errors import DataError
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
        writer = BagWriter(sys.argv[1], flush_time=60.0)
        writer.topic("/a", "std_msgs/msg/String")
        for k in range(1000):
            raw = bytes([0, 1, 0, 0]) + (9).to_bytes(4, "little") + f"{k:08}".encode() + bytes(1)
            try:
                writer.write("/a", raw, k)
                writer.flush()
            except DataError as error:
                print(k, error)
                break
    """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script), str(tmp_path / "bag")],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    count, _, told = run.stdout.partition(" ")
    assert f"File too large); {count} messages" in told
    assert (tmp_path / "bag" / "bag_0.mcap").stat().st_size <= 50_000
    recover(tmp_path / "bag")
    assert [row[1] for row in by_rosbags(tmp_path / "bag")] == list(range(int(count)))


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 2 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if not shutil.which("mount") or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("no right to mount a disk")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


@pytest.mark.parametrize("reserve_bytes", [0, 500_000])
def test_when_a_real_disk_is_full_expect_what_was_written(small_disk, tmp_path, reserve_bytes):
    bag = small_disk / "bag"
    writer = BagWriter(bag, flush_time=60.0, reserve_bytes=reserve_bytes)
    writer.topic("/a", NUMBERS)
    rows: list = []
    with pytest.raises(DataError, match=r"No space left|MB are free.*can be read") as caught:
        for k in range(1000):
            rows.append(("/a", EPOCH + k, number(k, size=500)))
            writer.write("/a", rows[-1][2], EPOCH + k)
            writer.flush()
    shutil.copytree(bag, tmp_path / "copy")
    assert bool(recover(tmp_path / "copy").files) == ("recover" in str(caught.value))
    kept = by_rosbags(tmp_path / "copy")
    assert kept == by_mcap(tmp_path / "copy") == rows[: len(kept)]
    assert len(kept) >= len(rows) - 2
