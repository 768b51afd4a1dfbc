"""A training run as its user sees it: a line for each iteration, and a picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rl_control.report.training_plot import (
    TipPaths,
    TrainingCurve,
    TrainingRecord,
    TrialMap,
    TrustRegion,
    plot_training,
)
from rl_control.run.train_run import Row, TrainRun
from rl_control.run.trials import Trials
from rl_control.tasks.base import ArmTask
from rl_control.types import Array

PICTURE = "training.png"
_PATHS = 6  # drawn beside each other
_FEW = 4  # situations, from which a policy learns nothing of others
# Figure, how it is told, scale.
_LINE = (
    ("cost", "cost {:.4g}", 1.0),
    ("divergence", "KL {:.3g} nat a step", 1.0),
    ("eta", "eta {:.2g}", 1.0),
    ("multiplier", "step x{:.2f}", 1.0),
    ("loss", "loss {:.3g}", 1.0),
    ("success", "success {:.0f} %", 100.0),
    ("stopped", "{:.0f} % stopped", 100.0),
    ("trained_success", "policy alone {:.0f} % where trained", 100.0),
    ("trained_error", "{:.1f} mm off", 1e3),
    ("trial_success", "{:.0f} % where never seen", 100.0),
    ("trial_error", "{:.1f} mm off", 1e3),
    ("seconds", "{:.0f} s of motion", 1.0),
)


def progress_line(run: TrainRun) -> str:
    """Return what is to be said of the newest iteration."""
    row = run.rows[-1]
    parts = [
        text.format(scale * row[name])
        for name, text, scale in _LINE
        if name in row and math.isfinite(row[name]) and (row[name] or name != "stopped")
    ]
    return f"iteration {run.iterations}: {', '.join(parts)}"


def final_line(run: TrainRun, trials: Trials) -> str:
    """Return what is to be said of a run at its end."""
    parts = [f"{int(trials.succeeded.sum())} of {len(trials.errors)} situations it never saw"]
    trained = newest(run.rows, "trained_success")
    if trained is not None:
        parts.insert(0, f"{100 * trained:.0f} % of the situations it was trained on")
    return (
        f"the policy alone succeeds in {' and '.join(parts)}; "
        f"{run.rows[-1]['seconds']:.0f} s of motion, {run.wall_s:.0f} s of computation"
    )


def newest(rows: Sequence[Row], name: str) -> float | None:
    """Return the newest of a figure that is not told after every iteration; None without one."""
    values = [row[name] for row in rows if math.isfinite(row.get(name, math.nan))]
    return values[-1] if values else None


def curve_of(run: TrainRun, label: str, teacher_cost: float | None = None) -> TrainingCurve:
    """Return success and cost of a run's policies against robot time.

    Args:
        run: it.
        label: what it is called.
        teacher_cost: cost of the controller in situations that no policy was trained on.

    Returns:
        The curve is of situations never trained on or, where there are too few others to learn
        from, of the latter.
    """
    few = newest(run.rows, "trained_success") is not None and run.settings.train.conditions < _FEW
    which = "trained" if few else "trial"
    return TrainingCurve(
        f"{label}, where trained" if few else label,
        _column(run.rows, "seconds"),
        _column(run.rows, f"{which}_success"),
        _column(run.rows, f"{which}_cost"),
        None if few else teacher_cost,
    )


def draw_run(run: TrainRun, task: ArmTask, trials: Trials, teacher: Trials | None = None) -> Path:
    """Draw how a run went as a PNG in its folder; return its path.

    Args:
        run: a run of at least one iteration.
        task: that was trained.
        trials: of the policy as it is now.
        teacher: the same by the controller; None if it was not asked.

    Raises:
        MissingDependencyError: if matplotlib is not installed.
    """
    settings = run.settings
    cost = None if teacher is None else float(teacher.costs.mean())
    record = TrainingRecord(
        title=f"{task.name} on {settings.robot}: {settings.method}, seed {settings.seed}",
        curve=curve_of(run, settings.method, cost),
        trials=TrialMap(_points(trials), trials.errors, trials.succeeded),
        paths=() if teacher is None else _paths(task, trials, teacher),
        region=_region(run),
    )
    return plot_training(record, run.folder / PICTURE)


def _paths(task: ArmTask, trials: Trials, teacher: Trials) -> list[TipPaths]:
    parts = zip(trials.conditions, trials.trajectories, teacher.trajectories, strict=True)
    return [
        TipPaths(task.tips(by_policy), task.tips(by_teacher), condition.goal.position)
        for condition, by_policy, by_teacher in list(parts)[:_PATHS]
    ]


def _points(trials: Trials) -> Array:
    """What is drawn of each trial, [M, 3]: its target or, if that is always the same, its start."""
    targets = np.array([condition.goal.position for condition in trials.conditions])
    if np.ptp(targets, axis=0).max() > 0.0 or not all(
        trajectory.tips is not None for trajectory in trials.trajectories
    ):
        return targets
    return np.array([trajectory.tips[0] for trajectory in trials.trajectories])  # type: ignore[index]


def _region(run: TrainRun) -> TrustRegion | None:
    if "multiplier" not in run.rows[0]:
        return None
    allowed = run.settings.how.kl_step * _column(run.rows, "multiplier")
    return TrustRegion(_column(run.rows, "divergence"), allowed)


def _column(rows: Sequence[Row], name: str) -> Array:
    return np.array([row[name] for row in rows], dtype=np.float64)
