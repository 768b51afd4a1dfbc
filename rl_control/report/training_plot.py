"""The pictures of policy training: how it went, how runs compare, and where the policy succeeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rl_control.report.plots import AMBER, FAINT, FIRST, LAST, LINE, STYLE, matplotlib_parts
from rl_control.report.trial_plot import (
    SAME,
    Plane,
    TipPaths,
    TrialMap,
    draw_paths,
    draw_trials,
    path_points,
    planes_of,
)
from rl_control.types import Array

_DASHED = (0, (4, 3))
_FAR = 30.0  # ratio of costs beyond which a linear axis shows but the greatest


@dataclass(frozen=True)
class TrainingCurve:
    """What one run measured after each of its I iterations.

    Attributes:
        label: of the run.
        seconds: robot time used so far in [s], [I].
        success: share of trials that the policy succeeds in, [I]; NaN where it was not tried.
        cost: mean cost of a trial under the policy, [I]; NaN where it was not tried.
        teacher_cost: mean cost under the controller that it learns from, in situations of a test
            of their own; None if not known.
        test_cost: the same under the newest policy, in those situations; None if not known.
    """

    label: str
    seconds: Array
    success: Array
    cost: Array
    teacher_cost: float | None = None
    test_cost: float | None = None


@dataclass(frozen=True)
class TrustRegion:
    """How far each of I iterations moved the controllers.

    Attributes:
        kl: divergence from the policy, a time step, [I].
        limit: that was allowed, [I].
    """

    kl: Array
    limit: Array


@dataclass(frozen=True)
class TrainingRecord:
    """What the picture of a run is drawn from.

    Attributes:
        title: headline of the picture.
        curves: success and cost, of one or more kinds of situations.
        trials: of the policy as it is now, in situations it never saw.
        known: the same in those that it was trained on; None if there are none, or not tried.
        paths: some of the trials, beside the controller's.
        region: the steps of the controllers; None where there is no trust region.
    """

    title: str
    curves: Sequence[TrainingCurve]
    trials: TrialMap
    known: TrialMap | None = None
    paths: Sequence[TipPaths] = ()
    region: TrustRegion | None = None


def plot_training(record: TrainingRecord, path: str | Path) -> Path:
    """Draw how a run went as a PNG at `path` and return it.

    Raises:
        MissingDependencyError: if matplotlib is not installed.
    """
    figure_class, style, _ = matplotlib_parts("the picture of a training")
    with style.context(STYLE):
        ways = planes_of(path_points(record.paths)) if record.paths else []
        places = _all_points(record)
        # Places that are all the same tell of no plane.
        planes = ways if ways and np.ptp(places, axis=0).max() < SAME else planes_of(places)
        width = 10.0 if len(planes) + len(ways) < 3 else 13.0
        figure = figure_class(figsize=(width, 6.6), layout="constrained")
        figure.suptitle(record.title, x=0.01, ha="left", fontsize=13, fontweight="bold")
        upper, lower = figure.subfigures(2, 1, height_ratios=[1.0, 1.25])
        axes = upper.subplots(1, 2 if record.region is None else 3)
        colors = [LINE, AMBER][: len(record.curves)]
        _draw_success(axes[0], record.curves, colors)
        _draw_cost(axes[1], record.curves, colors)
        if len(record.curves) > 1:
            axes[0].legend(fontsize=8, loc="best", handlelength=1.4)
        if record.region is not None:
            _draw_region(axes[2], record.curves[0].seconds, record.region)
        axes = lower.subplots(1, len(planes) + len(ways), squeeze=False)[0]
        _draw_maps(lower, axes[: len(planes)], record, planes)
        _draw_ways(axes[len(planes) :], record.paths, ways)
        figure.savefig(path, dpi=130)
    return Path(path)


def plot_comparison(title: str, curves: Sequence[TrainingCurve], path: str | Path) -> Path:
    """Draw several runs against robot time as a PNG at `path` and return it.

    Raises:
        MissingDependencyError: if matplotlib is not installed.
    """
    figure_class, style, colormap = matplotlib_parts("the picture of a training")
    colors = list(colormap(np.linspace(FIRST, LAST, len(curves))))
    with style.context(STYLE):
        figure = figure_class(figsize=(10.0, 3.8), layout="constrained")
        figure.suptitle(title, x=0.01, ha="left", fontsize=13, fontweight="bold")
        success, cost = figure.subplots(1, 2)
        _draw_success(success, curves, colors)
        _draw_cost(cost, curves, colors)
        figure.legend(*success.get_legend_handles_labels(), loc="outside right center", fontsize=8)
        figure.savefig(path, dpi=130)
    return Path(path)


def _draw_success(axis: Any, curves: Sequence[TrainingCurve], colors: Sequence[Any]) -> None:
    for curve, color in zip(curves, colors, strict=True):
        tried = np.isfinite(curve.success)
        axis.plot(
            curve.seconds[tried], 100.0 * curve.success[tried], color=color, linewidth=1.8,
            marker="o", markersize=3.5, label=curve.label,
        )  # fmt: skip
    axis.set_ylim(-3, 103)
    _time_axis(axis)
    axis.set_title("success of the policy alone [%]", loc="left", fontsize=9)


def _draw_cost(axis: Any, curves: Sequence[TrainingCurve], colors: Sequence[Any]) -> None:
    tested: list[float] = []
    for curve, color in zip(curves, colors, strict=True):
        tried = np.isfinite(curve.cost)
        axis.plot(
            curve.seconds[tried], curve.cost[tried], color=color, linewidth=1.8, marker="o",
            markersize=3.5,
        )  # fmt: skip
        if curve.teacher_cost is not None:
            axis.axhline(curve.teacher_cost, color=color, linewidth=1.0, linestyle=_DASHED)
            tested.append(curve.teacher_cost)
        if curve.test_cost is not None:
            axis.plot(curve.seconds[-1], curve.test_cost, "D", color=color, markersize=6.0)
            tested.append(curve.test_cost)
    costs = np.concatenate([tested, *(curve.cost[np.isfinite(curve.cost)] for curve in curves)])
    if costs.size and costs.min() > 0.0 and costs.max() > _FAR * costs.min():
        axis.set_yscale("log")
    else:
        _from_zero(axis)
    _time_axis(axis)
    # The test has other situations than the curve: only what is of one test can be compared.
    how = " (in one test: \u25c6 policy, dashed controller)" if tested else " of a trial"
    axis.set_title(f"mean cost{how}", loc="left", fontsize=9)


def _draw_region(axis: Any, seconds: Array, region: TrustRegion) -> None:
    axis.plot(seconds, region.limit, color=FAINT, linewidth=1.4, linestyle=_DASHED)
    axis.plot(seconds, region.kl, color=AMBER, linewidth=1.8, marker="o", markersize=3.5)
    _from_zero(axis)
    _time_axis(axis)
    axis.set_title("step of the controllers, KL (dashed: allowed)", loc="left", fontsize=9)


def _draw_maps(
    figure: Any, axes: Sequence[Any], record: TrainingRecord, planes: Sequence[Plane]
) -> None:
    good = record.trials.succeeded
    for axis, plane in zip(axes, planes, strict=True):
        drawn = draw_trials(axis, record.trials, record.known, plane)
    if good.any():
        bar = figure.colorbar(drawn, ax=list(axes), shrink=0.8, panchor=False)
        bar.set_label("distance left [mm]")
        bar.outline.set_visible(False)
    rings = "" if record.known is None else ", ring: trained on"
    title = f"succeeds in {int(good.sum())} of {len(good)} (cross: fails{rings})"
    axes[0].set_title(title, loc="left", fontsize=9)


def _draw_ways(axes: Sequence[Any], paths: Sequence[TipPaths], planes: Sequence[Plane]) -> None:
    for axis, plane in zip(axes, planes, strict=True):
        draw_paths(axis, paths, plane)
    if paths:
        also = "" if paths[0].teacher is None else ", grey: controller"
        title = f"tip (blue: policy{also}, green: wanted)"
        axes[0].set_title(title, loc="left", fontsize=9)


def _all_points(record: TrainingRecord) -> Array:
    maps = [record.trials] if record.known is None else [record.trials, record.known]
    return np.concatenate([one.points for one in maps])


def _time_axis(axis: Any) -> None:
    last = axis.dataLim.xmax
    axis.set_xlim(0.0, 1.04 * last if 0.0 < last < np.inf else 1.0)
    axis.set_xlabel("robot time [s]")


def _from_zero(axis: Any) -> None:
    """Let the axis of values begin at zero, or a little below the lowest, and end above them."""
    low, high = axis.dataLim.intervaly
    if not (np.isfinite(low) and np.isfinite(high)):
        low, high = 0.0, 1.0
    low, high = min(low, 0.0), max(high, 0.0)
    room = 0.08 * (high - low or 1.0)
    axis.set_ylim(low - room * (low < 0.0), high + room)
