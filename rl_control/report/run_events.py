"""What happened in a run now and then, as lanes of a time line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rl_control.data.runs.log import RunLog
from rl_control.report.run_sheet import Clock, RunSheet
from rl_control.types import Array

START, GOAL, SAFETY, LATE, BOUND, SETTINGS, MODEL, NODE = (
    "start of an episode",
    "new goal",
    "safety filter",
    "late plan",
    "effort at its bound",
    "settings",
    "model",
    "warning of a node",
)
COLORS = {
    START: "--faint",
    GOAL: "--line",
    SAFETY: "--bad",
    LATE: "--amber",
    BOUND: "--violet",
    SETTINGS: "--faint",
    MODEL: "--good",
    NODE: "--amber",
}
_WARNING = 30  # level of a log line


@dataclass(frozen=True)
class Event:
    """Something that happened.

    Attributes:
        lane: which of the lanes above.
        start: when it began in [s].
        end: when it was over in [s]; the same as `start` for an instant.
        text: what it was, in a few words.
    """

    lane: str
    start: float
    end: float
    text: str


def events_of(log: RunLog, sheet: RunSheet) -> list[Event]:
    """Return everything that happened, in order of time."""
    clock = Clock(log)
    found = [Event(START, at, at, f"episode {k + 1}") for k, at in enumerate(sheet.starts)]
    found += [
        Event(GOAL, goal.start, goal.start, f"tip to {_point(goal.position)} m")
        for goal in sheet.goals
    ]
    found += _decided(log, sheet.decision_times)
    found += _changes(log, clock)
    found += _models(log, clock)
    found += [
        Event(NODE, clock.at(note.received), clock.at(note.received), f"{note.name}: {note.text}")
        for note in log.notes
        if note.level >= _WARNING
    ]
    return sorted(found, key=lambda event: event.start)


def spans(times: Array, texts: Sequence[str], lane: str) -> list[Event]:
    """Return an event for each stretch of equal texts that are not empty.

    Args:
        times: [D] in [s].
        texts: [D].
        lane: of the events.
    """
    if not len(times):
        return []
    words = np.asarray(texts, dtype=object)
    edges = np.flatnonzero(words[1:] != words[:-1]) + 1
    found = []
    for begin, end in zip([0, *edges], [*edges, len(words)], strict=True):
        if words[begin]:
            last = float(times[min(end, len(times) - 1)])
            found.append(Event(lane, float(times[begin]), last, str(words[begin])))
    return found


def _decided(log: RunLog, times: Array) -> list[Event]:
    decisions = log.decisions
    late = [
        "answered by an older plan" if text.lower() in ("true", "1") else ""
        for text in decisions.column("late")
    ]
    return [
        *spans(times, _reasons(log), SAFETY),
        *spans(times, late, LATE),
        *spans(times, decisions.column("saturated"), BOUND),
    ]


def _reasons(log: RunLog) -> list[str]:
    reasons, broken = log.decisions.column("reason"), log.decisions.column("violation")
    return [
        f"{reason} ({why})" if reason and why and why != reason else reason
        for reason, why in zip(reasons, broken, strict=True)
    ]


def _changes(log: RunLog, clock: Clock) -> list[Event]:
    """Settings that changed while it ran."""
    found = []
    for before, after in zip(log.settings, log.settings[1:], strict=False):
        changed = [
            f"{key} {before.values.get(key)} \N{RIGHTWARDS ARROW} {value}"
            for key, value in after.values.items()
            if before.values.get(key) != value
        ]
        if changed:
            at = clock.at(after.received)
            found.append(Event(SETTINGS, at, at, ", ".join(changed)))
    return found


def _models(log: RunLog, clock: Clock) -> list[Event]:
    """Exchanges of a learned model, as the controller's diagnostics tell of them."""
    node = log.controller.rpartition("/")[2]
    found: list[Event] = []
    version = ""
    for report in log.reports:
        now = report.values.get("model.version", "")
        if report.name.rpartition("/")[2] != node or not now or now == version:
            continue
        at = clock.at(report.received)
        word = f"version {version} \N{RIGHTWARDS ARROW} {now}" if version else f"version {now}"
        found.append(Event(MODEL, at, at, word))
        version = now
    return found


def _point(position: Array) -> str:
    return "(" + ", ".join(f"{c:.3f}" for c in position) + ")"
