"""What a bag holds, and whether it is whole."""

from __future__ import annotations

import numpy as np
import pytest

from rl_control.data.bags.find import storage_files
from rl_control.data.bags.info import bag_info
from rl_control.errors import DataError

NAMES = ("a", "b")
STORAGES = pytest.mark.parametrize("storage", ["MCAP", "SQLITE3"])


def rows(messages, times=None):
    for time in np.arange(0.0, 1.0, 0.01) if times is None else times:
        yield "/joint_states", 1.0 + time, messages.state(time, NAMES, [0, 0], [0, 0])
        yield "/effort_controller/commands", 1.001 + time, messages.command([0, 0])


def topic_of(info, name):
    return next(topic for topic in info.topics if topic.name == name)


@STORAGES
def test_when_a_bag_is_whole_expect_its_topics_rates_and_joints(write_bag, messages, storage):
    info = bag_info(write_bag(rows(messages), storage))
    assert info.whole
    assert info.storage == storage.lower()
    assert (info.count, info.start) == (200, 1_000_000_000)
    assert info.duration == pytest.approx(0.991)
    states = topic_of(info, "/joint_states")
    assert (states.count, states.kind) == (100, "sensor_msgs/msg/JointState")
    assert states.rate == pytest.approx(100.0)
    assert states.gap == pytest.approx(0.01)
    assert states.back == 0
    (joints,) = info.joints
    assert (joints.names, joints.orders, joints.back) == (NAMES, 1, 0)


@STORAGES
def test_when_messages_are_missing_for_a_time_expect_the_gap_and_its_place(
    write_bag, messages, storage
):
    times = [*np.arange(0.0, 0.5, 0.01), *np.arange(0.8, 1.0, 0.01)]
    states = topic_of(bag_info(write_bag(rows(messages, times), storage)), "/joint_states")
    assert states.gap == pytest.approx(0.31)
    assert states.gap_at == pytest.approx(0.49)


@STORAGES
def test_when_messages_were_received_out_of_order_expect_them_counted(write_bag, messages, storage):
    times = [0.0, 0.1, 0.05, 0.2, 0.15, 0.3]
    info = bag_info(write_bag(rows(messages, times), storage))
    assert topic_of(info, "/joint_states").back == 2
    assert info.duration == pytest.approx(0.301)
    assert info.joints[0].back == 0  # read by their time of receipt, stamps are in order


def test_when_joints_change_order_and_stamps_go_back_expect_both_told(write_bag, messages):
    def changing():
        for k, stamp in enumerate([0.0, 0.1, 0.1, 0.05, 0.2, 0.1, 0.3]):
            names = NAMES if k < 3 else ("b", "a", "c")
            yield "/joint_states", 1.0 + 0.1 * k, messages.state(stamp, names, [0] * len(names))

    (joints,) = bag_info(write_bag(changing())).joints
    assert joints.names == ("a", "b", "c")
    assert joints.orders == 2
    assert joints.without_velocity == 7
    assert (joints.back, joints.repeated) == (2, 1)
    assert joints.first_back == pytest.approx(0.3)
    assert joints.deepest_back == pytest.approx(0.1)


def test_when_one_byte_of_a_chunk_is_damaged_expect_it_found(write_swung):
    path = write_swung
    (file,) = storage_files(path)
    whole = bytearray(file.read_bytes())
    info = bag_info(path)
    assert info.whole
    assert "all right" in info.checksums
    whole[len(whole) // 3] ^= 0x10
    file.write_bytes(whole)
    info = bag_info(path)
    assert not info.whole
    assert "lost" in info.problems[0]
    assert "rl_control bag recover" in info.remedy


@pytest.fixture
def write_swung(tmp_path):
    from rl_control.data.bags.types import message_class, serialize
    from rl_control.data.bags.writer import BagWriter

    kind = "std_msgs/msg/String"
    rng = np.random.default_rng(0)
    with BagWriter(tmp_path / "swung") as writer:
        writer.topic("/notes", kind)
        for k in range(200):
            words = serialize(kind, message_class(kind)(data=rng.bytes(50).hex()))
            writer.write("/notes", words, 1_000_000_000 + k * 1_000_000)
    return tmp_path / "swung"


def test_when_a_file_was_cut_expect_what_is_left_and_the_remedy(write_bag, messages):
    path = write_bag(rows(messages, np.arange(0.0, 120.0, 0.01)))
    (file,) = storage_files(path)
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    info = bag_info(path)
    assert not info.whole
    assert 100 < info.count < 24_000
    assert "broken off" in info.problems[0]
    file.write_bytes(whole[:5])
    with pytest.raises(DataError, match="cut or damaged"):
        bag_info(path)


def test_when_the_index_and_the_messages_differ_expect_it_said(write_bag, messages):
    path = write_bag(rows(messages))
    text = (path / "metadata.yaml").read_text()
    (path / "metadata.yaml").write_text(text.replace("message_count: 100", "message_count: 90"))
    info = bag_info(path)
    assert "/joint_states: its index says 90 messages, 100 are there" in info.problems


@STORAGES
def test_when_a_bag_is_empty_expect_it_told(write_bag, storage):
    with pytest.raises(DataError, match="the bag is empty"):
        bag_info(write_bag([], storage))
