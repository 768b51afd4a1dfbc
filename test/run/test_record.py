"""The verb record: what it refuses, and what it says of the bag that its process has left."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

import pytest

from rl_control.data.bags.types import message_class, serialize
from rl_control.data.bags.writer import BagWriter
from rl_control.errors import ConfigError, DataError, MissingDependencyError
from rl_control.run import in_ros, record

TEXT = "std_msgs/msg/String"


def parse(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    record.add_arguments(parser)
    return parser.parse_args(words)


@pytest.fixture
def recorder(monkeypatch, tmp_path):
    """Stands for the process that listens: writes a bag with `topics` and ends with `code`."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(record.importlib.util, "find_spec", lambda name: object())
    made = argparse.Namespace(topics=("/a", "/b"), code=0, asked=None)

    def listen(verb, args, add_arguments):
        made.asked = args
        with BagWriter(args.output) as writer:
            for k, topic in enumerate(made.topics):
                writer.topic(topic, TEXT)
                raw = serialize(TEXT, message_class(TEXT)(data="a"))
                writer.write(topic, raw, (k + 1) * 500_000_000)
        return made.code

    monkeypatch.setattr(in_ros, "in_ros", listen)
    return made


def test_when_a_recording_ends_expect_its_figures_and_what_to_do_next(recorder, capsys):
    assert record.run(parse()) == 0
    (folder,) = Path("runs").glob("record-*")
    said = capsys.readouterr().out
    assert f"2 messages of 2 topics, 0.5 s, 0.0 MB: {folder}/bag" in said
    assert f"next: rl_control bag info {folder}\n" in said
    told = json.loads((folder / "run.json").read_text())
    assert told["verb"] == "record"
    assert told["result"] == {"messages": 2, "exit_code": 0}


def test_when_a_folder_is_named_expect_the_bag_there(recorder, capsys):
    assert record.run(parse("--output", "mine/bag1", "/a")) == 0
    assert "next: rl_control bag info mine/bag1\n" in capsys.readouterr().out
    assert sorted(path.name for path in Path("mine").iterdir()) == ["bag1"]


def test_when_only_the_recorder_itself_spoke_expect_that_said(recorder, capsys):
    recorder.topics = ("/diagnostics", "/rosout")
    assert record.run(parse()) == 1
    assert "nothing was heard" in capsys.readouterr().err


def test_when_the_process_fails_expect_its_exit_code(recorder):
    recorder.code = 2
    assert record.run(parse()) == 2


def test_when_the_folder_exists_expect_nothing_started(recorder):
    os.mkdir("there")
    with pytest.raises(DataError, match="does not exist"):
        record.run(parse("--output", "there"))
    assert recorder.asked is None


@pytest.mark.parametrize("words", [("--duration", "-1"), ("--split-size", "nan")])
def test_when_a_number_is_out_of_range_expect_nothing_started(recorder, words):
    with pytest.raises(ConfigError, match=f"{words[0]}.*Give 0 or more"):
        record.run(parse(*words))
    assert recorder.asked is None


def test_when_ros_is_missing_expect_the_remedy_and_no_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(record.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match="rclpy"):
        record.run(parse())
    assert not list(tmp_path.iterdir())
