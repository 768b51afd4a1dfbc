"""The page of a run's report, put together."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rl_control.data.runs.log import RunLog
from rl_control.report.html.page import (
    Film,
    details_html,
    facts_html,
    figures_html,
    film_html,
    header_html,
    page,
    plots_html,
    section_html,
    table_html,
    warnings_html,
)
from rl_control.report.html.style import joint_colors
from rl_control.report.run_events import Event, events_of
from rl_control.report.run_plots import instants_of, plots_of
from rl_control.report.run_sheet import RunSheet
from rl_control.robot.model import RobotModel
from rl_control.run.report_facts import (
    GOAL_COLUMNS,
    GoalJudged,
    changed_settings,
    event_rows,
    figures_of,
    goal_rows,
    judged,
    still_of,
)

_NANO = 1_000_000_000


@dataclass(frozen=True)
class Told:
    """What is known beside the recording.

    Attributes:
        path: of the run, as it was named.
        facts: of run.json; empty without one.
        robot: the arm; None if it is not known.
        doubts: what is not known, a sentence each.
    """

    path: str
    facts: Mapping[str, Any]
    robot: RobotModel | None = None
    doubts: tuple[str, ...] = ()


def report_page(log: RunLog, sheet: RunSheet, told: Told, film: Film | None = None) -> str:
    """Return the whole page.

    Args:
        log: the recording.
        sheet: the same on one clock.
        told: what else is known.
        film: the arm; None leaves it out.
    """
    still = still_of(log)
    goals = judged(sheet, still)
    events = events_of(log, sheet)
    settled = [goal.settled for goal in goals] or [None] * len(sheet.goals)
    plots = plots_of(sheet, events, still.tolerance)
    title = _title(log, told)
    body = "".join(
        [
            header_html(title, _lines(log, sheet, told), str(told.facts.get("command") or "")),
            warnings_html([*told.doubts, *sheet.doubts]),
            figures_html(figures_of(sheet, goals, events)),
            plots_html(
                plots, sheet.span, instants_of(sheet, settled), film_html(film) if film else ""
            ),
            section_html("Goals", _goals(sheet, goals)),
            section_html("Events", _events(events)),
            section_html("Why it did what it did", _explain(told.path, goals, sheet, events)),
            section_html("Settings that differ from the defaults", _settings(log)),
            section_html("Where this comes from", _origin(log, told)),
        ]
    )
    return page(title, body, sheet.span, joint_colors(len(sheet.names)))


def _title(log: RunLog, told: Told) -> str:
    robot = told.robot.name if told.robot is not None else str(told.facts.get("robot") or "")
    verb = str(told.facts.get("verb") or "recording")
    return f"{robot}: {verb}" if robot else f"{log.path.name}: {verb}"


def _lines(log: RunLog, sheet: RunSheet, told: Told) -> list[str]:
    started = time.strftime("%Y-%m-%d %H:%M:%S %z", time.localtime(log.states.received[0] / _NANO))
    facts = told.facts
    about = [str(facts.get("started") or started)]
    about.append(f"{len(sheet.names)} joints, {len(sheet.times)} states")
    if log.controller:
        about.append(f"controlled by {log.controller}")
    versions, machine = facts.get("versions") or {}, facts.get("machine") or {}
    where = []
    if versions:
        where.append(f"rl_control {versions.get('rl_control')}, Python {versions.get('python')}")
    if machine:
        where.append(f"{machine.get('processor')}, {machine.get('cores')} cores")
    dot = " \N{MIDDLE DOT} "
    return [dot.join(about), dot.join(where)]


def _goals(sheet: RunSheet, goals: list[GoalJudged]) -> str:
    if not goals:
        return ""
    rows, views = goal_rows(sheet, goals)
    return table_html(GOAL_COLUMNS, rows, views)


def _events(events: list[Event]) -> str:
    rows, views = event_rows(events)
    if not rows:
        return ""
    table = table_html(("at [s]", "for [ms]", "what", "which"), rows, views)
    more = f" (the first {len(rows)} of {len(events)})" if len(events) > len(rows) else ""
    return table if len(rows) <= 12 else details_html(f"{len(events)} events{more}", table)


def _explain(path: str, goals: list[GoalJudged], sheet: RunSheet, events: list[Event]) -> str:
    """Commands that tell more about the moments that ask for it."""
    if not len(sheet.decision_times):
        return ""
    moments = [(event.start, f"{event.lane}: {event.text}") for event in events[:200]]
    chosen = [one for one in moments if one[1].startswith(("safety filter", "late plan"))][:3]
    chosen += [
        (goal.end, f"goal {number} was not reached")
        for number, (goal, how) in enumerate(zip(sheet.goals, goals, strict=False), 1)
        if not how.result.reached
    ][:3]
    if not chosen and len(sheet.solve_ms):
        slowest = int(sheet.solve_ms.argmax())
        chosen = [(float(sheet.decision_times[slowest]), "the slowest solve")]
    facts = {f"rl_control explain {path} --at {at:.3f}": why for at, why in chosen}
    return facts_html({f"rl_control explain {path}": "the whole run", **facts}, code=True)


def _settings(log: RunLog) -> str:
    if not log.settings:
        return ""
    rows = changed_settings(log.settings[-1].values)
    if not rows:
        return '<p class="sub">None.</p>'
    return table_html(("setting", "value", "default", "meaning"), rows)


def _origin(log: RunLog, told: Told) -> str:
    facts = told.facts
    rows: dict[str, Any] = {"bag": log.path}
    if told.robot is not None:
        rows["robot"] = f"{told.robot.name}, from {told.robot.base} to {told.robot.tip}"
    rows["joints"] = ", ".join(log.names)
    for name in ("seed", "took_s"):
        if facts.get(name) is not None:
            rows[{"took_s": "took [s]"}.get(name, name)] = facts[name]
    if facts.get("versions"):
        rows["versions"] = ", ".join(f"{k} {v}" for k, v in facts["versions"].items())
    if facts.get("machine"):
        rows["machine"] = ", ".join(map(str, facts["machine"].values()))
    return facts_html(rows)
