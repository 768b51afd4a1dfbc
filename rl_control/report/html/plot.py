"""A picture of curves over time as HTML: an SVG that stretches, with words around it.

The curves lie in an inner SVG whose `viewBox` is the grid of `html_series`; lines keep their width
when it is stretched. To look at a part of the time, a script changes nothing but that `viewBox`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np

from rl_control.report.html.series import (
    HIGH,
    WIDE,
    Scale,
    area_path,
    dots_path,
    line_path,
    thinned,
)
from rl_control.report.html.ticks import linear_ticks, tick_text, ticks
from rl_control.types import Array


@dataclass(frozen=True)
class Curve:
    """One curve.

    Attributes:
        name: what it is of.
        times: [N] in [s], increasing.
        values: [N]; not finite where it is broken.
        color: a colour of the page, such as "--line".
        kind: "line"; "dots", or "ticks", which are larger; "bars", which are thick lines; or
            "area", which is stacked on the areas before it.
        in_legend: whether its name and, under the pointer, its value are shown.
    """

    name: str
    times: Array
    values: Array
    color: str = "--line"
    kind: str = "line"
    in_legend: bool = True


@dataclass(frozen=True)
class Mark:
    """A horizontal line with a word beside it.

    Attributes:
        value: where.
        text: the word.
        color: a colour of the page.
    """

    value: float
    text: str
    color: str = "--bad"


@dataclass(frozen=True)
class Instant:
    """A vertical line, the same in every picture.

    Attributes:
        time: when in [s].
        text: a word above it in the first picture.
        until: end of what is shaded from there on in [s]; None shades nothing.
        color: of the shade, a colour of the page.
    """

    time: float
    text: str = ""
    until: float | None = None
    color: str = "--good"


@dataclass(frozen=True)
class Plot:
    """One picture.

    Attributes:
        title: what is shown.
        unit: of the values.
        curves: what is drawn.
        scale: of the values.
        marks: horizontal lines.
        note: a sentence beside the title.
        tick_texts: (value, text) in place of numbers at the axis.
        height: of the picture in pixels.
        digits: significant digits of values under the pointer.
        lanes: whether the axis' texts stand in the picture, above what they are of.
    """

    title: str
    unit: str
    curves: Sequence[Curve]
    scale: Scale
    marks: Sequence[Mark] = ()
    note: str = ""
    tick_texts: Sequence[tuple[float, str]] | None = None
    height: int = 150
    digits: int = 3
    lanes: bool = False


def plot_html(plot: Plot, span: tuple[float, float], instants: Sequence[Instant] = ()) -> str:
    """Return a picture.

    Args:
        plot: what is in it.
        span: times at the left and the right end in [s].
        instants: vertical lines.
    """
    scale = plot.scale
    axis = list(plot.tick_texts or ticks(scale))
    heights = scale.shares(np.array([value for value, _ in axis]))
    grid = "".join(f"M0 {_top(height)}h{WIDE}" for height in heights)
    labels = "".join(
        f'<span style="top:{100 * (1 - height):.2f}%">{escape(text)}</span>'
        for height, (_, text) in zip(heights, axis, strict=True)
    )
    inside, beside = (f'<div class="lanes">{labels}</div>', "") if plot.lanes else ("", labels)
    unit = f" <small>[{escape(plot.unit)}]</small>" if plot.unit else ""
    note = f' <p class="note">{escape(plot.note)}</p>' if plot.note else ""
    return (
        f'<figure class="plot"><figcaption><h3>{escape(plot.title)}{unit}</h3>{note}'
        f"{_legend(plot)}</figcaption>"
        f'<div class="axes" style="height:{plot.height}px"><div class="y">{beside}</div>'
        f'<div class="box"><svg viewBox="0 0 {WIDE} {HIGH}" preserveAspectRatio="none"'
        f' data-scale="{scale.low!r} {scale.high!r} {int(scale.log)}" data-digits="{plot.digits}">'
        f"{instants_svg(instants, span)}"
        f'<path class="grid" d="{grid}"/>{_marks_svg(plot)}{_curves_svg(plot, span)}</svg>'
        f"{inside}{_mark_words(plot)}</div></div></figure>"
    )


def instants_svg(instants: Sequence[Instant], span: tuple[float, float]) -> str:
    """Return vertical lines and shades."""
    parts, lines = [], []
    for instant in instants:
        x = _left(instant.time, span)
        if instant.until is not None:
            wide = max(_left(instant.until, span) - x, 1)
            parts.append(
                f'<rect class="shade" x="{x}" y="0" width="{wide}" height="{HIGH}"'
                f' style="fill:var({instant.color})"/>'
            )
        else:
            lines.append(f"M{x} 0v{HIGH}")
    return "".join(parts) + f'<path class="instant" d="{"".join(lines)}"/>'


def instant_words(instants: Sequence[Instant], span: tuple[float, float]) -> str:
    """Return the words of vertical lines, in a row that stretches as the pictures do."""
    words = "".join(
        f'<span data-t="{instant.time:.6f}" style="left:{_percent(instant.time, span)}%">'
        f"{escape(instant.text)}</span>"
        for instant in instants
        if instant.text
    )
    return f'<div class="axes words"><div class="y"></div><div class="box">{words}</div></div>'


def time_words(span: tuple[float, float], axis: str = "time [s]") -> str:
    """Return the marks of the axis of time and its name, below the pictures."""
    words = "".join(
        f'<span style="left:{_percent(time, span)}%">{tick_text(time)}</span>'
        for time in linear_ticks(*span, most=9)
    )
    return (
        '<div class="axes time"><div class="y"></div>'
        f'<div class="box">{words}<em>{escape(axis)}</em></div></div>'
    )


def _legend(plot: Plot) -> str:
    shown = [curve for curve in plot.curves if curve.in_legend]
    entries = "".join(
        f'<li style="--c:var({curve.color})" class="{curve.kind}">{escape(curve.name)}<b></b></li>'
        for curve in shown
    )
    return f'<ul class="legend">{entries}</ul>' if shown else ""


def _marks_svg(plot: Plot) -> str:
    return "".join(
        f'<path class="mark" style="stroke:var({mark.color})"'
        f' d="M0 {_top(float(plot.scale.shares(np.array(mark.value))))}h{WIDE}"/>'
        for mark in plot.marks
    )


def _mark_words(plot: Plot) -> str:
    return "".join(
        f'<i style="top:{100 * (1 - float(plot.scale.shares(np.array(mark.value)))):.2f}%;'
        f'color:var({mark.color})">{escape(mark.text)}</i>'
        for mark in plot.marks
        if mark.text
    )


def _curves_svg(plot: Plot, span: tuple[float, float]) -> str:
    parts = []
    areas = [curve for curve in plot.curves if curve.kind == "area"]
    if areas:
        # Borders of neighbours must meet.
        common = thinned(areas[0].times, np.sum([area.values for area in areas], axis=0))
        below = np.zeros_like(areas[0].values)
    for curve in plot.curves:
        if curve.kind == "area":
            kept, under = common, below
            below = under + curve.values
            data = area_path(curve.times[kept], under[kept], below[kept], span, plot.scale)
            style = f"fill:var({curve.color})"
        else:
            kept = thinned(curve.times, curve.values)
            draw = dots_path if curve.kind in ("dots", "ticks") else line_path
            data = draw(curve.times[kept], curve.values[kept], span, plot.scale)
            style = f"stroke:var({curve.color})"
        silent = "" if curve.in_legend else " silent"
        parts.append(f'<path class="{curve.kind}{silent}" style="{style}" d="{data}"/>')
    return "".join(parts)


def _top(height: float) -> int:
    return round(HIGH * (1.0 - float(height)))


def _left(time: float, span: tuple[float, float]) -> int:
    return round(WIDE * (time - span[0]) / ((span[1] - span[0]) or 1.0))


def _percent(time: float, span: tuple[float, float]) -> str:
    return f"{100 * (time - span[0]) / ((span[1] - span[0]) or 1.0):.3f}"
