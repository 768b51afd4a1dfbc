"""The pictures of policy training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rl_control.report.training_plot import (
    TipPaths,
    TrainingCurve,
    TrainingRecord,
    TrialMap,
    TrustRegion,
    plot_comparison,
    plot_training,
)

pytest.importorskip("matplotlib")


def curve(label: str = "mdgps, seed 0", rise: float = 1.0) -> TrainingCurve:
    seconds = 25.0 * np.arange(1, 7)
    success = np.clip(rise * seconds / 120.0, 0.0, 1.0)
    success[0] = np.nan
    return TrainingCurve(label, seconds, success, 40.0 * np.exp(-seconds / 60.0) + 5.0, 5.0)


def record() -> TrainingRecord:
    rng = np.random.default_rng(0)
    points = rng.uniform([0.4, -0.1, 0.3], [0.6, 0.1, 0.3], (100, 3))
    errors = 0.002 + 0.06 * np.abs(points[:, 0] - 0.5) ** 1.5
    way = np.linspace(0.0, 1.0, 50)[:, None]
    paths = [
        TipPaths(
            np.array([0.3, 0.0, 0.6]) * (1 - way) + way * point + 0.01 * np.sin(6 * way),
            np.array([0.3, 0.0, 0.6]) * (1 - way) + way * point,
            point,
        )
        for point in points[:4]
    ]
    region = TrustRegion(np.full(6, 0.8), np.linspace(1.0, 0.5, 6))
    trials = TrialMap(points, errors, errors < 0.0038)
    return TrainingRecord("reach on iiwa7", curve(), trials, paths, region)


def picture(path: Path) -> np.ndarray:
    from matplotlib.image import imread

    return np.asarray(imread(path))


def test_when_a_run_is_drawn_expect_a_picture_that_depends_on_what_happened(tmp_path: Path) -> None:
    whole = record()
    drawn = picture(plot_training(whole, tmp_path / "a.png"))
    failed = replace(whole, trials=replace(whole.trials, succeeded=np.zeros(100, dtype=bool)))
    other = picture(plot_training(failed, tmp_path / "b.png"))
    assert drawn.shape == other.shape
    assert (drawn != other).any()


def test_when_there_is_neither_trust_region_nor_path_expect_a_picture_still(tmp_path: Path) -> None:
    bare = replace(record(), paths=(), region=None)
    assert picture(plot_training(bare, tmp_path / "a.png")).std() > 0.0


def test_when_runs_are_compared_expect_each_in_the_picture(tmp_path: Path) -> None:
    one = picture(plot_comparison("runs", [curve()], tmp_path / "a.png"))
    two = picture(plot_comparison("runs", [curve(), curve("guided", 0.5)], tmp_path / "b.png"))
    assert one.shape == two.shape
    assert (one != two).any()


def test_when_nothing_was_tried_yet_expect_an_empty_curve(tmp_path: Path) -> None:
    none = np.full(6, np.nan)
    untried = replace(curve(), success=none, cost=none, teacher_cost=None)
    assert plot_comparison("runs", [untried], tmp_path / "a.png").stat().st_size > 0
