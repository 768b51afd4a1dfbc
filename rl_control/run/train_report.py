"""A training run as its user sees it: a line for each iteration, and a picture."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rl_control.errors import MissingDependencyError
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
from rl_control.types import Array, Condition

if TYPE_CHECKING:
    from rich.console import Console

PICTURE, FILM = "training.png", "policy.gif"
_PATHS = 6  # drawn beside each other
_PLACES = 60  # of a target that moves
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


def curve_of(
    run: TrainRun, label: str, teacher_cost: float | None = None, test_cost: float | None = None
) -> TrainingCurve:
    """Return success and cost of a run's policies against robot time.

    Args:
        run: it.
        label: what it is called.
        teacher_cost: cost of the controller in situations of a test; None if not known.
        test_cost: the same of the run's newest policy.

    Returns:
        The curve is of situations never trained on or, where there are too few others to learn
        from, of the latter.
    """
    few = newest(run.rows, "trained_success") is not None and run.settings.train.conditions < _FEW
    if few:
        return _curve(run, "trained", f"{label}, where trained")
    return _curve(run, "trial", label, (teacher_cost, test_cost))


def leave_pictures(
    state: TrainRun,
    task: ArmTask,
    trials: Trials,
    teacher: Trials | None,
    out: Console,
    known: Trials | None = None,
    film: bool = True,
) -> None:
    """Leave a picture of how a run went and a video of its policy, if there is what it takes.

    Args:
        state: the run.
        task: that was trained.
        trials: of the policy, in situations it never saw.
        teacher: the same by the controller; None if it was not asked.
        out: where to say what was left.
        known: of the policy in situations it was trained on; None if there are none.
        film: whether to make the video.
    """

    def tell(words: str) -> None:
        out.print(words, soft_wrap=True, markup=False)  # "[viz]" is no markup

    try:
        tell(f"left {draw_run(state, task, trials, teacher, known)}")
    except MissingDependencyError as error:
        tell(f"no picture: {error}")
    if not film:
        return
    try:
        with out.status("drawing a video of the policy"):
            video = film_run(state, task, trials, known)
        tell(f"left {video}")
    except MissingDependencyError as error:
        tell(f"no video: {error}")


def draw_run(
    run: TrainRun,
    task: ArmTask,
    trials: Trials,
    teacher: Trials | None = None,
    known: Trials | None = None,
) -> Path:
    """Draw how a run went as a PNG in its folder; return its path.

    Args:
        run: a run of at least one iteration.
        task: that was trained.
        trials: of the policy as it is now, in situations it never saw.
        teacher: the same by the controller; None if it was not asked.
        known: of the policy in situations it was trained on; None if there are none.

    Raises:
        MissingDependencyError: if matplotlib is not installed.
    """
    settings = run.settings
    costs = None if teacher is None else (float(teacher.costs.mean()), float(trials.costs.mean()))
    targets = [condition.goal.position for condition in trials.conditions]
    by_target = float(np.ptp(targets, axis=0).max()) > 0.0
    curves = [_curve(run, "trial", "never seen", costs), _curve(run, "trained", "where trained")]
    record = TrainingRecord(
        title=f"{title_of(run, task)}, seed {settings.seed}",
        curves=[curve for curve in curves if np.isfinite(curve.success).any()] or curves[:1],
        trials=_mapped(task, trials, by_target),
        known=None if known is None else _mapped(task, known, by_target),
        paths=_paths(task, trials, teacher),
        region=_region(run),
    )
    return plot_training(record, run.folder / PICTURE)


def film_run(run: TrainRun, task: ArmTask, trials: Trials, known: Trials | None = None) -> Path:
    """Show some trials of a run's policy as a GIF in its folder; return its path.

    Args:
        run: a run of at least one iteration.
        task: that was trained.
        trials: of the policy as it is now, in situations it never saw.
        known: the same in situations it was trained on; None if there are none. They are shown
            where they are so few that nothing can be learned of others.

    Raises:
        MissingDependencyError: if Pillow, or PyBullet, is not installed.
    """
    from rl_control.run.train_film import film_policy

    shown, where = trials, "never seen"
    if known is not None and len(known.conditions) < _FEW:
        shown, where = known, "where trained"
    title = f"{title_of(run, task)}, iteration {run.iterations}, {where}"
    return film_policy(task, shown, title, run.folder / FILM)


def title_of(run: TrainRun, task: ArmTask) -> str:
    """Return what a run's picture and video are called."""
    return f"{task.name} on {task.robot.name}: {run.settings.method}"


def _curve(
    run: TrainRun,
    which: str,
    label: str,
    tested: tuple[float | None, float | None] | None = None,
) -> TrainingCurve:
    return TrainingCurve(
        label,
        _column(run.rows, "seconds"),
        _column(run.rows, f"{which}_success"),
        _column(run.rows, f"{which}_cost"),
        *(tested or ()),
    )


def _paths(task: ArmTask, trials: Trials, teacher: Trials | None) -> list[TipPaths]:
    by_teacher = [None] * _PATHS if teacher is None else teacher.trajectories[:_PATHS]
    shown = zip(trials.conditions, trials.trajectories[:_PATHS], by_teacher, strict=False)
    return [
        TipPaths(
            task.tips(trajectory),
            _way(task, condition),
            None if other is None else task.tips(other),
        )
        for condition, trajectory, other in shown
    ]


def _way(task: ArmTask, condition: Condition) -> Array:
    """Where the tip should be along an episode, [W, 3]; one row if that does not move."""
    times = np.linspace(0.0, task.duration, _PLACES)
    places = np.array([task.goal(condition, float(time)).position for time in times])
    return places if np.ptp(places, axis=0).max() > 0.0 else places[:1]


def _mapped(task: ArmTask, trials: Trials, by_target: bool) -> TrialMap:
    """What is drawn of each trial: its target, or where it began."""
    if by_target:
        places = [condition.goal.position for condition in trials.conditions]
    else:
        places = [task.tips(trajectory)[0] for trajectory in trials.trajectories]
    return TrialMap(np.array(places), trials.errors, trials.succeeded)


def _region(run: TrainRun) -> TrustRegion | None:
    if "multiplier" not in run.rows[0]:
        return None
    allowed = run.settings.how.kl_step * _column(run.rows, "multiplier")
    return TrustRegion(_column(run.rows, "divergence"), allowed)


def _column(rows: Sequence[Row], name: str) -> Array:
    return np.array([row[name] for row in rows], dtype=np.float64)
