"""The dashboard of an arm, drawn for a terminal of any size: a snapshot in, lines of text out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from rich.console import Group
from rich.text import Text

from rl_control.report.dashboard.bars import UNICODE, Glyphs, chart, logarithms
from rl_control.report.dashboard.data import ControllerShown, NodeShown, Snapshot
from rl_control.report.dashboard.joints import joint_lines
from rl_control.report.dashboard.text import (
    BAD,
    DIM,
    GOOD,
    NAME,
    NEAR,
    clean,
    duration,
    fitted,
    goal_style,
    level_style,
    line,
    number,
    short,
)

WIDE = 132  # columns from which there are two columns of lines
LABEL = 10  # columns of the word before a line
FLOOR_MM = 0.01  # errors of the tip are drawn on a logarithmic scale from here on
LEAST_LOG = 3  # lines kept for the log on a small terminal
TALLEST_CHART = 8
OLD_REPORT = 3.0  # [s]


def dashboard(shown: Snapshot, width: int, height: int, glyphs: Glyphs = UNICODE) -> Group:
    """Return at most `height` lines of at most `width` columns."""
    head = _head(shown, glyphs)
    room = max(height - len(head), 1)
    body = _two_columns if width >= WIDE else _one_column
    lines = [*head, *body(shown, width, room, glyphs)][:height]
    for text in lines:
        text.truncate(width)
    return Group(*_ended(lines))


def _ended(lines: list[Text]) -> list[Text]:
    for text in lines:
        text.end = "\n"
    return lines


def _head(shown: Snapshot, glyphs: Glyphs) -> list[Text]:
    """Return who it is about, the safety state and what is missing."""
    controller = shown.controller
    lifecycle = controller.lifecycle or "unknown"
    alive = GOOD if lifecycle == "active" else NEAR
    title = line(
        (clean(shown.robot) or "unknown arm", "bold"),
        "  ",
        (clean(controller.name), NAME),
        " ",
        (lifecycle, alive),
        (f"   ROS domain {shown.domain}   {shown.time}", DIM),
    )
    lines = [title, _safety(shown), _states(shown)]
    lines += [line(("waiting   ", NEAR), clean(text)) for text in shown.waiting]
    lines += [line(("note      ", NEAR), clean(text)) for text in shown.notes]
    return lines


def _safety(shown: Snapshot) -> Text:
    controller, node = shown.controller, shown.controller.node
    if controller.safety:
        return _labelled("safety", (f"MOTION STOPPED: {clean(controller.safety)}", BAD))
    if node is None:
        return _labelled("safety", ("unknown: the controller has not reported", DIM))
    if node.age_s > OLD_REPORT:
        said = f"unknown: the controller's last report is {duration(node.age_s)} old"
        return _labelled("safety", (said, BAD))
    return _labelled("safety", (clean(node.summary), level_style(node.level)))


def _states(shown: Snapshot) -> Text:
    if not math.isfinite(shown.state_age_s):
        return _labelled("states", (f"none on {clean(shown.state_topic)}", BAD))
    age = f"newest {duration(shown.state_age_s)} old"
    if shown.stale:
        return _labelled("states", (f"STOPPED: {age}", BAD))
    return _labelled("states", f"{number(shown.state_hz, 0)} a second, ", (age, GOOD))


def _one_column(shown: Snapshot, width: int, height: int, glyphs: Glyphs) -> list[Text]:
    joints, facts = shown.joints, _facts(shown)
    log = min(len(shown.log), LEAST_LOG)
    spare = height - len(facts) - log - len(joints) - 1
    charts = _charts(shown.controller, width, min(max(spare // 2, 1), TALLEST_CHART), glyphs)
    rows = height - len(charts) - len(facts) - log
    lines = joint_lines(joints, width, max(rows, 2), glyphs, shown.stale) if joints else []
    lines += [*charts, *facts]
    return [*lines, *_log(shown, max(height - len(lines), 0), width, glyphs)]


def _two_columns(shown: Snapshot, width: int, height: int, glyphs: Glyphs) -> list[Text]:
    left_width = width * 11 // 20
    right_width = width - left_width - 3
    left = (
        joint_lines(shown.joints, left_width, max(height - 4, 2), glyphs, shown.stale)
        if shown.joints
        else []
    )
    tall = min(max((height - len(left)) // 2, 1), TALLEST_CHART)
    left += _charts(shown.controller, left_width, tall, glyphs)
    right = _facts(shown)
    right += _log(shown, max(height - len(right), 0), right_width, glyphs)
    lines = []
    for k in range(min(max(len(left), len(right)), height)):
        one = left[k] if k < len(left) else line()
        two = right[k] if k < len(right) else line()
        one.truncate(left_width, pad=True)
        two.truncate(right_width)
        lines.append(line(one, (f" {glyphs.bar} ", DIM), two))
    return lines


def _charts(controller: ControllerShown, width: int, height: int, glyphs: Glyphs) -> list[Text]:
    """Return the tip's error and the solve times with their recent past, `height` lines each."""
    if controller.node is None:
        return []
    error = line(
        (number(controller.tip_error_mm, 2, 8) + " mm ", ""),
        (controller.goal, goal_style(controller.goal)),
    )
    errors = logarithms(controller.tip_errors, FLOOR_MM)
    solve = line(
        f"p50 {number(controller.solve_p50_ms)}, p99 {number(controller.solve_p99_ms)} ms",
    )
    low = math.log10(FLOOR_MM)
    return [
        *_chart_lines(
            "tip error",
            error,
            errors,
            _scale(controller.tip_errors, FLOOR_MM, "mm, log"),
            width,
            height,
            low,
            glyphs,
        ),
        *_chart_lines(
            "solve",
            solve,
            controller.solve_ms,
            _scale(controller.solve_ms, 0.0, "ms"),
            width,
            height,
            0.0,
            glyphs,
        ),
    ]


def _scale(values: Sequence[float], low: float, unit: str) -> str:
    """Say what a chart's height is from and to."""
    high = max((value for value in values if math.isfinite(value)), default=low)
    return f"{low:g} to {max(high, low):.3g} {unit}"


def _chart_lines(
    name: str,
    said: Text,
    values: Sequence[float],
    scale: str,
    width: int,
    height: int,
    low: float,
    glyphs: Glyphs,
) -> list[Text]:
    said.truncate(24, pad=True)
    columns = max(width - LABEL - len(said) - 1, 4)
    rows = chart(values, columns, height, low, glyphs=glyphs)
    first = _labelled(name, said, " ", (rows[0], NAME))
    scale = (scale if rows[1:] else "").rjust(LABEL + len(said) - 1)
    notes = [scale, *[""] * height]
    indent = LABEL + len(said) + 1
    others = [
        line((f"{note:<{indent}}", DIM), (row, NAME))
        for note, row in zip(notes, rows[1:], strict=False)
    ]
    return [first, *others]


def _facts(shown: Snapshot) -> list[Text]:
    """Return a line for each thing that is reported."""
    c = shown.controller
    lost = c.late + c.unanswered + c.misses
    style = BAD if c.lately else GOOD if lost == 0 else ""
    lines = []
    if c.node is not None:
        said = f"late {c.late}, misses {c.misses}, unanswered {c.unanswered}"
        rate = f"{number(c.plans_hz, 0)} a second, "
        lines.append(_labelled("replans", rate, (said, style), f"  {c.plan_status}"))
    if c.goal_position is not None:
        at = ", ".join(number(value, 3) for value in c.goal_position)
        lines.append(_labelled("goal", f"tip at ({at}) m"))
    for name, values in (("model", c.model), ("policy", c.policy)):
        if values:
            lines.append(_labelled(name, _values(values)))
    return lines + [_node(node) for node in shown.others]


def _node(node: NodeShown) -> Text:
    old = node.age_s > OLD_REPORT
    said = f"silent for {duration(node.age_s)}" if old else clean(node.summary)
    values = _values(node.values)
    return line(
        (f"{clean(node.name)}  ", NAME),
        (said, BAD if old else level_style(node.level)),
        (f"  {values}" if values and not old else "", DIM),
    )


def _values(values: Mapping[str, str]) -> str:
    return ", ".join(
        f"{clean(key)} {short(clean(value))}" for key, value in values.items() if value
    )


def _log(shown: Snapshot, height: int, width: int, glyphs: Glyphs) -> list[Text]:
    lines = []
    for said in shown.log[-height:] if height else ():
        style = NEAR if said.level == "WARN" else BAD
        start = f"{said.time} "
        text = f"{clean(said.name)}: {clean(said.text)}"
        lines.append(line((start, DIM), (fitted(text, width - len(start), glyphs).rstrip(), style)))
    return lines


def _labelled(name: str, *pieces: Text | tuple[str, str] | str) -> Text:
    return line((f"{name:<{LABEL}}", DIM), *pieces)
