"""Bars and small charts made of characters."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Glyphs:
    """The characters to draw with.

    Attributes:
        track: what lies between a range's ends.
        ends: first and last character of a range.
        place: where something is.
        goal: where it should be.
        both: where something is, and should be.
        rise: parts of a cell that fills from below, from nothing to all of it.
        grow: parts of a cell that fills from the left.
        cut: stands for what was left out.
        bar: between two columns.
        rule: along a line.
    """

    track: str
    ends: str
    place: str
    goal: str
    both: str
    rise: str
    grow: str
    cut: str
    bar: str
    rule: str


UNICODE = Glyphs("─", "├┤", "●", "◇", "◆", " ▁▂▃▄▅▆▇█", " ▏▎▍▌▋▊▉█", "…", "│", "─")
ASCII = Glyphs("-", "[]", "O", "x", "X", " .:#", " #", "~", "|", "-")


def place_bar(place: float, goal: float, width: int, glyphs: Glyphs = UNICODE) -> str:
    """Return a range of `width` characters with a value and its goal in it.

    Args:
        place: where the value is, 0 at the lower end and 1 at the upper one; beyond them it is
            drawn at the end, and NaN not at all.
        goal: the same of its goal.
        width: at least 3.
        glyphs: what to draw with.
    """
    inner = width - 2
    cells = [glyphs.track] * inner
    here, there = _cell(place, inner), _cell(goal, inner)
    if there is not None:
        cells[there] = glyphs.goal
    if here is not None:
        cells[here] = glyphs.both if here == there else glyphs.place
    return glyphs.ends[0] + "".join(cells) + glyphs.ends[1]


def share_bar(share: float, width: int, glyphs: Glyphs = UNICODE) -> str:
    """Return a bar that fills `share` of `width` characters; nothing of it for NaN."""
    if math.isnan(share):
        return " " * width
    parts = len(glyphs.grow) - 1
    filled = round(min(max(share, 0.0), 1.0) * width * parts)
    whole, rest = divmod(filled, parts)
    bar = glyphs.grow[-1] * whole + (glyphs.grow[rest] if rest else "")
    return bar.ljust(width)


def chart(
    values: Sequence[float],
    width: int,
    height: int = 1,
    low: float = 0.0,
    high: float | None = None,
    glyphs: Glyphs = UNICODE,
) -> list[str]:
    """Return the newest `width` values as columns, `height` lines from top to bottom.

    Every finite value shows at least the smallest step; what is not finite leaves a gap.

    Args:
        values: oldest first.
        width: columns.
        height: lines.
        low: value at the bottom.
        high: value at the top; None takes the greatest shown.
        glyphs: what to draw with.
    """
    shown = list(values)[-width:]
    finite = [value for value in shown if math.isfinite(value)]
    top = high if high is not None else max(finite, default=1.0)
    parts = len(glyphs.rise) - 1
    span = max(top - low, 1e-12)
    levels = [_level(value, low, span, height * parts) for value in shown]
    lines = []
    for row in reversed(range(height)):
        cells = (glyphs.rise[min(max(level - row * parts, 0), parts)] for level in levels)
        lines.append("".join(cells).rjust(width))
    return lines


def logarithms(values: Sequence[float], floor: float) -> list[float]:
    """Return the decimal logarithms of `values`, none below that of `floor`."""
    return [math.log10(max(value, floor)) if value == value else math.nan for value in values]


def _cell(place: float, cells: int) -> int | None:
    if math.isnan(place):
        return None
    return round(min(max(place, 0.0), 1.0) * (cells - 1))


def _level(value: float, low: float, span: float, most: int) -> int:
    if not math.isfinite(value):
        return 0
    return min(max(round((value - low) / span * most), 1), most)
