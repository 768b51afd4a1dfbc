"""What a run's folder says of the run."""

from __future__ import annotations

import json
import sys

import pytest

from rl_control.errors import DataError
from rl_control.run.run_files import begin_run, command_line, read_run


def test_when_a_run_begins_and_ends_expect_what_is_known_then(tmp_path):
    run = begin_run(tmp_path, "reach", "arm", 3)
    begun = read_run(tmp_path)
    assert (begun["verb"], begun["robot"], begun["seed"]) == ("reach", "arm", 3)
    assert begun["result"] is None and begun["took_s"] is None
    assert begun["versions"]["python"] and begun["machine"]["cores"] >= 1
    run.ended({"reached": 1})
    ended = read_run(tmp_path)
    assert ended["result"] == {"reached": 1} and ended["took_s"] >= 0.0
    assert ended["started"] == begun["started"]


@pytest.mark.parametrize(
    ("argv", "told"),
    [
        (
            ["/usr/bin/rl_control", "reach", "--robot", "my arm"],
            "rl_control reach --robot 'my arm'",
        ),
        (["/x/rl_control/__main__.py", "reach"], "rl_control reach"),
        (["/usr/bin/pytest", "-q"], ""),
    ],
)
def test_when_a_process_was_started_expect_its_command_if_it_is_ours(monkeypatch, argv, told):
    monkeypatch.setattr(sys, "argv", argv)
    assert command_line() == told


def test_when_there_is_no_file_expect_nothing(tmp_path):
    assert read_run(tmp_path) == read_run(tmp_path / "none") == {}


@pytest.mark.parametrize("text", ["{", "[]"])
def test_when_the_file_is_damaged_expect_that_said(tmp_path, text):
    (tmp_path / "run.json").write_text(text)
    with pytest.raises(DataError, match="damaged"):
        read_run(tmp_path)


def test_when_a_run_is_told_expect_plain_json(tmp_path):
    begin_run(tmp_path, "reach", "arm").ended({"error": float("nan")})
    assert json.loads((tmp_path / "run.json").read_text())["result"] == {"error": None}
