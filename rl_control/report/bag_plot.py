"""The picture of a bag: tip error, joints against their limits, speeds, commands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from rl_control.report.plots import (
    BAD,
    FAINT,
    FIRST,
    LAST,
    LINE,
    STYLE,
    TargetMark,
    matplotlib_parts,
    share_of_range,
    short_name,
    tip_error,
)
from rl_control.types import Array, JointLimits

_MOST_POINTS = 4000  # of one curve: more than the picture has columns
_MOST_NAMES = 12  # in the legend
_LEAST_ERROR = 1e-3  # [mm], below which nobody measures
_LOGARITHMIC = 30.0  # times the least error that the greatest must be to need such an axis
_GAP, _LEAST_GAP = 10.0, 0.05  # usual steps, and [s], without a message that are no curve
_LIMIT_DASH = (0, (4, 3))


@dataclass(frozen=True)
class BagPicture:
    """What the picture of a bag is drawn from; times are in [s] after the bag's start.

    Attributes:
        title: headline.
        names: joints, [n].
        times: of the joint states, [S].
        positions: [S, n] in [rad] or [m].
        velocities: [S, n] in [rad/s] or [m/s]; NaN where the bag has none.
        command_times: [C].
        commands: [C, n].
        limits: of the joints; None where the robot is not known.
        targets: goals in the order they were sent.
        tips: tip positions, [S, 3] in [m]; None where they are not known.
    """

    title: str
    names: tuple[str, ...]
    times: Array
    positions: Array
    velocities: Array
    command_times: Array
    commands: Array
    limits: JointLimits | None = None
    targets: tuple[TargetMark, ...] = ()
    tips: Array | None = None


def plot_bag(bag: BagPicture, path: str | Path) -> Path:
    """Draw a bag as a PNG at `path` and return it; what it does not hold has no panel.

    Raises:
        MissingDependencyError: if matplotlib is not installed.
    """
    figure_class, style, joint_colors = matplotlib_parts("the plot of a bag")
    colors = joint_colors(np.linspace(FIRST, LAST, len(bag.names)))
    panels = [_draw_positions]
    if np.isfinite(bag.velocities).any():
        panels.append(_draw_velocities)
    if np.isfinite(bag.commands).any():
        panels.append(_draw_commands)
    if np.isfinite(_error(bag)).any():
        panels.insert(0, _draw_error)
    with style.context(STYLE):
        figure = figure_class(figsize=(10.0, 1.2 + 2.1 * len(panels)), layout="constrained")
        figure.suptitle(bag.title, x=0.01, ha="left", fontsize=13, fontweight="bold")
        axes = figure.subplots(len(panels), 1, sharex=True, squeeze=False)[:, 0]
        for draw, axis in zip(panels, axes, strict=True):
            draw(axis, bag, colors)
        _add_legend(axes[panels.index(_draw_positions)], bag)
        _finish(axes, bag)
        figure.savefig(path, dpi=130)
    return Path(path)


def thinned(times: Array, values: Array, most: int = _MOST_POINTS) -> tuple[Array, Array]:
    """Return a curve of at most `most` points that shows every peak.

    Of every stretch of equal length the least and the greatest value stay.

    Args:
        times: [T], increasing.
        values: [T].
        most: number of points.
    """
    if len(times) <= most:
        return times, values
    edges = np.linspace(0, len(times), most // 2 + 1).astype(int)
    kept: list[int] = []
    for begin, end in pairwise(edges.tolist()):
        part = values[begin:end]
        if np.isfinite(part).any():
            kept += sorted({begin + int(np.nanargmin(part)), begin + int(np.nanargmax(part))})
        else:
            kept.append(begin)
    return times[kept], values[kept]


def _error(bag: BagPicture) -> Array:
    """The tip's distance from the goal in force, [S] in [m]; NaN where it is not known."""
    if bag.tips is None:
        return np.full(len(bag.times), np.nan)
    return tip_error(bag.times, bag.tips, bag.targets)


def _draw_error(axis: Any, bag: BagPicture, colors: Any) -> None:
    error = np.maximum(1e3 * _error(bag), _LEAST_ERROR)
    for target in bag.targets[1:]:
        error[np.searchsorted(bag.times, target.start) :][:1] = np.nan  # a jump is no motion
    _curves(axis, bag.times, error[:, None], [LINE])
    axis.set_ylabel("tip error [mm]")
    if np.nanmax(error) > _LOGARITHMIC * float(np.nanmin(error)):
        axis.set_yscale("log")
        axis.yaxis.set_major_formatter("{x:g}")
        axis.minorticks_off()
    else:
        axis.set_ylim(0.0, 1.1 * float(np.nanmax(error)) + 1e-3)


def _draw_positions(axis: Any, bag: BagPicture, colors: Any) -> None:
    if bag.limits is None:
        _curves(axis, bag.times, bag.positions, colors, bag.names)
        axis.set_ylabel("position\n[rad or m]")
        return
    _curves(axis, bag.times, share_of_range(bag.positions, bag.limits), colors, bag.names)
    _limits(axis, 1.0)
    axis.set_ylim(-1.15, 1.15)
    axis.set_yticks([-1, 0, 1], ["lower", "middle", "upper"])
    axis.set_ylabel("joint position\nin its range")


def _draw_velocities(axis: Any, bag: BagPicture, colors: Any) -> None:
    limits = None if bag.limits is None else bag.limits.velocity
    _shares(axis, bag.times, bag.velocities, limits, colors, "velocity", "[rad/s or m/s]")


def _draw_commands(axis: Any, bag: BagPicture, colors: Any) -> None:
    limits = None if bag.limits is None else bag.limits.effort
    _shares(axis, bag.command_times, bag.commands, limits, colors, "command", "[N m or N]")


def _shares(
    axis: Any,
    times: Array,
    values: Array,
    limits: Array | None,
    colors: Any,
    what: str,
    unit: str,
) -> None:
    if limits is None or not np.isfinite(limits).all() or not limits.all():
        _curves(axis, times, values, colors)
        axis.set_ylabel(f"{what}\n{unit}")
        return
    shares = 100.0 * values / limits
    _curves(axis, times, shares, colors)
    # Where all stays far below, the limits would press the curves flat.
    if np.nanmax(np.abs(shares)) > 50.0:
        _limits(axis, 100.0)
    axis.set_ylabel(f"{what}\n[% of limit]")


def _curves(
    axis: Any, times: Array, values: Array, colors: Any, names: Sequence[str] | None = None
) -> None:
    for j, column in enumerate(values.T):
        label = None if names is None else names[j]
        axis.plot(*_parted(*thinned(times, column)), color=colors[j], linewidth=1.2, label=label)


def _parted(times: Array, values: Array) -> tuple[Array, Array]:
    """Return a curve that is broken where nothing was told for much longer than usual."""
    steps = np.diff(times)
    if not len(steps):
        return times, values
    gaps = np.flatnonzero(steps > max(_GAP * float(np.median(steps)), _LEAST_GAP)) + 1
    return np.insert(times, gaps, times[gaps]), np.insert(values, gaps, np.nan)


def _limits(axis: Any, bound: float) -> None:
    for side in (-bound, bound):
        axis.axhline(side, color=BAD, linewidth=1.0, linestyle=_LIMIT_DASH)


def _add_legend(axis: Any, bag: BagPicture) -> None:
    handles, labels = axis.get_legend_handles_labels()
    texts = [short_name(label, labels) for label in labels]
    if len(texts) > _MOST_NAMES:
        handles, texts = handles[:_MOST_NAMES], [*texts[: _MOST_NAMES - 1], "and more"]
    axis.legend(
        handles, texts, ncols=1, fontsize=8, loc="upper left", bbox_to_anchor=(1.0, 1.05),
        handlelength=1.2,
    )  # fmt: skip


def _finish(axes: Sequence[Any], bag: BagPicture) -> None:
    for number, target in enumerate(bag.targets):
        for axis in axes:
            axis.axvline(target.start, color=FAINT, linewidth=0.8)
        axes[0].text(
            target.start, 1.03, f" goal {number + 1}", color=FAINT, fontsize=8,
            transform=axes[0].get_xaxis_transform(),
        )  # fmt: skip
    last = max([float(bag.times[-1]), *bag.command_times[-1:].tolist()])
    axes[-1].set_xlim(0.0, last or 1.0)
    axes[-1].set_xlabel("time [s] after the bag's first message")
