"""The picture of a search: what was tried, what it cost, and what mattered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rl_control.report.plots import (
    AMBER,
    FAINT,
    GOOD,
    INK,
    LINE,
    STYLE,
    matplotlib_parts,
)
from rl_control.types import Array

_ACROSS = 5  # small pictures in a row
_WIDE = 30.0  # ratio of costs beyond which their axis is logarithmic


@dataclass(frozen=True)
class TuneRecord:
    """What the picture of a search is drawn from.

    Attributes:
        title: headline of the picture.
        unit: what a cost is: "settle time [s]".
        costs: mean cost of each trial on the same targets, [M]; the first is the start.
        whole: whether the trial was not given up, [M].
        chosen: number of the trial that was taken in the end.
        numbers: values of each dimension, [M], by key.
        log: dimensions whose logarithm was searched.
        importance: each dimension's share of what made costs differ, by key.
        before: costs of the start on targets that the search never saw, [H]; empty if not tried.
        after: costs of what was taken on the same targets, [H].
    """

    title: str
    unit: str
    costs: Array
    whole: Sequence[bool]
    chosen: int
    numbers: Mapping[str, Array]
    log: frozenset[str]
    importance: Mapping[str, float]
    before: Array
    after: Array


def plot_tune(record: TuneRecord, path: str | Path) -> Path:
    """Draw a search as a PNG at `path` and return it.

    Raises:
        MissingDependencyError: if matplotlib is not installed.
    """
    figure_class, style, _ = matplotlib_parts("the picture of a search")
    keys = list(record.numbers)
    rows = -(-len(keys) // _ACROSS)
    with style.context(STYLE):
        figure = figure_class(figsize=(11.0, 3.1 + 2.3 * rows), layout="constrained")
        figure.suptitle(record.title, x=0.01, ha="left", fontsize=13, fontweight="bold")
        upper, lower = figure.subfigures(2, 1, height_ratios=[3.1, 2.3 * rows])
        top = upper.subplots(1, 3, width_ratios=[1.7, 1.0, 1.1])
        _draw_trials(top[0], record)
        _draw_held(top[1], record)
        _draw_importance(top[2], record)
        across = min(_ACROSS, len(keys))
        below = lower.subplots(rows, across, squeeze=False, sharey=True)
        for k, axis in enumerate(below.flat):
            if k < len(keys):
                _draw_dimension(axis, record, keys[k])
            else:
                axis.set_axis_off()
        for row in below:
            row[0].set_ylabel(record.unit)
        figure.savefig(path, dpi=120)
    return Path(path)


def _draw_trials(axis: Any, record: TuneRecord) -> None:
    costs, whole = record.costs, np.asarray(record.whole, dtype=bool)
    trials = np.arange(1, len(costs) + 1)
    axis.plot(trials[~whole], costs[~whole], "x", color=FAINT, markersize=5, label="given up early")
    axis.plot(trials[whole], costs[whole], "o", color=LINE, markersize=5, label="on every target")
    best = np.minimum.accumulate(np.where(whole, costs, np.inf))
    axis.step(trials, best, where="post", color=LINE, linewidth=1.2, label="best so far")
    axis.axhline(costs[0], color=AMBER, linewidth=1.0, linestyle=(0, (4, 3)), label="at the start")
    _ring(axis, trials[record.chosen], costs[record.chosen], "taken")
    _cost_axis(axis, costs)
    axis.set_xlabel("trial")
    axis.set_ylabel(record.unit)
    axis.set_title("what was tried", loc="left", fontsize=9)
    axis.legend(fontsize=7.5, loc="upper right", frameon=True, facecolor="white", edgecolor="none")


def _draw_held(axis: Any, record: TuneRecord) -> None:
    axis.set_title("on targets never seen before", loc="left", fontsize=9)
    if not len(record.before):
        axis.text(0.5, 0.5, "not compared", ha="center", color=FAINT, transform=axis.transAxes)
        axis.set_xticks([])
        return
    for first, second in zip(record.before, record.after, strict=True):
        axis.plot([0, 1], [first, second], color=FAINT, linewidth=0.7, marker="o", markersize=2.5)
    for place, costs, color in ((0, record.before, AMBER), (1, record.after, GOOD)):
        mean = float(np.mean(costs))
        axis.plot([place - 0.18, place + 0.18], [mean, mean], color=color, linewidth=3.0)
        side = -1 if place == 0 else 1
        axis.text(
            place + side * 0.25, mean, f"{mean:.3g}", color=color, va="center",
            ha="right" if place == 0 else "left", fontweight="bold",
        )  # fmt: skip
    axis.set_xlim(-0.75, 1.75)
    axis.set_xticks([0, 1], ["before", "after"])
    _cost_axis(axis, np.concatenate([record.before, record.after]))


def _draw_importance(axis: Any, record: TuneRecord) -> None:
    keys = sorted(record.importance, key=lambda key: record.importance[key])
    shares = [100.0 * record.importance[key] for key in keys]
    axis.barh([_short(key) for key in keys], shares, color=LINE, height=0.6)
    axis.set_xlim(0.0, max(1.0, 1.1 * max(shares, default=0.0)))
    axis.grid(axis="y", visible=False)
    axis.set_title("what made the difference [%]", loc="left", fontsize=9)


def _draw_dimension(axis: Any, record: TuneRecord, key: str) -> None:
    values, whole = record.numbers[key], np.asarray(record.whole, dtype=bool)
    axis.plot(values[~whole], record.costs[~whole], "x", color=FAINT, markersize=4)
    axis.plot(values[whole], record.costs[whole], "o", color=LINE, markersize=4)
    axis.axvline(values[0], color=AMBER, linewidth=1.0, linestyle=(0, (4, 3)))
    _ring(axis, values[record.chosen], record.costs[record.chosen])
    if key in record.log and (values > 0.0).all():
        axis.set_xscale("log")
    _cost_axis(axis, record.costs)
    axis.set_title(_short(key), loc="left", fontsize=9)


def _ring(axis: Any, x: float, y: float, label: str = "") -> None:
    axis.plot(
        [x], [y], "o", markersize=11, markerfacecolor="none", markeredgecolor=GOOD,
        markeredgewidth=1.8, label=label or None,
    )  # fmt: skip


def _cost_axis(axis: Any, costs: Array) -> None:
    if costs.min() > 0.0 and costs.max() > _WIDE * costs.min():
        axis.set_yscale("log")
    else:
        axis.set_ylim(0.0, 1.12 * max(float(costs.max()), 1e-9))
    axis.tick_params(labelcolor=INK)


def _short(key: str) -> str:
    """The key without its first group: "weights.posture" of "task.weights.posture"."""
    return key.partition(".")[2] if key.startswith("task.") else key
