"""The picture of two series of commands on the same states, joint by joint."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from rl_control.report.plots import BAD, FAINT, INK, LINE, STYLE, matplotlib_parts
from rl_control.types import Array

_WIDTH, _ROW = 9.0, 1.5  # [inch]


def plot_counterfactual(
    path: Path,
    names: Sequence[str],
    times: Array,
    recorded: Array,
    own: Array,
    limits: Array,
    units: Sequence[str],
    title: str,
) -> None:
    """Write a picture of recorded and counterfactual commands, and of their difference.

    Args:
        path: of the PNG.
        names: joints, [n].
        times: [T] in [s].
        recorded: [T, n]; NaN where nothing was recorded.
        own: [T, n].
        limits: greatest efforts, [n].
        units: of each joint's effort, [n].
        title: of the picture.

    Raises:
        MissingDependencyError: if matplotlib is not installed.
    """
    figure_class, style, _ = matplotlib_parts("a picture of commands")
    with style.context(STYLE):
        size = (_WIDTH, 0.8 + _ROW * len(names))
        figure = figure_class(figsize=size, layout="constrained")
        axes = figure.subplots(len(names), 2, sharex=True, squeeze=False, width_ratios=(3, 2))
        for i, name in enumerate(names):
            left, right = axes[i]
            _draw_commands(left, times, recorded[:, i], own[:, i], float(limits[i]))
            left.set_ylabel(f"{name}\n[{units[i]}]")
            right.plot(times, own[:, i] - recorded[:, i], color=BAD, linewidth=0.9)
            right.axhline(0.0, color=FAINT, linewidth=0.6)
        axes[0, 0].set_title("command", loc="left", color=INK)
        axes[0, 1].set_title("difference: counterfactual - recorded", loc="left", color=INK)
        axes[0, 0].legend(loc="upper right", ncols=2, fontsize=8.0)
        for axis in axes[-1]:
            axis.set_xlabel("time [s]")
        figure.suptitle(title, x=0.01, ha="left", fontsize=10.0, fontweight="bold")
        figure.savefig(path, dpi=110)


def _draw_commands(axis: Any, times: Array, recorded: Array, own: Array, limit: float) -> None:
    axis.plot(times, recorded, color=INK, linewidth=1.4, label="recorded")
    axis.plot(times, own, color=LINE, linewidth=0.9, label="counterfactual")
    span = max(np.nanmax(np.abs(recorded)), np.nanmax(np.abs(own)))
    if span > 0.7 * limit:
        for side in (-limit, limit):
            axis.axhline(side, color=BAD, linewidth=0.7, linestyle="--")
