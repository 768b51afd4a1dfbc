"""JSON files left behind by verbs."""

from __future__ import annotations

import errno
import json
import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from rl_control.errors import ConfigError
from rl_control.run.environment import installed, machine_line, versions
from rl_control.run.output import check_writable, write_json


@dataclass(frozen=True)
class Inner:
    values: np.ndarray
    missing: float | None = None


def test_when_data_holds_arrays_and_dataclasses_expect_plain_json(tmp_path):
    write_json(tmp_path / "a.json", {"inner": Inner(np.array([1.0, 2.0])), "n": np.int64(3)})
    read = json.loads((tmp_path / "a.json").read_text())
    assert read == {"inner": {"values": [1.0, 2.0], "missing": None}, "n": 3}


def test_when_a_number_is_not_finite_expect_null_since_json_has_no_nan(tmp_path):
    write_json(tmp_path / "a.json", [float("nan"), np.float64("inf"), 1.5])
    assert json.loads((tmp_path / "a.json").read_text()) == [None, None, 1.5]


def test_when_writing_fails_expect_the_old_file_untouched(tmp_path):
    path = tmp_path / "a.json"
    write_json(path, 1)
    with pytest.raises(TypeError):
        write_json(path, object())
    assert json.loads(path.read_text()) == 1
    assert list(tmp_path.iterdir()) == [path]


def test_when_the_disk_is_full_expect_no_draft_left_and_the_file_named(tmp_path, monkeypatch):
    def full(*args, **kwargs):
        (tmp_path / f".a.json.{os.getpid()}").touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    with pytest.raises(OSError, match="No space") as caught:
        write_json(tmp_path / "a.json", {"x": 1})
    assert caught.value.filename == str(tmp_path / "a.json")
    assert list(tmp_path.iterdir()) == []


def test_when_the_folder_does_not_exist_expect_a_refusal_before_any_work(tmp_path):
    check_writable(None)
    check_writable(str(tmp_path / "a.json"))
    with pytest.raises(ConfigError, match="--json"):
        check_writable(str(tmp_path / "no" / "a.json"))
    for path in (tmp_path / "no" / "a.png", tmp_path):
        with pytest.raises(ConfigError, match=f"--plot.*{path.parent}"):
            check_writable(str(path), "--plot")


def test_when_versions_are_asked_expect_ours_and_only_what_is_installed():
    found = versions(("numpy", "no-such-library"))
    assert found["numpy"] == np.__version__
    assert set(found) == {"rl_control", "python", "numpy"}
    assert installed("no-such-library") is None


def test_when_the_machine_is_described_expect_its_cores():
    assert "cores" in machine_line()
