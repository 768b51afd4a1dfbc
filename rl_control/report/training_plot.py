"""The pictures of policy training: how it went, how runs compare, and where the policy succeeds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rl_control.report.plots import (
    AMBER,
    BAD,
    FAINT,
    FIRST,
    GOOD,
    LAST,
    LINE,
    STYLE,
    matplotlib_parts,
)
from rl_control.types import Array

_AXES = "xyz"
_DASHED = (0, (4, 3))


@dataclass(frozen=True)
class TrainingCurve:
    """What one run measured after each of its I iterations.

    Attributes:
        label: of the run.
        seconds: robot time used so far in [s], [I].
        success: share of trials that the policy succeeds in, [I]; NaN where it was not tried.
        cost: mean cost of a trial under the policy, [I]; NaN where it was not tried.
        teacher_cost: the same of the controller that it learns from; None if not known.
    """

    label: str
    seconds: Array
    success: Array
    cost: Array
    teacher_cost: float | None = None


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
class TrialMap:
    """Where M trials began or were to end, and how they went.

    Attributes:
        points: what was drawn for each trial, [M, 3] in [m].
        errors: distance that was left, [M] in [m].
        succeeded: [M].
    """

    points: Array
    errors: Array
    succeeded: NDArray[np.bool_]


@dataclass(frozen=True)
class TipPaths:
    """One trial by the policy and by the controller that it learned from.

    Attributes:
        policy: tip positions, [T+1, 3] in [m].
        teacher: the same under the controller, [T'+1, 3] in [m].
        target: [3] in [m].
    """

    policy: Array
    teacher: Array
    target: Array


@dataclass(frozen=True)
class TrainingRecord:
    """What the picture of a run is drawn from.

    Attributes:
        title: headline of the picture.
        curve: success and cost.
        trials: of the policy as it is now.
        paths: some of them, beside the controller's.
        region: the steps of the controllers; None where there is no trust region.
    """

    title: str
    curve: TrainingCurve
    trials: TrialMap
    paths: Sequence[TipPaths] = ()
    region: TrustRegion | None = None


def plot_training(record: TrainingRecord, path: str | Path) -> Path:
    """Draw how a run went as a PNG at `path` and return it.

    Raises:
        MissingDependencyError: if matplotlib is not installed.
    """
    figure_class, style, _ = matplotlib_parts("the picture of a training")
    with style.context(STYLE):
        figure = figure_class(figsize=(10.0, 6.6), layout="constrained")
        figure.suptitle(record.title, x=0.01, ha="left", fontsize=13, fontweight="bold")
        upper, lower = figure.subfigures(2, 1, height_ratios=[1.0, 1.25])
        columns = 2 if record.region is None else 3
        axes = upper.subplots(1, columns)
        _draw_success(axes[0], [record.curve], [LINE])
        _draw_cost(axes[1], [record.curve], [LINE])
        if record.region is not None:
            _draw_region(axes[2], record.curve.seconds, record.region)
        axes = lower.subplots(1, 2 if record.paths else 1, squeeze=False)[0]
        plane = _widest_plane(record.trials.points)
        _draw_trials(axes[0], record.trials, plane, figure)
        if record.paths:
            _draw_paths(axes[1], record.paths)
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
    axis.set_xlim(left=0.0)
    axis.set_title("success of the policy alone [%]", loc="left", fontsize=9)
    axis.set_xlabel("robot time [s]")


def _draw_cost(axis: Any, curves: Sequence[TrainingCurve], colors: Sequence[Any]) -> None:
    for curve, color in zip(curves, colors, strict=True):
        tried = np.isfinite(curve.cost)
        axis.plot(
            curve.seconds[tried], curve.cost[tried], color=color, linewidth=1.8, marker="o",
            markersize=3.5,
        )  # fmt: skip
        if curve.teacher_cost is not None:
            axis.axhline(curve.teacher_cost, color=color, linewidth=1.0, linestyle=_DASHED)
    _from_zero(axis)
    axis.set_xlim(left=0.0)
    axis.set_title("mean cost of a trial (dashed: the controller's)", loc="left", fontsize=9)
    axis.set_xlabel("robot time [s]")


def _draw_region(axis: Any, seconds: Array, region: TrustRegion) -> None:
    axis.plot(seconds, region.limit, color=FAINT, linewidth=1.4, linestyle=_DASHED)
    axis.plot(seconds, region.kl, color=AMBER, linewidth=1.8, marker="o", markersize=3.5)
    axis.set_xlim(left=0.0)
    _from_zero(axis)
    axis.set_title("step of the controllers, KL (dashed: allowed)", loc="left", fontsize=9)
    axis.set_xlabel("robot time [s]")


def _draw_trials(axis: Any, trials: TrialMap, plane: tuple[int, int], figure: Any) -> None:
    first, second = plane
    x, y = trials.points[:, first], trials.points[:, second]
    good = trials.succeeded
    # What succeeded is ordered by what was left; a failure is a cross, whatever its size.
    drawn = axis.scatter(
        x[good], y[good], c=1e3 * trials.errors[good], s=22, cmap="viridis_r", linewidths=0
    )
    axis.scatter(x[~good], y[~good], s=30, color=BAD, marker="x", linewidths=1.4)
    if good.any():
        bar = figure.colorbar(drawn, ax=axis, shrink=0.8)
        bar.set_label("distance left [mm]")
        bar.outline.set_visible(False)
    count = f"{int(good.sum())} of {len(good)}"
    axis.set_title(f"where it succeeds: {count} (crosses: failures)", loc="left", fontsize=9)
    _label(axis, plane)


def _draw_paths(axis: Any, paths: Sequence[TipPaths]) -> None:
    tips = np.concatenate([part for path in paths for part in (path.policy, path.teacher)])
    plane = _widest_plane(tips)
    first, second = plane
    for number, path in enumerate(paths):
        names = ("the controller", "the policy") if number == 0 else (None, None)
        axis.plot(
            path.teacher[:, first], path.teacher[:, second], color=FAINT, linewidth=3.0, alpha=0.5,
            label=names[0],
        )  # fmt: skip
        axis.plot(
            path.policy[:, first], path.policy[:, second], color=LINE, linewidth=1.2,
            label=names[1],
        )  # fmt: skip
        axis.plot(path.target[first], path.target[second], "+", color=GOOD, markersize=8)
    axis.set_title("paths of the tip (green: targets)", loc="left", fontsize=9)
    axis.legend(fontsize=8, loc="best", handlelength=1.4)
    _label(axis, plane)


def _from_zero(axis: Any) -> None:
    """Let the axis of values begin at zero, and end a little above them."""
    top = axis.dataLim.ymax
    axis.set_ylim(0.0, 1.08 * top if 0.0 < top < np.inf else 1.0)


def _label(axis: Any, plane: tuple[int, int]) -> None:
    first, second = plane
    axis.set_aspect("equal", adjustable="datalim")
    axis.set_xlabel(f"{_AXES[first]} [m]")
    axis.set_ylabel(f"{_AXES[second]} [m]")


def _widest_plane(points: Array) -> tuple[int, int]:
    """The two axes along which points [M, 3] spread most, in the order x, y, z."""
    first, second = sorted(np.argsort(-np.ptp(points, axis=0), kind="stable")[:2])
    return int(first), int(second)
