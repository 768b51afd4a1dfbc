"""What a run's report says in numbers and tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from rl_control.config import fields_of
from rl_control.data.runs.log import RunLog
from rl_control.report.html.page import Cell, Figure
from rl_control.report.metrics import TargetResult, judge, limit_violation
from rl_control.report.plots import short_name
from rl_control.report.run_events import LATE, SAFETY, Event
from rl_control.report.run_sheet import RunSheet
from rl_control.run.counterfactual_settings import ReplayConfig
from rl_control.tasks.settle import SettleDetector
from rl_control.types import JointLimits, Trajectory

_OF_THE_RUN = ("robot", "base", "tip", "rate", "lock_step")


@dataclass(frozen=True)
class Still:
    """When a goal counts as reached.

    Attributes:
        tolerance: greatest distance of the tip in [m].
        speed_share: greatest share of a joint's speed limit.
        dwell: time for which both must hold in [s].
    """

    tolerance: float = 0.005
    speed_share: float = 0.02
    dwell: float = 0.25


@dataclass(frozen=True)
class GoalJudged:
    """How it went with a goal.

    Attributes:
        settled: when the arm had settled in [s] of the run; None if it never did.
        result: its numbers.
    """

    settled: float | None
    result: TargetResult


def still_of(log: RunLog) -> Still:
    """Return when a goal counted as reached, as the controller was set."""
    values = log.settings[-1].values if log.settings else {}
    default = Still()
    return Still(
        *(
            float(values.get(f"task.{name}", getattr(default, name)))
            for name in ("tolerance", "speed_share", "dwell")
        )
    )


def judged(sheet: RunSheet, still: Still) -> list[GoalJudged]:
    """Judge every goal of a run whose arm is known; none of another.

    Args:
        sheet: the run.
        still: when a goal counts as reached.
    """
    limits = sheet.limits
    if sheet.tips is None or limits is None:
        return []
    found = []
    for goal in sheet.goals:
        inside = (sheet.times >= goal.start) & (sheet.times <= goal.end)
        sent = (sheet.command_times >= goal.start) & (sheet.command_times <= goal.end)
        if not inside.any():
            inside = np.zeros_like(inside)
            inside[np.argmin(np.abs(sheet.times - goal.start))] = True
        detector = SettleDetector(
            goal.position, limits.velocity, still.tolerance, still.speed_share, still.dwell
        )
        velocities = np.nan_to_num(sheet.velocities)
        settling = goal.start if goal.arrives is None else goal.arrives
        for k in np.flatnonzero(inside & (sheet.times >= settling)):
            since = float(sheet.times[k] - goal.start)
            if detector.update(since, sheet.tips[k], velocities[k]):
                break
        motion = Trajectory(
            sheet.names,
            sheet.times[inside],
            np.hstack([sheet.positions[inside], velocities[inside]]),
            sheet.commands[sent],
            sheet.tips[inside],
        )
        at = detector.settled_at
        result = judge(motion, goal.position, limits, at)
        found.append(GoalJudged(None if at is None else goal.start + at, result))
    return found


def figures_of(
    sheet: RunSheet, goals: Sequence[GoalJudged], events: Sequence[Event]
) -> list[Figure]:
    """Return the key figures for which there are data."""
    found = [*_goal_figures([goal.result for goal in goals]), *_path_figures(sheet)]
    found += _limit_figures(sheet)
    solves = sheet.solve_ms[np.isfinite(sheet.solve_ms)]
    if len(solves):
        p50, p99 = np.percentile(solves, [50.0, 99.0])
        found.append(Figure(f"{p50:.2f}", "ms", f"median solve time, 99 % within {p99:.2f} ms"))
    if len(solves):
        late = sum(event.lane == LATE for event in events)
        text = "times that plans came too late"
        found.append(Figure(str(late), "", text, "bad" if late else "good"))
    if len(sheet.decision_times):
        stops = _stops(events)
        slowed = sum(event.lane == SAFETY for event in events) - stops
        text = f"stops by the safety filter; commands changed {slowed}\N{MULTIPLICATION SIGN}"
        found.append(Figure(str(stops), "", text, "bad" if stops else "good"))
    length = sheet.span[1] - sheet.span[0]
    rate = 1.0 / float(np.median(np.diff(sheet.times))) if len(sheet.times) > 1 else 0.0
    found.append(Figure(f"{length:.1f}", "s", f"of motion, {rate:.0f} states a second"))
    return found


def goal_rows(
    sheet: RunSheet, goals: Sequence[GoalJudged]
) -> tuple[list[list[Cell]], list[tuple[float, float]]]:
    """Return the table of the goals, and the span of time [s] of each."""
    rows, views = [], []
    for number, (goal, how) in enumerate(zip(sheet.goals, goals, strict=True), 1):
        result, reached = how.result, how.result.reached
        settle = "\N{EM DASH}" if result.settle_time_s is None else f"{result.settle_time_s:.2f}"
        past = result.position_limit_violation_rad
        rows.append(
            [
                Cell(str(number), number=True),
                Cell(f"{goal.start:.2f}", number=True),
                Cell("  ".join(f"{c:.3f}" for c in result.target), number=True),
                Cell("yes" if reached else "no", "good" if reached else "bad"),
                Cell(settle, number=True),
                Cell(f"{1e3 * result.final_error_m:.2f}", number=True),
                _share(result.peak_torque_ratio),
                _share(result.peak_velocity_ratio),
                Cell(f"{past:.4f}" if past else "0", "bad" if past else "", number=True),
            ]
        )
        views.append((goal.start, goal.end))
    return rows, views


GOAL_COLUMNS = (
    "", "taken [s]", "tip [m]", "reached", "settled in [s]", "error at the end [mm]",
    "peak torque", "peak speed", "past limit",
)  # fmt: skip


def event_rows(
    events: Sequence[Event], most: int = 200
) -> tuple[list[list[Cell]], list[tuple[float, float]]]:
    """Return the table of what happened, and a span of time [s] around each."""
    rows, views = [], []
    for event in events[:most]:
        lasted = event.end - event.start
        rows.append(
            [
                Cell(f"{event.start:.3f}", number=True),
                Cell(f"{1e3 * lasted:.0f}" if lasted else "", number=True),
                Cell(event.lane),
                Cell(event.text),
            ]
        )
        views.append((event.start - 0.1, event.end + 0.1))
    return rows, views


def changed_settings(values: Mapping[str, Any]) -> list[list[Cell]]:
    """Return the settings that differ from their defaults: name, value, default, meaning."""
    rows = []
    for info in fields_of(ReplayConfig):
        value = values.get(info.key, info.default)
        value = tuple(value) if isinstance(value, list) else value
        if value == info.default or info.key in _OF_THE_RUN:
            continue
        unit = f" [{info.unit}]" if info.unit else ""
        rows.append(
            [Cell(info.key), Cell(_plain(value)), Cell(_plain(info.default)), Cell(info.doc + unit)]
        )
    return rows


def _goal_figures(results: Sequence[TargetResult]) -> list[Figure]:
    if not results:
        return []
    reached = sum(result.reached for result in results)
    mood = "good" if reached == len(results) else "bad"
    found = [Figure(f"{reached} of {len(results)}", "", "goals reached", mood)]
    settled = [r.settle_time_s for r in results if r.settle_time_s is not None]
    if settled:
        found.append(
            Figure(
                f"{np.median(settled):.2f}",
                "s",
                f"median settle time, at most {max(settled):.2f} s",
            )
        )
    errors = [1e3 * result.final_error_m for result in results]
    text = f"median error at the end, at most {max(errors):.2f} mm"
    found.append(Figure(f"{np.median(errors):.2f}", "mm", text))
    return found


def _path_figures(sheet: RunSheet) -> list[Figure]:
    """How far the tip was from where it was wanted, on the way of goals that move."""
    inside = np.zeros(len(sheet.times), dtype=bool)
    for goal in sheet.goals:
        if goal.arrives is not None:
            inside |= (sheet.times >= goal.start) & (sheet.times <= min(goal.end, goal.arrives))
    error = 1e3 * sheet.error[inside & np.isfinite(sheet.error)]
    if not len(error):
        return []
    rms = float(np.sqrt(np.mean(error**2)))
    text = f"from the path on the way (root mean square), {error.max():.2f} mm at most"
    return [Figure(f"{rms:.2f}", "mm", text)]


def _limit_figures(sheet: RunSheet) -> list[Figure]:
    limits = sheet.limits
    if limits is None:
        return []
    found = []
    efforts = sheet.commands if len(sheet.commands) else sheet.efforts
    for what, values, bounds in (
        ("torque", efforts, limits.effort),
        ("speed", sheet.velocities, limits.velocity),
    ):
        if np.isfinite(values).any():
            shares = np.nanmax(np.abs(values), axis=0) / bounds
            joint = short_name(sheet.names[int(np.argmax(shares))], sheet.names)
            mood = "bad" if shares.max() > 1.0 + 1e-9 else ""
            percent = f"{100 * shares.max():.0f}"
            found.append(Figure(percent, "% of limit", f"peak {what}, {joint}", mood))
    found.append(_margin(sheet, limits))
    return found


def _margin(sheet: RunSheet, limits: JointLimits) -> Figure:
    past = limit_violation(sheet.positions, limits)
    if past:
        return Figure(f"{past:.4f}", "rad or m", "past a position limit", "bad")
    room = np.minimum(sheet.positions - limits.lower, limits.upper - sheet.positions).min(axis=0)
    joint = short_name(sheet.names[int(np.argmin(room))], sheet.names)
    return Figure(f"{room.min():.2f}", "rad or m", f"nearest to a position limit, {joint}")


def _stops(events: Sequence[Event]) -> int:
    changes = ("effort_rate", "effort_limit")
    return sum(event.lane == SAFETY and not event.text.startswith(changes) for event in events)


def _share(ratio: float) -> Cell:
    return Cell(f"{100 * ratio:.0f} %", "bad" if ratio > 1.0 + 1e-9 else "", number=True)


def _plain(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "none"
    return "none" if value == "" else str(value)
