"""Bags that are none, empty, cut or damaged."""

from __future__ import annotations

import builtins
import shutil

import numpy as np
import pytest

from rl_control.data.bag import read_bag
from rl_control.data.bags.messages import messages_of, open_bag
from rl_control.errors import DataError, MissingDependencyError

NAMES = ("a", "b")
STATES, COMMANDS = "/joint_states", "/effort_controller/commands"
STATE, COMMAND = "sensor_msgs/msg/JointState", "std_msgs/msg/Float64MultiArray"
STORAGES = pytest.mark.parametrize("storage", ["MCAP", "SQLITE3"])


def rows(messages, count=30):
    for k in range(count):
        yield STATES, 1.0 + 0.01 * k, messages.state(0.01 * k, NAMES, [k, -k], [0.0, 1.0])
        yield COMMANDS, 1.001 + 0.01 * k, messages.command([k, k])


def storage_file(path):
    (file,) = [file for file in path.iterdir() if file.suffix in (".mcap", ".db3")]
    return file


@STORAGES
def test_when_a_topic_is_read_expect_its_messages_in_order_of_receipt(write_bag, messages, storage):
    path = write_bag(rows(messages), storage)
    reader = open_bag(path)
    try:
        found = list(messages_of(reader, path, COMMANDS, COMMAND))
    finally:
        reader.close()
    assert [received for received, _ in found] == [
        1_001_000_000 + 10_000_000 * k for k in range(30)
    ]
    assert [message.data.tolist() for _, message in found] == [[k, k] for k in range(30)]


def test_when_there_is_no_bag_expect_refusal(tmp_path):
    with pytest.raises(DataError, match="no such bag"):
        open_bag(tmp_path / "none")
    with pytest.raises(DataError, match=r"no metadata\.yaml.*Name the folder of a run"):
        open_bag(tmp_path)
    (tmp_path / "notes.txt").write_text("not a bag")
    with pytest.raises(DataError, match="not a ROS bag"):
        open_bag(tmp_path / "notes.txt")
    (tmp_path / "metadata.yaml").write_text("rosbag2_bagfile_information: []")
    with pytest.raises(DataError, match="not a ROS bag"):
        open_bag(tmp_path)


@STORAGES
def test_when_the_bag_is_empty_expect_refusal(write_bag, storage):
    with pytest.raises(DataError, match="the bag is empty"):
        open_bag(write_bag([], storage))


@pytest.mark.parametrize(
    ("storage", "remedy"), [("MCAP", "rl_control bag recover"), ("SQLITE3", "ros2 bag reindex")]
)
def test_when_the_recorder_was_killed_expect_the_remedy_named(write_bag, messages, storage, remedy):
    path = write_bag(rows(messages), storage)
    (path / "metadata.yaml").unlink()
    with pytest.raises(DataError, match=remedy):
        open_bag(path)
    assert open_bag(storage_file(path)).message_count == 60


def test_when_a_foreign_definition_cannot_be_read_expect_the_other_topics_read(write_bag, messages):
    from rosbags.interfaces import MessageDefinition, MessageDefinitionFormat

    path = write_bag(rows(messages))
    bag = open_bag(path)
    broken = MessageDefinition(MessageDefinitionFormat.MSG, "no such @ definition")
    bag.connections = [
        c._replace(msgdef=broken) if c.msgtype == COMMAND else c for c in bag.connections
    ]
    assert len(list(messages_of(bag, path, STATES, STATE))) == 30
    assert len(list(messages_of(bag, path, COMMANDS, COMMAND))) == 30  # as ROS 2 defines it
    bag.close()


@STORAGES
def test_when_the_file_is_missing_expect_refusal(write_bag, messages, storage):
    path = write_bag(rows(messages), storage)
    storage_file(path).unlink()
    with pytest.raises(DataError, match="not a ROS bag, or one that was cut or damaged"):
        open_bag(path)


@STORAGES
@pytest.mark.parametrize("alone", [False, True])
def test_when_cut_expect_refusal(write_bag, messages, storage, alone):
    path = write_bag(rows(messages), storage)
    file = storage_file(path)
    whole = file.read_bytes()
    for size in [*range(0, len(whole), len(whole) // 25), len(whole) - 1]:
        file.write_bytes(whole[:size])
        with pytest.raises(DataError, match="bag"):
            read_bag(file if alone else path, NAMES)


@STORAGES
def test_when_bytes_are_damaged_expect_refusal_or_a_recording_never_a_crash(
    write_bag, messages, storage
):
    path = write_bag(rows(messages), storage)
    file = storage_file(path)
    whole = file.read_bytes()
    rng = np.random.default_rng(0)
    refused = 0
    for _ in range(60):
        changed = bytearray(whole)
        begin = int(rng.integers(len(whole)))
        changed[begin : begin + 16] = rng.bytes(len(changed[begin : begin + 16]))
        file.write_bytes(changed)
        try:
            read_bag(path, NAMES)
        except DataError:
            refused += 1
    assert refused > 5


@STORAGES
def test_when_messages_are_fewer_than_the_bag_says_expect_refusal(write_bag, messages, storage):
    path = write_bag(rows(messages), storage)
    other = write_bag(rows(messages, 20), storage, name="other")
    shutil.copy(storage_file(other), storage_file(path))
    with pytest.raises(DataError, match="20 of 30 messages on /joint_states"):
        read_bag(path, NAMES)


def test_when_a_topic_has_no_message_expect_refusal(write_bag, messages):
    path = write_bag([row for row in rows(messages) if row[0] == STATES])
    reader = open_bag(path)
    with pytest.raises(DataError, match=r"no topic /effort_controller/commands .*: none"):
        list(messages_of(reader, path, COMMANDS, COMMAND))
    reader.close()


def test_when_rosbags_is_not_installed_expect_the_command_that_installs_it(tmp_path, monkeypatch):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.startswith("rosbags"):
            raise ModuleNotFoundError(f"No module named '{name}'", name=name)
        return real(name, *args, **kwargs)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(MissingDependencyError, match=r"pip install rosbags$"):
        open_bag(tmp_path)


@STORAGES
def test_when_metadata_tell_other_qualities_than_the_file_expect_all_messages(
    write_bag, messages, storage
):
    import yaml

    path = write_bag(rows(messages), storage)
    document = yaml.safe_load((path / "metadata.yaml").read_text())
    for topic in document["rosbag2_bagfile_information"]["topics_with_message_count"]:
        topic["topic_metadata"]["offered_qos_profiles"] = [
            {
                "history": "keep_last", "depth": 7, "reliability": "best_effort",
                "durability": "volatile", "deadline": {"sec": 0, "nsec": 0},
                "lifespan": {"sec": 0, "nsec": 0}, "liveliness": "automatic",
                "liveliness_lease_duration": {"sec": 0, "nsec": 0},
                "avoid_ros_namespace_conventions": False,
            }
        ]  # fmt: skip
    (path / "metadata.yaml").write_text(yaml.safe_dump(document))
    bag = open_bag(path)
    assert len(list(bag.messages())) == 60
    assert len(list(messages_of(bag, path, STATES, STATE))) == 30
    bag.close()


def test_when_metadata_are_no_yaml_expect_one_line(write_bag, messages):
    path = write_bag([("/joint_states", 1.0, messages.state(0.0, ["a"], [0.0]))])
    (path / "metadata.yaml").write_text("{[not yaml", encoding="utf-8")
    with pytest.raises(DataError) as told:
        open_bag(path)
    assert "\n" not in str(told.value)
