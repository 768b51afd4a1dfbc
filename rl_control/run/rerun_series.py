"""A recorded run as named series and lines of text, for a viewer that shows such."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from rl_control.data.bags.cdr_rows import NO_STAMP, Stamps
from rl_control.data.runs.decisions import Decisions
from rl_control.data.runs.events import LoggedGoal, LogNote, Report
from rl_control.data.runs.log import RunLog
from rl_control.types import Array

LEVELS = {10: "DEBUG", 20: "INFO", 30: "WARN", 40: "ERROR", 50: "CRITICAL"}
REPORTED = {1: "WARN", 2: "ERROR", 3: "WARN"}
# What decisions tell by itself, and under which name it is shown.
DECIDED = {
    "tip/error_mm": "tip_error_mm",
    "plan/solve_ms": "solve_ms",
    "plan/iterations": "iterations",
    "plan/cost": "cost",
}
# What they tell of each joint or term.
GROUPS = {"plan/cost_by_term": "cost_by_term", "commands/asked": "asked"}


@dataclass(frozen=True)
class Series:
    """Numbers over time.

    Attributes:
        path: name in the viewer's tree.
        names: of the columns, [k].
        times: of the rows, [T] in [ns].
        values: [T, k]; NaN where there is none.
    """

    path: str
    names: tuple[str, ...]
    times: Stamps
    values: Array


@dataclass(frozen=True)
class Line:
    """A line of text.

    Attributes:
        source: who said it.
        time: in [ns].
        level: "DEBUG", "INFO", "WARN", "ERROR" or "CRITICAL".
        text: what was said.
    """

    source: str
    time: int
    level: str
    text: str


class Clock:
    """Turns what the messages of a run tell of their times into times on the arm's clock.

    A run in lock-step, or at another pace than that of the wall, is then as long as its motion.

    Args:
        received: of the joint states, [S] in [ns].
        stamps: of the joint states, [S] in [ns]; where they do not go forward, times of receipt
            are taken for all messages.
    """

    def __init__(self, received: Stamps, stamps: Stamps) -> None:
        rises = [len(t) > 1 and bool((np.diff(t) >= 0).all()) for t in (received, stamps)]
        self._received, self._stamps = received, stamps
        self._forward = all(rises) and bool(stamps[-1] > stamps[0])

    def of(self, received: Stamps, stamps: Stamps | None = None) -> Stamps:
        """Return the times of messages, [M] in [ns].

        Args:
            received: [M] in [ns].
            stamps: of the states they are about, [M] in [ns]; None, or `NO_STAMP` among them,
                leaves the time of receipt, in proportion to that of the states around it.
        """
        if not self._forward:
            return received
        around = self._around(received)
        return around if stamps is None else np.where(stamps == NO_STAMP, around, stamps)

    def _around(self, received: Stamps) -> Stamps:
        first, origin = self._received[0], self._stamps[0]
        inside = np.clip(received, first, self._received[-1])
        # Differences are exact as floats; nanoseconds since 1970 are not.
        since = np.interp(inside - first, self._received - first, self._stamps - origin)
        return origin + np.rint(since).astype(np.int64) + (received - inside)


def series_of(log: RunLog, clock: Clock) -> list[Series]:
    """Return all numbers of a run that change with time: joints, commands, what was decided.

    A series without a single number is left out.
    """
    states, commands, decisions = log.states, log.commands, log.decisions
    measured = clock.of(states.received, states.stamps)
    sent = clock.of(commands.received, commands.stamps)
    decided = clock.of(decisions.received, decisions.stamps())
    found = [
        Series("joints/position", log.names, measured, states.positions),
        Series("joints/velocity", log.names, measured, states.velocities),
        Series("joints/effort", log.names, measured, states.efforts),
        Series("commands/sent", log.names, sent, commands.values),
    ]
    for path, key in DECIDED.items():
        column = decisions.numbers(key)[:, None]
        found.append(Series(path, (key,), decided, column))
    for path, prefix in GROUPS.items():
        names = _names_under(decisions, prefix)
        columns = [decisions.numbers(f"{prefix}.{name}") for name in names]
        if columns:
            found.append(Series(path, names, decided, np.column_stack(columns)))
    return [series for series in found if np.isfinite(series.values).any()]


def lines_of(log: RunLog, clock: Clock) -> list[Line]:
    """Return what was said in a run: log lines, goals, the safety filter, changes of reports."""
    lines = [
        Line(note.name, time, LEVELS.get(note.level, "INFO"), note.text)
        for note, time in zip(log.notes, _times(clock, log.notes), strict=True)
    ]
    for goal, time in zip(log.goals, goal_times(log.goals, clock), strict=True):
        at = ", ".join(f"{c:.3f}" for c in goal.position)
        free = "" if goal.quaternion is not None else ", rotation free"
        lines.append(Line("goal", time, "INFO", f"tip to ({at}) m{free}"))
    decided = clock.of(log.decisions.received, log.decisions.stamps()).tolist()
    for k, reason in _changes(log.decisions.column("reason")):
        text = f"acts: {reason}" if reason else "passes commands on"
        lines.append(Line("safety", decided[k], "WARN" if reason else "INFO", text))
    said: dict[str, tuple[int, str]] = {}
    for report, time in zip(log.reports, _times(clock, log.reports), strict=True):
        now = report.level, report.message
        if said.get(report.name) != now:
            level = REPORTED.get(report.level, "INFO")
            lines.append(Line(report.name, time, level, report.message))
        said[report.name] = now
    return sorted(lines, key=lambda line: line.time)


def goal_times(goals: Sequence[LoggedGoal], clock: Clock) -> list[int]:
    """Return when goals were taken, in [ns] on the arm's clock."""
    received = np.array([goal.received for goal in goals], dtype=np.int64)
    stamps = np.array([goal.stamp for goal in goals], dtype=np.int64)
    return clock.of(received, stamps).tolist()


def thinned(times: Stamps, period: float) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Return the places of the first time in each `period` [s] of `times`, [T] in [ns]."""
    if not len(times):
        return np.zeros(0, dtype=np.int64)
    slots = (times - times[0]) // round(1e9 * period)
    return np.flatnonzero(np.concatenate([[True], np.diff(slots) != 0]))


def _times(clock: Clock, entries: Sequence[LogNote | Report]) -> list[int]:
    received = np.array([entry.received for entry in entries], dtype=np.int64)
    return clock.of(received).tolist()


def _names_under(decisions: Decisions, prefix: str) -> tuple[str, ...]:
    """Return what the decisions tell under "prefix.name", as the last one has it."""
    return tuple(decisions[len(decisions) - 1].group(prefix)) if len(decisions) else ()


def _changes(texts: list[str]) -> Iterator[tuple[int, str]]:
    """Yield place and text wherever a text differs from the one before; "" is before the first."""
    before = ""
    for k, text in enumerate(texts):
        if text != before:
            yield k, text
        before = text
