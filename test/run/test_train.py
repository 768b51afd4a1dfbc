"""`rl_control train`: kept whole, the same however it is cut up, refused if it is another."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("pybullet")
pytest.importorskip("torch")

from rl_control.cli import main
from rl_control.data.checkpoint import load_checkpoint
from rl_control.data.claim import Claim
from rl_control.data.store import load_transitions
from rl_control.gps.store import KIND as SEARCH
from rl_control.policy.store import KIND as POLICY
from rl_control.policy.store import load_policy
from rl_control.run.train_run import TrainRun, resume

ITERATIONS = 3
TINY = (
    *("reach", "--robot", "planar2", "--workers", "0", "--seed", "5"),
    *("--episode", "duration=0.6", "dt=0.05", "--train.trials", "2", "--mdgps.samples", "3"),
    *("--mdgps.policy.epochs", "2", "--mdgps.policy.hidden", "8", "--mdgps.imagined", "4"),
)


def train(*words: str) -> int:
    return main(["train", *map(str, words)])


def metrics(folder: Path) -> bytes:
    return (folder / "metrics.csv").read_bytes()


def assert_same(one: tuple[Any, Any], other: tuple[Any, Any]) -> None:
    """Two checkpoints have the same document and the same numbers."""
    assert one[0] == other[0]
    assert one[1].keys() == other[1].keys()
    for name, array in one[1].items():
        np.testing.assert_array_equal(array, other[1][name])


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nobody interrupted."""
    folder = tmp_path_factory.mktemp("runs") / "whole"
    assert train(*TINY, "--iterations", str(ITERATIONS), "--out", str(folder)) == 0
    return folder


def test_when_a_run_ends_expect_all_of_it_in_its_folder(whole: Path) -> None:
    config = json.loads((whole / "config.json").read_text(encoding="utf-8"))
    assert config["settings"]["seed"] == 5
    assert config["settings"]["episode.duration"] == 0.6
    assert "numpy" in config["software"] and "torch" in config["software"]
    run = resume(whole)
    assert [row["iteration"] for row in run.rows] == list(range(ITERATIONS))
    assert [row["seconds"] for row in run.rows] == pytest.approx([1.8, 3.6, 5.4])
    for number in range(1, ITERATIONS + 1):
        motion = load_transitions(whole / "rollouts" / f"{number:04d}.safetensors")
        assert len(motion.sources) == 3
        assert motion.seconds == pytest.approx(1.8)
    policy, about = load_policy(whole / "policy.safetensors")
    newest, _ = load_policy(run.policy)
    for one, other in zip(policy.weights, newest.weights, strict=True):  # type: ignore[union-attr]
        np.testing.assert_array_equal(one, other)
    assert about["iterations"] == ITERATIONS
    assert about["run"] == config["settings"]
    assert [path.name for path in whole.glob("checkpoint-*")] == ["checkpoint-0003"]
    assert list(whole.glob("events.out.tfevents.*"))
    assert metrics(whole).count(b"\n") == ITERATIONS + 1


def test_when_a_run_is_killed_in_the_middle_expect_resuming_to_equal_the_whole(
    whole: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "killed"
    words = [*TINY, "--iterations", str(ITERATIONS), "--out", str(folder)]
    command = [sys.executable, "-m", "rl_control", "train", *words]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 120.0
        while not (folder / "policies" / "0001.safetensors").exists():
            assert process.poll() is None and time.monotonic() < deadline
            time.sleep(0.005)
        os.kill(process.pid, signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert resume(folder).iterations < ITERATIONS
    assert train("--resume", str(folder), "--workers", "0") == 0  # it knows how many are wanted
    assert metrics(folder) == metrics(whole)
    for name, kind in (("state", SEARCH), (f"policy-{ITERATIONS}", POLICY)):
        assert_same(
            *(load_checkpoint(resume(one).checkpoint / name, kind) for one in (folder, whole))
        )


def test_when_workers_make_the_rollouts_expect_the_same_figures_and_a_line_of_them(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "workers"
    assert train(*TINY, "--workers", "2", "--iterations", "1", "--out", str(folder)) == 0
    assert metrics(folder).splitlines() == metrics(whole).splitlines()[:2]
    line = next(one for one in capsys.readouterr().out.splitlines() if one.startswith("iteration"))
    assert f"cost {resume(whole).rows[0]['cost']:.4g}" in line
    for figure in ("KL", "eta", "step", "success", "s of motion"):
        assert figure in line


def test_when_the_seed_is_another_expect_other_figures(whole: Path, tmp_path: Path) -> None:
    folder = tmp_path / "other"
    assert train(*TINY, "--seed", "6", "--iterations", "1", "--out", str(folder)) == 0
    assert resume(folder).rows[0]["cost"] != resume(whole).rows[0]["cost"]


def test_when_settings_differ_from_those_of_the_run_expect_all_of_them_named(
    whole: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = metrics(whole)
    words = ("--seed", "6", "--mdgps.samples", "4", "--episode", "duration=0.7")
    assert train("--resume", str(whole), *words) == 2
    said = capsys.readouterr().err
    assert "seed: 5, 6" in said
    assert "mdgps.samples: 3, 4" in said
    assert "episode.duration: 0.6, 0.7" in said
    assert metrics(whole) == before


def test_when_flags_repeat_the_run_s_settings_expect_it_to_go_on(whole: Path) -> None:
    before = metrics(whole)
    words = (*TINY, "--iterations", str(ITERATIONS), "--resume", str(whole))
    assert train(*words) == 0
    assert metrics(whole) == before


def test_when_a_run_is_killed_before_its_settings_are_kept_expect_the_folder_to_serve_again(
    whole: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    folder.mkdir()
    TrainRun(folder, resume(whole).settings)._saved()  # what is kept first
    assert train("--resume", str(folder)) == 2
    assert train(*TINY, "--iterations", "1", "--out", str(folder)) == 0
    assert metrics(folder).splitlines() == metrics(whole).splitlines()[:2]


def test_when_a_folder_without_a_run_is_resumed_expect_it_untouched(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert train("--resume", str(tmp_path)) == 2
    assert "no training run there" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_when_another_process_trains_in_a_folder_expect_refusal(
    whole: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Claim(whole):
        assert train("--resume", str(whole)) == 2
    assert "another process" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("lift", "--robot", "planar2"), "unknown task 'lift'"),
        (("reach", "--robot", "planar9"), "unknown robot 'planar9'"),
        (("reach", "--robot", "planar2", "--tip", "hand"), "unknown link 'hand'"),
        (("insert", "--robot", "planar2"), "planar2 holds no peg"),
        (("reach", "--robot", "planar2", "--episode", "target=9,9,9"), "cannot be reached"),
        (("reach", "--method", "magic"), "unknown method 'magic'"),
        (("reach", "--robot", "planar2", "--episode", "duration"), "NAME=VALUE"),
        (("reach", "--robot", "planar2", "--episode", "dt=9"), "dt"),
        (("reach", "--robot", "planar2", "--seed", "-1"), "--seed"),
        (("reach", "--workers", "many"), "--workers"),
        ((), "no task is named"),
        (("--resume", "nowhere"), "no training run there"),
    ],
)
def test_when_something_asked_for_cannot_be_expect_it_named_and_no_folder_left(
    words: tuple[str, ...],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    assert train(*words) == 2
    assert said in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_when_the_checkpoint_is_cut_short_expect_it_named(
    whole: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "cut"
    shutil.copytree(whole, folder)
    state = resume(folder).checkpoint / "state"
    state.write_bytes(state.read_bytes()[:-40])
    assert train("--resume", str(folder), "--iterations", "4") == 2
    assert str(state) in capsys.readouterr().err
    assert resume(folder).iterations == ITERATIONS


def test_when_help_is_asked_for_expect_task_method_and_settings(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as left:
        train("--help")
    assert left.value.code == 0
    said = capsys.readouterr().out
    for word in ("--resume", "--workers", "--method", "--mdgps.kl_step", "--train.conditions"):
        assert word in said
