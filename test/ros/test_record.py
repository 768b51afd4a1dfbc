"""The process of the verb record: its arguments as parameters, and what it shows."""

from __future__ import annotations

import argparse
import io

import pytest
from rich.console import Console

from rl_control.ros.record import picture, ros_arguments
from rl_control.ros.recorder_node import Progress
from rl_control.run import record


def arguments(*words):
    parser = argparse.ArgumentParser()
    record.add_arguments(parser)
    return ros_arguments(parser.parse_args(words))


def test_when_topics_are_named_expect_them_as_parameters():
    found = arguments("/a", "b'c/*", "--exclude", "/d", "--output", 'x "y"', "--all")
    assert 'topics:=["/a", "b\'c/*"]' in found
    assert 'exclude:=["/d"]' in found
    assert 'folder:="x \\"y\\""' in found
    assert "hidden:=true" in found


def test_when_nothing_is_named_expect_no_empty_list():
    assert not any(word.startswith(("topics", "exclude")) for word in arguments())


@pytest.mark.parametrize(("height", "topics"), [(30, 12), (12, 4)])
def test_when_the_terminal_is_low_expect_what_fits(height, topics):
    counts = {f"/topic_{k:02}": 1000 + k for k in range(12)}
    progress = Progress(
        seconds=61.2,
        counts=counts,
        rates={topic: 99.6 for topic in counts},
        size=2_500_000,
        growth=1.0,
        lost=3,
        left=float("inf"),
    )
    out = io.StringIO()
    Console(file=out, width=80).print(picture(progress, paused=True, height=height))
    said = out.getvalue()
    assert "paused 61 s   12,066 messages, 3 lost   2.5 MB" in said
    assert "100" in said
    shown = sum(line.strip().startswith("/topic_") for line in said.splitlines())
    assert shown == (topics if topics == 12 else topics - 1)
    assert ("and 9 more" in said) == (topics < 12)
    assert len(said.splitlines()) <= height
