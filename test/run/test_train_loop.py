"""The training loop: what is kept decides what comes next, wherever a run was stopped."""

from __future__ import annotations

import csv
import json
import math
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open
from train_fakes import SETTINGS, FakeTrainer, collect

from rl_control.data.store import load_transitions
from rl_control.errors import DataError, PlantError
from rl_control.policy.store import load_policy
from rl_control.run import train_run
from rl_control.run.train_loop import train
from rl_control.run.train_run import STATE, TrainRun, resume
from rl_control.run.train_settings import TrainConfig

ITERATIONS = 4


class Stopped(Exception):
    """Stands for a process that was ended."""


def begun(folder: Path, settings: Any = SETTINGS) -> TrainRun:
    folder.mkdir(exist_ok=True)
    return TrainRun.begin(folder, settings, ITERATIONS)


def kept(folder: Path) -> dict[str, str]:
    """What is in the files of a run that its seed decides, by their names."""
    files = [
        path for part in ("policies", "rollouts", "checkpoint-*") for path in folder.glob(part)
    ]
    found = {"metrics.csv": (folder / "metrics.csv").read_text()}
    for path in sorted(one for part in files for one in part.iterdir()):
        with safe_open(path, framework="numpy") as file:
            found[str(path.relative_to(folder))] = file.metadata()["sha256"]
    return found


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("whole")
    train(begun(folder), FakeTrainer(), collect, ITERATIONS)
    return folder


def test_when_a_run_ends_expect_everything_in_its_folder(whole: Path) -> None:
    assert sorted(kept(whole)) == [
        "checkpoint-0004/state",
        "metrics.csv",
        *(f"policies/{k:04d}.safetensors" for k in range(1, 5)),
        *(f"rollouts/{k:04d}.safetensors" for k in range(1, 5)),
    ]
    config = json.loads((whole / "config.json").read_text())
    assert config["settings"]["seed"] == 5
    assert config["revision"] is None or len(config["revision"]["commit"]) == 40
    motion = load_transitions(whole / "rollouts" / "0002.safetensors")
    assert motion.sources == ("iteration 2, rollout 1", "iteration 2, rollout 2")
    rows = list(csv.DictReader((whole / "metrics.csv").open()))
    assert [row["iteration"] for row in rows] == ["0", "1", "2", "3"]
    assert {"trained_success", "trial_success", "trial_cost", "stopped"} <= set(rows[0])
    about = load_policy(whole / "policies" / "0003.safetensors")[1]
    assert about["iterations"] == 3 and about["run"]["robot"] == "planar2"


class Fuse:
    """Ends the run at the n-th time that it is touched."""

    def __init__(self, after: int) -> None:
        self.left = after

    def burn(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Stopped


@pytest.mark.parametrize("after", range(21))
def test_when_a_run_is_stopped_at_any_write_expect_resuming_to_equal_the_whole(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    fuse = Fuse(after)

    def fused(function: Any) -> Any:
        def wrapped(*given: Any, **named: Any) -> Any:
            fuse.burn()
            return function(*given, **named)

        return wrapped

    with monkeypatch.context() as patched:
        run = begun(tmp_path / "run")
        for name in ("save_transitions", "save_policy", "write_json"):
            patched.setattr(train_run, name, fused(getattr(train_run, name)))
        trainer = FakeTrainer()
        patched.setattr(trainer, "save", fused(trainer.save))
        # Five writes an iteration: the last stop leaves nothing to do.
        if after < 5 * ITERATIONS:
            with pytest.raises(Stopped):
                train(run, trainer, collect, ITERATIONS)
        else:
            train(run, trainer, collect, ITERATIONS)
    again = resume(tmp_path / "run")
    assert again.iterations == (after + 1) // 5  # the fourth one counts
    train(again, FakeTrainer(), collect, ITERATIONS)
    assert kept(tmp_path / "run") == kept(whole)


def test_when_rows_are_read_back_expect_them_to_the_last_bit(tmp_path: Path) -> None:
    run, _ = train(begun(tmp_path), FakeTrainer(), collect, 2)
    again = resume(tmp_path)
    assert math.isnan(again.rows[0]["gain"])
    for one, other in zip(run.rows, again.rows, strict=True):
        assert list(one) == list(other)
        np.testing.assert_array_equal(list(one.values()), list(other.values()))
    assert again.settings == run.settings


def test_when_the_seed_differs_expect_another_run(whole: Path, tmp_path: Path) -> None:
    train(begun(tmp_path, replace(SETTINGS, seed=6)), FakeTrainer(), collect, ITERATIONS)
    assert kept(tmp_path)["metrics.csv"] != kept(whole)["metrics.csv"]


def test_when_more_iterations_are_asked_for_expect_those_of_a_longer_run(
    whole: Path, tmp_path: Path
) -> None:
    train(begun(tmp_path), FakeTrainer(), collect, 2)
    train(resume(tmp_path), FakeTrainer(), collect, ITERATIONS)
    assert kept(tmp_path) == kept(whole)


def test_when_nothing_is_left_to_gain_expect_an_end(tmp_path: Path) -> None:
    run, state = train(begun(tmp_path), FakeTrainer(rest_after=2), collect, 9)
    assert run.iterations == state.iteration == 2


def test_when_the_policy_is_tried_now_and_then_expect_nan_in_between(tmp_path: Path) -> None:
    settings = replace(SETTINGS, train=TrainConfig(trials=2, every=2))
    run, _ = train(begun(tmp_path, settings), FakeTrainer(), collect, 4)
    tried = [not math.isnan(row["trial_success"]) for row in run.rows]
    assert tried == [False, True, False, True]
    assert [not math.isnan(row["trained_cost"]) for row in run.rows] == tried


def test_when_a_rollout_fails_expect_what_was_kept_before_and_nothing_else(
    whole: Path, tmp_path: Path
) -> None:
    calls = []

    def failing(episodes: Any) -> Any:
        calls.append(len(episodes))
        if len(calls) == 5:  # in the trials of the second iteration
            raise PlantError("the arm is lost")
        return collect(episodes)

    with pytest.raises(PlantError):
        train(begun(tmp_path), FakeTrainer(), failing, ITERATIONS)
    assert resume(tmp_path).iterations == 1
    assert len(json.loads((tmp_path / STATE).read_text())["rows"]) == 1
    train(resume(tmp_path), FakeTrainer(), collect, ITERATIONS)
    assert kept(tmp_path) == kept(whole)


def test_when_a_run_is_killed_as_it_begins_expect_no_run_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    written = train_run.write_json

    def once(path: Path, data: Any) -> None:
        written(path, data)
        raise Stopped

    monkeypatch.setattr(train_run, "write_json", once)
    with pytest.raises(Stopped):
        begun(tmp_path)
    with pytest.raises(DataError, match="no training run there"):
        resume(tmp_path)


def test_when_a_number_of_iterations_was_asked_for_expect_it_remembered(tmp_path: Path) -> None:
    begun(tmp_path)
    assert resume(tmp_path).wanted == ITERATIONS
    train(resume(tmp_path), FakeTrainer(), collect, 1)
    assert resume(tmp_path).wanted == 1


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("config.json", "{}"),
        ("config.json", '{"settings": {"task": "reach"}}'),
        ("state.json", '{"rows": [['),
        ("state.json", '{"rows": [3], "wall_s": 1, "wanted": 2}'),
    ],
)
def test_when_a_file_of_a_run_is_damaged_expect_it_named(
    tmp_path: Path, file: str, text: str
) -> None:
    begun(tmp_path)
    (tmp_path / file).write_text(text)
    with pytest.raises(DataError, match=file):
        resume(tmp_path)


def test_when_the_newest_checkpoint_is_missing_expect_it_named(tmp_path: Path) -> None:
    run, _ = train(begun(tmp_path), FakeTrainer(), collect, 1)
    shutil.rmtree(run.checkpoint)
    with pytest.raises(DataError, match="checkpoint-0001"):
        resume(tmp_path)
