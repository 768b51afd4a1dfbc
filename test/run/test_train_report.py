"""What a run's picture and video are drawn from."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")

from trial_fakes import trials_of

from rl_control.report.training_plot import TrainingRecord
from rl_control.robot.description import load_robot
from rl_control.run import train_film, train_report
from rl_control.run.train_report import draw_run, film_run
from rl_control.run.train_run import TrainRun
from rl_control.run.train_settings import TrainSettings
from rl_control.tasks.catalog import make_task

ROBOT = load_robot("planar2")
REACH = make_task("reach", ROBOT, {"duration": 0.5, "spread": 0.2})
ROW = {
    "seconds": 15.0, "divergence": 0.5, "multiplier": 2.0, "trial_success": 0.25,
    "trial_cost": 9.0, "trained_success": 1.0, "trained_cost": 2.0,
}  # fmt: skip


def run_of(folder: Path, **changes: float) -> TrainRun:
    return TrainRun(folder, TrainSettings(robot="planar2"), ({**ROW, **changes},))


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[TrainingRecord]:
    """The records that pictures would have been drawn from."""
    records: list[TrainingRecord] = []

    def keep(record: TrainingRecord, path: Path) -> Path:
        records.append(record)
        return path

    monkeypatch.setattr(train_report, "plot_training", keep)
    return records


def test_when_a_run_is_drawn_expect_curves_of_seen_and_unseen_and_the_controllers_cost(
    tmp_path: Path, drawn: list[TrainingRecord]
) -> None:
    trials = trials_of(REACH, 8)
    teacher = replace(trials, costs=0.5 * trials.costs)
    assert draw_run(run_of(tmp_path), REACH, trials, teacher) == tmp_path / "training.png"
    unseen, trained = drawn[0].curves
    assert (unseen.success[0], unseen.cost[0]) == (0.25, 9.0)
    assert (unseen.teacher_cost, unseen.test_cost) == (0.5, 1.0)
    assert (trained.success[0], trained.cost[0]) == (1.0, 2.0)
    assert trained.teacher_cost is trained.test_cost is None
    assert unseen.label != trained.label
    region = drawn[0].region
    assert region is not None
    assert region.limit[0] == pytest.approx(2.0 * TrainSettings(robot="planar2").how.kl_step)


def test_when_it_was_never_tried_where_trained_expect_no_curve_of_that(
    tmp_path: Path, drawn: list[TrainingRecord]
) -> None:
    run = run_of(tmp_path, trained_success=np.nan, trained_cost=np.nan)
    draw_run(run, REACH, trials_of(REACH, 2))
    (curve,) = drawn[0].curves
    assert curve.success[0] == 0.25


def test_when_targets_are_drawn_expect_a_map_of_them_with_those_trained_on(
    tmp_path: Path, drawn: list[TrainingRecord]
) -> None:
    trials, known = trials_of(REACH, 8), trials_of(REACH, 1)
    draw_run(run_of(tmp_path), REACH, trials, None, known)
    targets = [condition.goal.position for condition in trials.conditions]
    np.testing.assert_array_equal(drawn[0].trials.points, targets)
    assert drawn[0].known is not None
    np.testing.assert_array_equal(drawn[0].known.points, targets[:1])


def test_when_there_is_one_target_expect_a_map_of_starts(
    tmp_path: Path, drawn: list[TrainingRecord]
) -> None:
    target = tuple(float(c) for c in trials_of(REACH, 1).conditions[0].goal.position)
    task = make_task("reach", ROBOT, {"duration": 0.5, "spread": 0.2, "target": target})
    trials = trials_of(task, 5)
    draw_run(run_of(tmp_path), task, trials, None, trials)
    starts = [task.tips(one)[0] for one in trials.trajectories]
    np.testing.assert_array_equal(drawn[0].trials.points, starts)
    assert drawn[0].known is not None
    np.testing.assert_array_equal(drawn[0].known.points, starts)


@pytest.mark.parametrize("name", ["reach", "track"])
def test_when_paths_are_drawn_expect_policy_controller_and_what_is_wanted_of_each_trial(
    name: str, tmp_path: Path, drawn: list[TrainingRecord]
) -> None:
    task = make_task(name, load_robot("arm7"), {"duration": 0.5})
    trials, teacher = trials_of(task, 8), trials_of(task, 8, 0.5)
    draw_run(run_of(tmp_path), task, trials, teacher)
    paths = drawn[0].paths
    assert 4 <= len(paths) < 8
    for k, path in enumerate(paths):
        np.testing.assert_array_equal(path.policy, task.tips(trials.trajectories[k]))
        assert path.teacher is not None
        np.testing.assert_array_equal(path.teacher, task.tips(teacher.trajectories[k]))
        end = task.goal(trials.conditions[k], task.duration).position
        np.testing.assert_allclose(path.wanted[-1], end)
        assert (len(path.wanted) == 1) == (name == "reach")
    draw_run(run_of(tmp_path), task, trials)
    assert [path.teacher for path in drawn[1].paths] == [None] * len(paths)


@pytest.mark.parametrize(("trained_on", "shown"), [(None, 6), (1, 1), (5, 6)])
def test_when_few_situations_were_trained_on_expect_a_video_of_those(
    trained_on: int | None, shown: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def keep(task: object, trials: train_report.Trials, title: str, path: Path) -> Path:
        asked.append((len(trials.conditions), title))
        return path

    monkeypatch.setattr(train_film, "film_policy", keep)
    known = None if trained_on is None else trials_of(REACH, trained_on)
    film = film_run(run_of(tmp_path), REACH, trials_of(REACH, 6), known)
    assert film == tmp_path / "policy.gif"
    ((count, title),) = asked
    assert count == shown
    assert title.startswith("reach on planar2: mdgps, iteration 1")
    assert title.endswith("where trained" if shown == 1 else "never seen")
