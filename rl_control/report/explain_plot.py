"""The picture of a run with what happened in it: speeds and commands, events above them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rl_control.report.plots import (
    AMBER,
    BAD,
    FAINT,
    FIRST,
    GOOD,
    INK,
    LAST,
    LINE,
    STYLE,
    matplotlib_parts,
)
from rl_control.types import Array

AROUND = 0.5  # [s] shown before and after a time that is asked about

_COLORS = {
    "shook": BAD, "stopped": BAD, "limit": BAD, "refused": BAD, "saturated": AMBER, "filter": LINE,
    "held": INK, "late": AMBER, "diverged": BAD, "gap": FAINT, "goal": GOOD,
}  # fmt: skip


@dataclass(frozen=True)
class Explained:
    """What the picture is drawn from.

    Attributes:
        names: joints, [n].
        times: of the states, [T] in [s].
        velocities: [T, n].
        commands: efforts sent, [T, n].
        asked: efforts the planner wanted, [T, n]; NaN where it was not asked.
        speed_limits: that the planner keeps, [n].
        effort_limits: that the planner keeps, [n].
        events: start and end in [s], and kind.
        title: of the picture.
    """

    names: tuple[str, ...]
    times: Array
    velocities: Array
    commands: Array
    asked: Array
    speed_limits: Array
    effort_limits: Array
    events: tuple[tuple[float, float, str], ...]
    title: str


def plot_explained(path: str | Path, run: Explained, around: float | None = None) -> None:
    """Write the picture of a run, or of the time around a moment.

    Args:
        path: of the PNG.
        run: what to draw.
        around: moment in [s] that is asked about; None for the whole run.

    Raises:
        MissingDependencyError: if matplotlib is not installed.
    """
    figure_class, style, colors = matplotlib_parts("a picture of a run")
    low, high = float(run.times[0]), float(run.times[-1])
    if around is not None:
        low, high = max(low, around - AROUND), min(high, around + AROUND)
    shown = (run.times >= low) & (run.times <= high)
    with style.context(STYLE):
        figure = figure_class(figsize=(10.0, 7.0), layout="constrained")
        events, speeds, efforts = figure.subplots(3, 1, sharex=True, height_ratios=(1.1, 2.0, 2.0))
        _draw_events(events, run, low, high)
        hues = colors(np.linspace(FIRST, LAST, len(run.names)))
        for i, name in enumerate(run.names):
            speed = run.velocities[shown, i] / run.speed_limits[i]
            speeds.plot(run.times[shown], speed, color=hues[i], linewidth=1.0, label=name)
            for values, width, dash in ((run.commands, 1.0, "-"), (run.asked, 0.8, ":")):
                share = values[shown, i] / run.effort_limits[i]
                efforts.plot(run.times[shown], share, dash, color=hues[i], linewidth=width)
        speeds.set_ylabel("speed, share of its limit")
        efforts.set_ylabel("effort, share of its limit\n(dotted: asked for)")
        speeds.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0), fontsize=8.0)
        for axis in (speeds, efforts):
            for bound in (-1.0, 1.0):
                axis.axhline(bound, color=BAD, linewidth=0.7, linestyle="--")
        for axis in (events, speeds, efforts):
            if around is not None:
                axis.axvline(around, color=INK, linewidth=1.0)
        efforts.set_xlabel("time [s]")
        efforts.set_xlim(low, max(high, low + 1e-3))
        figure.suptitle(run.title, x=0.01, ha="left", fontsize=10.0, fontweight="bold")
        figure.savefig(path, dpi=110)


def _draw_events(axis: Any, run: Explained, low: float, high: float) -> None:
    kinds = sorted({kind for start, end, kind in run.events if end >= low and start <= high})
    least = 0.004 * (high - low)
    for start, end, kind in run.events:
        if kind in kinds and end >= low and start <= high:
            bar = (start, max(end - start, least))
            axis.broken_barh([bar], (kinds.index(kind) - 0.35, 0.7), color=_COLORS.get(kind, INK))
    axis.set_yticks(range(len(kinds)), kinds)
    axis.set_ylim(max(len(kinds), 1) - 0.5, -0.5)
    axis.grid(axis="y", visible=False)
