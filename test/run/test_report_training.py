"""The report of a training run."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

pytest.importorskip("torch")

from rl_control.errors import DataError
from rl_control.run.report_training import training_page
from rl_control.run.train_run import TrainRun
from rl_control.run.train_settings import TrainSettings

ROWS = tuple(
    {"iteration": float(k), "seconds": 10.0 * k, "cost": 5.0 / k, "loss": 0.1, "stopped": 0.0,
     "trained_success": 0.2 * k, "trained_error": 0.01 / k, "trained_cost": 3.0 / k,
     "trial_success": 0.1 * k if k > 1 else math.nan, "trial_error": math.nan,
     "trial_cost": math.nan}
    for k in (1, 2, 3)
)  # fmt: skip
JUDGED = {
    "unseen": {"succeeded": 9, "trials": 10, "interval": [0.6, 0.98], "error_m": {"p50": 0.0021}},
    "cost_ratio": 1.25,
    "action_us": {"p50": 7.0},
}


@pytest.fixture
def run(tmp_path: Path) -> TrainRun:
    settings = TrainSettings(robot="planar2", seed=4)
    begun = TrainRun.begin(tmp_path, settings)
    return TrainRun(begun.folder, settings, ROWS, wall_s=12.0)


def test_when_a_training_is_reported_expect_its_curves_and_iterations(run):
    text = training_page(run)
    assert "planar2: reach, trained by mdgps" in text
    for title in ("Success", "Median error at the end", "Mean cost"):
        assert f"<h3>{title}" in text
    assert "motion of the arm [s]" in text
    assert 'data-span="0.0 30.0"' in text
    assert ">60<" in text  # % of successes where it was trained
    assert "<td>seed</td><td>4, by default 0</td>" in text


def test_when_it_was_evaluated_expect_what_was_found(run):
    (run.folder / "evaluation.json").write_text(json.dumps(JUDGED))
    text = training_page(run)
    assert ">9 of 10<" in text and "between 60 and 98 %" in text
    assert "2.10" in text and "1.25" in text


def test_when_pictures_were_left_expect_them_in_the_page(run):
    for name in ("training.png", "policy.gif"):
        (run.folder / name).write_bytes(b"picture")
    text = training_page(run)
    assert "data:image/png;base64," in text and "data:image/gif;base64," in text


def test_when_nothing_was_done_yet_expect_a_page_all_the_same(run):
    text = training_page(TrainRun(run.folder, run.settings))
    assert "0 iterations" in text and "<h3>" not in text


def test_when_its_evaluation_is_damaged_expect_that_said(run):
    (run.folder / "evaluation.json").write_text("{")
    with pytest.raises(DataError, match="damaged"):
        training_page(run)
