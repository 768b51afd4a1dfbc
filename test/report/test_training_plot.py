"""The pictures of policy training."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from rl_control.report.training_plot import (
    TrainingCurve,
    TrainingRecord,
    TrustRegion,
    _draw_cost,
    plot_comparison,
    plot_training,
)
from rl_control.report.trial_plot import TipPaths, TrialMap

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
            point[None],
            np.array([0.3, 0.0, 0.6]) * (1 - way) + way * point,
        )
        for point in points[:4]
    ]
    region = TrustRegion(np.full(6, 0.8), np.linspace(1.0, 0.5, 6))
    trials = TrialMap(points, errors, errors < 0.0038)
    known = TrialMap(points[:2], errors[:2], errors[:2] < 0.0038)
    curves = [curve(), curve("where trained", 2.0)]
    return TrainingRecord("reach on iiwa7", curves, trials, known, paths, region)


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
    bare = replace(record(), known=None, paths=(), region=None)
    assert picture(plot_training(bare, tmp_path / "a.png")).std() > 0.0


@pytest.mark.parametrize("without", [{"known": None}, {"curves": [curve()]}])
def test_when_less_is_known_expect_another_picture(tmp_path: Path, without: dict) -> None:
    whole = picture(plot_training(record(), tmp_path / "a.png"))
    less = picture(plot_training(replace(record(), **without), tmp_path / "b.png"))
    assert whole.shape == less.shape
    assert (whole != less).any()


def test_when_targets_fill_space_expect_room_for_both_of_their_planes(tmp_path: Path) -> None:
    flat = record()
    points = np.random.default_rng(0).uniform(-1.0, 1.0, (100, 3))
    filled = replace(flat, trials=replace(flat.trials, points=points))
    narrow, wide = (
        picture(plot_training(one, tmp_path / "a.png")).shape[1] for one in (flat, filled)
    )
    assert wide >= narrow
    assert plot_training(replace(filled, paths=()), tmp_path / "b.png").stat().st_size > 0


def test_when_policy_and_controller_were_tested_expect_both_costs_in_the_picture() -> None:
    from matplotlib.figure import Figure

    axis = Figure().subplots()
    _draw_cost(axis, [replace(curve(), teacher_cost=60.0, test_cost=66.0)], ["black"])
    _, dashed, diamond = axis.lines
    assert set(dashed.get_ydata()) == {60.0}
    assert (list(diamond.get_xdata()), list(diamond.get_ydata())) == ([150.0], [66.0])
    assert axis.get_ylim()[1] > 66.0


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("costs", [[3.0, 2.0, 1.0], [400.0, 20.0, 1.0], [5.0, 0.0, -3.0]])
def test_when_costs_are_near_far_or_negative_expect_all_of_them_within_the_axis(
    costs: list[float],
) -> None:
    from matplotlib.figure import Figure

    axis = Figure().subplots()
    one = replace(curve(), seconds=np.arange(1.0, 4.0), cost=np.array(costs), teacher_cost=None)
    _draw_cost(axis, [one], ["black"])
    low, high = axis.get_ylim()
    assert low < min(costs) or low == 0.0 < min(costs)
    assert high > max(costs)
    assert axis.get_yscale() == ("log" if max(costs) > 100.0 else "linear")


def test_when_runs_are_compared_expect_each_in_the_picture(tmp_path: Path) -> None:
    one = picture(plot_comparison("runs", [curve()], tmp_path / "a.png"))
    two = picture(plot_comparison("runs", [curve(), curve("guided", 0.5)], tmp_path / "b.png"))
    assert one.shape == two.shape
    assert (one != two).any()


def test_when_nothing_was_tried_yet_expect_an_empty_curve(tmp_path: Path) -> None:
    none = np.full(6, np.nan)
    untried = replace(curve(), success=none, cost=none, teacher_cost=None)
    assert plot_comparison("runs", [untried], tmp_path / "a.png").stat().st_size > 0
