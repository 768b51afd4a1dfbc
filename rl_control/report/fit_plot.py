"""The picture of a fitted model: how far and how surely it foretells motion it has not seen."""

from __future__ import annotations

import math
from collections.abc import Mapping
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

MODEL, DESCRIBED, COASTING = "the model", "the arm as described", "constant velocity"
"""What is compared, by the names that a picture and a table give it."""

_COLORS = {MODEL: LINE, DESCRIBED: AMBER, COASTING: FAINT}
_ACROSS = 4  # joints side by side
_TOP = 3.4  # inches of the upper row


@dataclass(frozen=True)
class Foreseen:
    """W stretches of one rollout: what a model foretold from each one's first state, what came.

    Attributes:
        title: which rollout it is.
        times: of the states in [s], [W, T+1].
        measured: joint positions, [W, T+1, n] in [rad] or [m].
        predicted: the same by the model, [W, T+1, n].
    """

    title: str
    times: Array
    measured: Array
    predicted: Array


@dataclass(frozen=True)
class FitRecord:
    """What the picture of a fit is drawn from.

    Attributes:
        title: headline of the picture.
        names: joint names, [n].
        unit: of the positions.
        seconds: how far ahead, [H].
        errors: of the positions then, by what foretold them (`MODEL`, ...), [H, n].
        shares: that intervals promise to hold, [S].
        held: that they hold of each state (q, v), [S, 2n].
        epochs: of the training of K networks, [E]; empty without.
        learning: error of each network on samples held out, [E, K]; NaN once it rests.
        worst: the rollout that the model foretells worst; None if it foretells none.
    """

    title: str
    names: tuple[str, ...]
    unit: str
    seconds: Array
    errors: Mapping[str, Array]
    shares: Array
    held: Array
    epochs: Array
    learning: Array
    worst: Foreseen | None = None


def plot_fit(fit: FitRecord, path: str | Path) -> Path:
    """Draw `fit` as a PNG at `path` and return it.

    Raises:
        MissingDependencyError: if matplotlib is not installed.
    """
    figure_class, style, joint_colors = matplotlib_parts("the picture of a fit")
    colors = joint_colors(np.linspace(FIRST, LAST, len(fit.names)))
    rows = math.ceil(len(fit.names) / _ACROSS) if fit.worst else 0
    lower = [0.35 + 1.55 * rows] if fit.worst else []
    with style.context(STYLE):
        figure = figure_class(figsize=(10.0, _TOP + 0.4 + sum(lower)), layout="constrained")
        figure.suptitle(fit.title, x=0.01, ha="left", fontsize=13, fontweight="bold")
        parts = figure.subfigures(1 + len(lower), 1, height_ratios=[_TOP, *lower], squeeze=False)
        widths = [1.25, 1.0, 1.0] if len(fit.epochs) else [1.6, 1.0]
        axes = parts[0, 0].subplots(1, len(widths), width_ratios=widths)
        _draw_errors(axes[0], fit)
        _draw_coverage(axes[1], fit, colors)
        if len(fit.epochs):
            _draw_learning(axes[2], fit)
        if fit.worst:
            _draw_worst(parts[1, 0], fit, fit.worst, colors)
        figure.savefig(path, dpi=130)
    return Path(path)


def _draw_errors(axis: Any, fit: FitRecord) -> None:
    for name, errors in fit.errors.items():
        color = _COLORS[name]
        axis.loglog(fit.seconds, errors, color=color, linewidth=0.8, alpha=0.45)
        mean = np.sqrt((errors**2).mean(axis=1))
        axis.loglog(
            fit.seconds, mean, color=color, linewidth=2.4, marker="o", markersize=4, label=name
        )
    axis.set_title("error of joint positions", loc="left", fontsize=9)
    axis.set_xlabel("time ahead [s]   (thin: each joint)")
    axis.set_ylabel(f"root mean square [{fit.unit}]")
    axis.set_xticks(fit.seconds, [f"{time:.2g}" for time in fit.seconds])
    axis.minorticks_off()
    axis.legend(loc="upper left", fontsize=8, handlelength=1.4)


def _draw_coverage(axis: Any, fit: FitRecord, colors: Any) -> None:
    n = len(fit.names)
    axis.plot([0, 1], [0, 1], color=FAINT, linewidth=1.0, linestyle=(0, (4, 3)))
    for j in range(n):
        for column, dash in ((j, "-"), (n + j, (0, (2, 1.5)))):
            axis.plot(
                fit.shares, fit.held[:, column], color=colors[j], linewidth=1.3, linestyle=dash
            )
    axis.text(0.97, 0.03, "too sure", color=BAD, ha="right", va="bottom", fontsize=8)
    axis.text(0.03, 0.8, "too unsure", color=FAINT, ha="left", va="top", fontsize=8)
    axis.set_title("does it know its errors?", loc="left", fontsize=9)
    axis.set_xlabel("share an interval promises\n(full: position, dotted: velocity)")
    axis.set_ylabel("share it holds")
    axis.set_xlim(0, 1)
    axis.set_ylim(0, 1)
    axis.set_xticks([0, 0.5, 0.9, 1], ["0", "50 %", "90 %", ""])
    axis.set_yticks([0, 0.5, 0.9, 1], ["0", "50 %", "90 %", ""])


def _draw_learning(axis: Any, fit: FitRecord) -> None:
    axis.plot(fit.epochs, fit.learning, color=LINE, linewidth=1.0, alpha=0.6)
    for k in range(fit.learning.shape[1]):
        best = int(np.nanargmin(fit.learning[:, k]))
        axis.plot(fit.epochs[best], fit.learning[best, k], "o", color=GOOD, markersize=4)
    axis.set_title("learning of each network", loc="left", fontsize=9)
    axis.set_xlabel("epoch   (dot: what is kept)")
    axis.set_ylabel("error, as a share of the signal")


def _draw_worst(figure: Any, fit: FitRecord, worst: Foreseen, colors: Any) -> None:
    n = len(fit.names)
    across = min(n, _ACROSS)
    figure.suptitle(worst.title, x=0.01, ha="left", fontsize=9)
    panels = figure.subplots(math.ceil(n / across), across, sharex=True, squeeze=False).ravel()
    for j, (axis, name) in enumerate(zip(panels, fit.names, strict=False)):
        for times, measured, predicted in zip(
            worst.times, worst.measured, worst.predicted, strict=True
        ):
            (came,) = axis.plot(times, measured[:, j], color=INK, linewidth=1.4)
            (told,) = axis.plot(
                times, predicted[:, j], color=LINE, linewidth=1.4, linestyle=(0, (3, 1.5))
            )
            axis.plot(times[0], predicted[0, j], "o", color=LINE, markersize=3)
        # A prediction that runs away shall not flatten what was measured.
        low, high = worst.measured[..., j].min(), worst.measured[..., j].max()
        axis.set_ylim(low - 0.3 * (high - low) - 1e-3, high + 0.3 * (high - low) + 1e-3)
        axis.set_title(name, loc="left", fontsize=8, color=colors[j])
        if j % across == 0:
            axis.set_ylabel(f"position [{fit.unit}]")
        if j + across >= n:
            axis.tick_params(labelbottom=True)
    for axis in panels[n:]:
        axis.set_axis_off()
    figure.supxlabel("time [s]", fontsize=9)
    figure.legend(
        [came, told], ["measured", "foretold from each dot"], loc="upper right", ncols=2,
        fontsize=8, borderaxespad=0.2,
    )  # fmt: skip
