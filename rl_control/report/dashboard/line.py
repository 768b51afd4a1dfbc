"""A dashboard's snapshot as one plain line, for pipes and log files."""

from __future__ import annotations

import math

from rl_control.report.dashboard.data import Snapshot
from rl_control.report.dashboard.text import clean, duration, number


def plain_line(shown: Snapshot) -> str:
    """Return the snapshot in one line: states, tip, solves, what was lost, safety, the rest."""
    controller = shown.controller
    parts = [shown.time, _states(shown)]
    if controller.node is not None:
        lost = controller.late + controller.unanswered + controller.misses
        parts += [
            f"tip {number(controller.tip_error_mm)} mm {controller.goal}".rstrip(),
            f"solve p50 {number(controller.solve_p50_ms)} p99 {number(controller.solve_p99_ms)} ms",
            f"{number(controller.plans_hz, 0)} plans a second, {lost} late or missed",
        ]
        parts.append(f"MOTION STOPPED: {controller.safety}" if controller.safety else "safety ok")
    parts += [f"{node.name}: {node.summary}" for node in shown.others]
    parts += [f"waiting: {text}" for text in shown.waiting]
    parts += [f"note: {text}" for text in shown.notes]
    if shown.log:
        newest = shown.log[-1]
        parts.append(f"{newest.level} {newest.name}: {newest.text}")
    return clean(" | ".join(parts))


def _states(shown: Snapshot) -> str:
    if not math.isfinite(shown.state_age_s):
        return f"no states on {shown.state_topic}"
    age = duration(shown.state_age_s)
    if shown.stale:
        return f"states STOPPED {age} ago"
    return f"{number(shown.state_hz, 0)} states a second, newest {age} old"
