"""The joints as a small table: where each is within its limits, and how hard it works."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import numpy as np

from rl_control.types import Array, JointLimits, JointState
from rl_control.view.snapshot import CAUTION, FINE, STOPPED

_LEVELS = {
    FINE: ("#e6f6ee", "#0b6b43"),
    CAUTION: ("#fff4df", "#8a5a00"),
    STOPPED: ("#ffe3e3", "#b01515"),
}
_TEXT = "font-size:12px;line-height:1.35;"


def banner(level: str, text: str) -> str:
    """Return one coloured line of HTML; level STOPPED is red."""
    ground, ink = _LEVELS[level]
    return (
        f'<div data-level="{level}" style="{_TEXT}font-weight:600;padding:6px 10px;'
        f"margin:4px 12px;border-radius:6px;background:{ground};color:{ink};"
        f'overflow-wrap:anywhere">{escape(text)}</div>'
    )


def lines(readings: dict[str, str]) -> str:
    """Return names and values as a table of HTML."""
    rows = "".join(
        f'<tr><td style="color:#6b7280;padding-right:10px">{escape(name)}</td>'
        f'<td style="text-align:right;font-variant-numeric:tabular-nums">{escape(value)}</td></tr>'
        for name, value in readings.items()
    )
    return f'<table style="{_TEXT}margin:2px 12px;width:calc(100% - 24px)">{rows}</table>'


def joint_bars(state: JointState, limits: JointLimits, near: Array) -> str:
    """Return a table of HTML: a joint's name, its place in its range, its effort's share.

    Args:
        state: of the joints.
        limits: of the same joints.
        near: how near each is to a limit, [n] from 0 to 1; what is above zero is red.
    """
    rows = []
    for i, name in enumerate(short_names(state.names)):
        lower, upper = limits.lower[i], limits.upper[i]
        bounded = bool(np.isfinite(upper - lower)) and upper > lower
        place = (state.position[i] - lower) / (upper - lower) if bounded else 0.5
        effort = state.effort[i] / limits.effort[i] if limits.effort[i] > 0.0 else 0.0
        ink = "#e03131" if near[i] > 0.0 else "#3b82f6"
        rows.append(
            f'<tr><td style="padding-right:6px;max-width:74px;overflow:hidden;'
            f'text-overflow:ellipsis;white-space:nowrap">{escape(name)}</td>'
            f"<td>{_mark(place, ink)}</td><td>{_load(effort, ink)}</td>"
            f'<td style="text-align:right;font-variant-numeric:tabular-nums">'
            f"{state.position[i]:.2f}</td></tr>"
        )
    return (
        f'<table style="{_TEXT}margin:2px 12px;width:calc(100% - 24px)">'
        '<tr style="color:#6b7280"><td>joint</td><td>position</td><td>effort</td><td></td></tr>'
        f"{''.join(rows)}</table>"
    )


def short_names(names: Sequence[str]) -> list[str]:
    """Return names without the words that all of them begin with."""
    words = [name.split("_") for name in names]
    same = 0
    while len(names) > 1 and all(len(w) > same + 1 and w[same] == words[0][same] for w in words):
        same += 1
    return ["_".join(w[same:] if w[same].isalpha() else w[max(0, same - 1) :]) for w in words]


def _mark(share: float, ink: str) -> str:
    """A mark on a line from the lower limit to the upper one."""
    at = 100.0 * float(np.clip(share, 0.0, 1.0))
    return (
        '<div style="width:84px;height:6px;background:#e5e7eb;border-radius:3px;position:relative">'
        f'<div style="position:absolute;left:calc({at:.1f}% - 3px);top:-2px;width:6px;height:10px;'
        f'border-radius:2px;background:{ink}"></div></div>'
    )


def _load(share: float, ink: str) -> str:
    """A bar from the middle to either side."""
    half = 50.0 * float(np.clip(abs(share), 0.0, 1.0))
    left = 50.0 - half if share < 0.0 else 50.0
    return (
        '<div style="width:64px;height:6px;background:#e5e7eb;border-radius:3px;position:relative">'
        f'<div style="position:absolute;left:{left:.1f}%;width:{half:.1f}%;height:6px;'
        f'background:{ink}"></div></div>'
    )
