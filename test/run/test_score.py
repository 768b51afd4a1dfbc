"""`rl_control evaluate`: the same situations for every policy, the planner beside it."""

from __future__ import annotations

import json
import re
import shutil
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("pybullet")
pytest.importorskip("torch")

from rl_control.cli import main
from rl_control.data.runs.log import read_log
from rl_control.policy.store import load_policy, save_policy
from rl_control.report.metrics import wilson_interval
from rl_control.run.episodes import EpisodeRunner
from rl_control.run.score import find_trained
from rl_control.run.score import test_conditions as unseen_conditions

TINY = (
    *("reach", "--robot", "planar2", "--workers", "0", "--seed", "1", "--iterations", "1"),
    *("--episode", "duration=0.6", "dt=0.05", "--train.trials", "2", "--mdgps.samples", "3"),
    *("--mdgps.policy.epochs", "2", "--mdgps.policy.hidden", "8", "--mdgps.imagined", "4"),
)
TRIALS = ("--workers", "0", "--trials", "3")
TRY = (*TRIALS, "--no-record")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "run"
    assert main(["train", *TINY, "--out", str(folder)]) == 0
    return folder


@pytest.fixture(scope="module")
def report(trained: Path) -> dict:
    assert main(["evaluate", str(trained), *TRY]) == 0
    return json.loads((trained / "evaluation.json").read_text())


def test_when_a_run_is_evaluated_expect_success_cost_and_times_beside_the_controller(
    report: dict, trained: Path
) -> None:
    unseen, controller = report["unseen"], report["controller"]
    assert unseen["trials"] == controller["trials"] == 3
    assert unseen["interval"] == list(wilson_interval(unseen["succeeded"], 3))
    assert report["cost_ratio"] == pytest.approx(unseen["cost"] / controller["cost"])
    assert controller["cost"] < unseen["cost"]
    assert report["trained"]["trials"] == 1
    assert 0.0 < report["action_us"]["p50"] <= report["action_us"]["p99"]
    assert 0.0 < report["controller_ms"]["p50"] <= report["controller_ms"]["p99"]
    assert report["motion_s"] == pytest.approx(1.8) and report["iterations"] == 1
    assert (trained / "training.png").exists()


def test_when_a_run_is_evaluated_expect_a_video_of_the_trials_and_where_it_is(
    report: dict, trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(trained, folder)
    (folder / "policy.gif").unlink()
    words = ["evaluate", str(folder), *TRY, "--no-controller"]
    assert main([*words, "--no-video"]) == 0
    assert not (folder / "policy.gif").exists()
    assert main(words) == 0
    assert f"left {folder / 'policy.gif'}" in capsys.readouterr().out
    assert (folder / "policy.gif").read_bytes() == (trained / "policy.gif").read_bytes()


def test_when_nothing_can_draw_expect_a_line_for_picture_and_video_and_the_rest_done(
    trained: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    folder = tmp_path / "run"
    shutil.copytree(trained, folder)
    for name in ("training.png", "policy.gif", "evaluation.json"):
        (folder / name).unlink(missing_ok=True)
    for library in ("matplotlib", "PIL"):
        monkeypatch.setitem(sys.modules, library, None)
    assert main(["evaluate", str(folder), *TRY, "--no-controller"]) == 0
    lines = [one for one in capsys.readouterr().out.splitlines() if one.startswith("no ")]
    assert [line.partition(":")[0] for line in lines] == ["no picture", "no video"]
    assert "matplotlib" in lines[0] and "Pillow" in lines[1]
    assert all("rl_control[viz]" in line for line in lines)
    assert not (folder / "training.png").exists() and not (folder / "policy.gif").exists()
    assert (folder / "evaluation.json").exists()


def test_when_the_policys_file_is_named_expect_the_same_found_alone(
    report: dict, trained: Path, tmp_path: Path
) -> None:
    file, out = tmp_path / "policy.safetensors", tmp_path / "result.json"
    shutil.copy(trained / "policy.safetensors", file)
    words = ["evaluate", str(file), *TRY, "--no-controller", "--json", str(out)]
    assert main(words) == 0
    alone = json.loads(out.read_text())
    assert alone["unseen"] == report["unseen"]
    assert alone["controller"] is alone["trained"] is alone["cost_ratio"] is None
    assert sorted(path.name for path in tmp_path.iterdir()) == [file.name, out.name]


def test_when_a_run_is_evaluated_expect_the_trials_in_a_bag(
    report: dict, trained: Path, tmp_path: Path
) -> None:
    words = ["evaluate", str(trained), *TRIALS, "--no-controller", "--no-video"]
    assert main([*words, "--runs", str(tmp_path)]) == 0
    (folder,) = tmp_path.iterdir()
    told = json.loads((folder / "run.json").read_text())
    assert told["verb"] == "evaluate" and told["result"]["unseen"] == report["unseen"]
    log = read_log(folder)
    assert log.controller == "/policy_controller"
    assert len(log.goals) == sum(one.start for one in log.settings) == 3
    assert len(log.states.stamps) == len(log.commands.stamps) + 3
    assert len(log.decisions) == len(log.commands.stamps)
    assert log.settings[0].values["policy"].endswith(".safetensors")
    task = EpisodeRunner(find_trained(trained).settings.spec).task
    drawn = unseen_conditions(task, 0, 3)
    for goal, condition in zip(log.goals, drawn, strict=True):
        np.testing.assert_array_equal(goal.position, condition.goal.position)


def test_when_another_seed_is_given_expect_other_situations(
    report: dict, trained: Path, tmp_path: Path
) -> None:
    out = tmp_path / "other.json"
    words = ["evaluate", str(trained / "policy.safetensors"), *TRY, "--no-controller"]
    assert main([*words, "--seed", "1", "--json", str(out)]) == 0
    assert json.loads(out.read_text())["unseen"]["error_m"] != report["unseen"]["error_m"]


def test_when_the_table_is_read_expect_who_did_how_well(
    trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(trained), *TRY]) == 0
    said = capsys.readouterr().out
    assert re.search(r"policy, unseen +\d of 3", said)
    assert re.search(r"controller +\d of 3", said)
    assert "cost beside the controller's" in said and "us, p99" in said


def test_when_a_policy_tells_nothing_of_its_training_expect_that_said(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy, _ = load_policy(trained / "policy.safetensors")
    save_policy(tmp_path / "policy", policy)
    assert main(["evaluate", str(tmp_path / "policy"), *TRY]) == 2
    assert "says nothing of its training" in capsys.readouterr().err


def test_when_a_policy_is_of_another_task_expect_refusal(
    trained: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    policy, about = load_policy(trained / "policy.safetensors")
    other = replace(policy, facts=replace(policy.facts, task="track"))
    save_policy(tmp_path / "policy", other, about)
    assert main(["evaluate", str(tmp_path / "policy"), *TRY]) == 2
    assert "trained on the task 'track'" in capsys.readouterr().err


def test_when_a_run_goes_on_expect_its_newest_policy(trained: Path, tmp_path: Path) -> None:
    folder = tmp_path / "longer"
    shutil.copytree(trained, folder)
    assert main(["train", "--resume", str(folder), "--iterations", "2", "--workers", "0"]) == 0
    first, second = find_trained(trained).policy, find_trained(folder).policy
    assert not np.array_equal(first.weights[0], second.weights[0])  # type: ignore[union-attr]


@pytest.mark.parametrize("what", ["nowhere", "empty"])
def test_when_there_is_neither_run_nor_policy_expect_it_named(
    what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    assert main(["evaluate", str(tmp_path / what), *TRY]) == 2
    assert str(tmp_path / what) in capsys.readouterr().err
