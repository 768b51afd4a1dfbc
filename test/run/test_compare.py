"""`rl_control compare`: runs side by side, whatever each of them has come to."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

from rl_control.cli import main
from rl_control.gps.settings import MdgpsConfig
from rl_control.run.evaluate import FILE
from rl_control.run.output import write_json
from rl_control.run.train_run import TrainRun, resume
from rl_control.run.train_settings import TrainSettings


def row(number: int, **figures: float) -> dict[str, float]:
    """The figures of an iteration of 15 s of motion."""
    usual = {"trial_success": 0.5, "trial_error": 0.0123, "trial_cost": 3.25}
    usual |= {"trained_success": 1.0, "trained_error": 0.002, "trained_cost": 1.5}
    return {"iteration": number, "seconds": 15.0 * (number + 1), **usual, **figures}


def make_run(folder: Path, rows: int, newest: Mapping[str, float] = {}, **settings: Any) -> Path:
    """A run's folder as training leaves it, without what `compare` has no use for."""
    folder.mkdir(parents=True)
    run = TrainRun.begin(folder, TrainSettings(robot="planar2", **settings))
    state = json.loads((folder / "state.json").read_text(encoding="utf-8"))
    figures = [row(number) for number in range(rows)]
    if rows:
        figures[-1] |= newest
    state |= {"rows": figures, "wall_s": 12.0 * rows}
    write_json(folder / "state.json", state)
    if rows:
        (folder / f"checkpoint-{rows:04d}").mkdir()
    assert resume(run.folder).iterations == rows
    return folder


def compare(*words: object) -> int:
    return main(["compare", *map(str, words)])


def line_of(said: str, name: str) -> list[str]:
    return next(line.split() for line in said.splitlines() if line.split()[:1] == [name])


def test_when_runs_are_compared_expect_a_row_each_and_what_differs(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = make_run(tmp_path / "first", 2)
    second = make_run(tmp_path / "second", 4, seed=7, how=MdgpsConfig(samples=3))
    assert compare(first, second) == 0
    said = capsys.readouterr().out
    assert line_of(said, "first")[1:4] == ["2", "30", "24"]
    assert line_of(said, "second")[1:4] == ["4", "60", "48"]
    assert "12.3" in line_of(said, "first")
    assert "seed: 0, 7" in said
    assert "mdgps.samples: 5, 3" in said
    assert "robot" not in said


def test_when_a_run_has_no_iterations_yet_expect_it_in_the_table(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    begun = make_run(tmp_path / "begun", 0)
    assert compare(begun, make_run(tmp_path / "other", 1)) == 0
    assert line_of(capsys.readouterr().out, "begun")[1] == "0"


def test_when_the_newest_policy_was_not_tried_expect_the_figures_of_one_that_was(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    untried = {name: math.nan for name in row(0) if name.startswith(("trial_", "trained_"))}
    assert compare(make_run(tmp_path / "sparse", 2, untried)) == 0
    line = line_of(capsys.readouterr().out, "sparse")
    assert line[1:4] == ["2", "30", "24"]
    assert line[4:6] == ["100", "50"]  # trained on, unseen
    assert "nan" not in line


def test_when_folders_have_the_same_name_expect_labels_that_tell_them_apart(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert compare(*(make_run(tmp_path / name / "run", 1) for name in "ab")) == 0
    said = capsys.readouterr().out
    assert line_of(said, "a/run") != line_of(said, "b/run")


def test_when_an_evaluation_is_damaged_expect_its_file_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = make_run(tmp_path / "run", 1)
    (run / FILE).write_text('{"iterations": 1, ', encoding="utf-8")
    assert compare(run) == 2
    assert str(run / FILE) in capsys.readouterr().err


def test_when_a_file_is_named_expect_the_same_as_json(tmp_path: Path) -> None:
    runs = [make_run(tmp_path / name, count) for name, count in (("one", 1), ("two", 3))]
    file = tmp_path / "result.json"
    assert compare(*runs, "--json", file) == 0
    found = json.loads(file.read_text(encoding="utf-8"))
    assert [one["iterations"] for one in found] == [1, 3]
    assert [one["seconds"] for one in found] == [15.0, 45.0]
    assert [Path(one["folder"]).name for one in found] == ["one", "two"]


def test_when_a_picture_is_asked_for_expect_one(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    picture = tmp_path / "runs.png"
    runs = [make_run(tmp_path / name, 3, seed=seed) for seed, name in enumerate("ab")]
    assert compare(*runs, "--picture", picture) == 0
    assert picture.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("name", ["nowhere", "empty", "damaged"])
def test_when_a_folder_holds_no_run_expect_it_named(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    damaged = make_run(tmp_path / "damaged", 1)
    (damaged / "state.json").write_text('{"rows": [', encoding="utf-8")
    good = make_run(tmp_path / "good", 1)
    assert compare(good, tmp_path / name) == 2
    assert str(tmp_path / name) in capsys.readouterr().err


def test_when_the_picture_cannot_be_written_expect_the_flag_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = make_run(tmp_path / "run", 1)
    assert compare(run, "--picture", tmp_path / "no" / "such.png") == 2
    assert "--picture" in capsys.readouterr().err
