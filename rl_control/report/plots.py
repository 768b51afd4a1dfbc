"""The picture of a run: tip error, joints against their limits, torque, solve time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rl_control.errors import MissingDependencyError
from rl_control.types import Array, JointLimits, Trajectory

INK = "#24292f"
FAINT = "#8b949e"
GOOD = "#2da44e"
BAD = "#cf222e"
LINE = "#0969da"
AMBER = "#bf8700"
# One hue ordered from the base to the tip, so that a joint's place in the chain can be seen.
FIRST, LAST = 0.05, 0.85

STYLE = {
    "figure.facecolor": "white",
    "axes.edgecolor": "#d0d7de",
    "axes.labelcolor": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#eaeef2",
    "grid.linewidth": 0.8,
    "font.size": 9.0,
    "text.color": INK,
    "xtick.color": FAINT,
    "ytick.color": FAINT,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
}


@dataclass(frozen=True)
class TargetMark:
    """A target that was asked for during a run.

    Attributes:
        start: when it was sent in [s], on the run's clock.
        position: wanted tip position, [3] in [m].
        settled: when the arm had settled there in [s]; None if it never did.
        along: wanted tip position at each time of the run, [T+1, 3] in [m], of a target that moves.
    """

    start: float
    position: Array
    settled: float | None = None
    along: Array | None = None


@dataclass(frozen=True)
class RunRecord:
    """What the picture of a run is drawn from.

    Attributes:
        title: headline of the picture.
        trajectory: the run, with tip positions.
        limits: of the joints.
        targets: in the order they were sent.
        solve_times: when a solve was reported in [s], [S].
        solve_ms: how long it took in [ms], [S].
        tolerance: distance within which a target counts as reached in [m].
    """

    title: str
    trajectory: Trajectory
    limits: JointLimits
    targets: tuple[TargetMark, ...]
    solve_times: Array
    solve_ms: Array
    tolerance: float = 0.005


def tip_error(times: Array, tips: Array, targets: Sequence[TargetMark]) -> Array:
    """Return the distance to the target in force, [T+1] in [m]; NaN before the first one.

    Args:
        times: [T+1] in [s].
        tips: tip positions, [T+1, 3] in [m].
        targets: in the order they were sent.
    """
    error = np.full(len(times), np.nan)
    for target in targets:
        active = times >= target.start
        wanted = target.position if target.along is None else target.along[active]
        error[active] = np.linalg.norm(tips[active] - wanted, axis=1)
    return error


def share_of_range(positions: Array, limits: JointLimits) -> Array:
    """Return positions [T, n] as -1 at the lower and +1 at the upper limit.

    A joint without limits is shown in half turns about zero.
    """
    bounded = np.isfinite(limits.lower) & np.isfinite(limits.upper)
    lower = np.where(bounded, limits.lower, -np.pi)
    upper = np.where(bounded, limits.upper, np.pi)
    return np.asarray((2.0 * positions - lower - upper) / (upper - lower))


def plot_run(run: RunRecord, path: str | Path, frames: Sequence[Any] = ()) -> Path:
    """Draw `run` as a PNG at `path` and return it.

    Args:
        run: what to draw.
        path: of the picture.
        frames: camera pictures, [H, W, 3] uint8, shown in a strip above the curves.

    Raises:
        MissingDependencyError: if matplotlib is not installed.
    """
    figure_class, style, joint_colors = matplotlib_parts("the plot of a run")
    names = run.trajectory.names
    colors = joint_colors(np.linspace(FIRST, LAST, len(names)))
    with style.context(STYLE):
        figure = figure_class(figsize=(10.0, 9.0 if len(frames) else 7.4), layout="constrained")
        tall = [1.25] if len(frames) else []
        heights = [*tall, 1.1, 1.0, 1.0, 0.8]
        grid = figure.add_gridspec(len(heights), 1, height_ratios=heights)
        figure.suptitle(run.title, x=0.01, ha="left", fontsize=13, fontweight="bold")
        if len(frames):
            _film_strip(figure, grid[0], frames)
        axes = [figure.add_subplot(grid[len(tall)])]
        axes += [figure.add_subplot(grid[len(tall) + k], sharex=axes[0]) for k in (1, 2, 3)]
        _draw_error(axes[0], run)
        _draw_positions(axes[1], run, colors)
        _draw_efforts(axes[2], run, colors)
        _draw_solves(axes[3], run)
        _finish(axes, run)
        figure.savefig(path, dpi=130)
    return Path(path)


def matplotlib_parts(what: str) -> tuple[Any, Any, Any]:
    """Return matplotlib's Figure, its styles, and the colours of joints from base to tip.

    Args:
        what: is to be drawn, for the error's sake.

    Raises:
        MissingDependencyError: if matplotlib is not installed.
    """
    try:
        from matplotlib import colormaps, style
        from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: F401  no display needed
        from matplotlib.figure import Figure
    except ImportError as error:
        raise MissingDependencyError("matplotlib", what, "viz") from error
    return Figure, style, colormaps["viridis"]


def _film_strip(figure: Any, cell: Any, frames: Sequence[Any]) -> None:
    strip = cell.subgridspec(1, len(frames), wspace=0.0)
    for k, frame in enumerate(frames):
        axis = figure.add_subplot(strip[k])
        axis.imshow(frame)
        axis.set_axis_off()


def _draw_error(axis: Any, run: RunRecord) -> None:
    times, tips = run.trajectory.times, run.trajectory.tips
    if tips is None:
        return
    error = 1e3 * tip_error(times, tips, run.targets)
    axis.semilogy(times, np.maximum(error, 1e-3), color=LINE, linewidth=1.6)
    axis.axhline(1e3 * run.tolerance, color=GOOD, linewidth=1.0, linestyle=(0, (4, 3)))
    axis.text(
        1.006, 1e3 * run.tolerance, f"{1e3 * run.tolerance:g} mm", color=GOOD, va="center",
        transform=axis.get_yaxis_transform(),
    )  # fmt: skip
    axis.set_ylabel("tip error [mm]")
    axis.yaxis.set_major_formatter("{x:g}")
    axis.minorticks_off()


def _draw_positions(axis: Any, run: RunRecord, colors: Any) -> None:
    shares = share_of_range(run.trajectory.positions, run.limits)
    for j, name in enumerate(run.trajectory.names):
        axis.plot(run.trajectory.times, shares[:, j], color=colors[j], linewidth=1.3, label=name)
    for bound in (-1.0, 1.0):
        _limit_line(axis, bound)
    axis.set_ylim(-1.15, 1.15)
    axis.set_yticks([-1, 0, 1], ["lower", "middle", "upper"])
    axis.set_ylabel("joint position\nin its range")
    handles, labels = axis.get_legend_handles_labels()
    axis.legend(
        handles, [short_name(label, labels) for label in labels], ncols=1, fontsize=8,
        loc="upper left", bbox_to_anchor=(1.0, 1.05), handlelength=1.2,
    )  # fmt: skip


def _draw_efforts(axis: Any, run: RunRecord, colors: Any) -> None:
    controls = run.trajectory.controls
    shares = 100.0 * controls / run.limits.effort
    times = run.trajectory.times[: len(controls)]
    for j in range(controls.shape[1]):
        axis.plot(times, shares[:, j], color=colors[j], linewidth=1.1)
    for bound in (-100.0, 100.0):
        _limit_line(axis, bound)
    axis.set_ylim(-115, 115)
    axis.set_ylabel("torque\n[% of limit]")


def _draw_solves(axis: Any, run: RunRecord) -> None:
    axis.set_ylabel("solve [ms]")
    if not len(run.solve_ms):
        return
    size = 2.0 if len(run.solve_ms) > 500 else 4.0
    axis.plot(run.solve_times, run.solve_ms, ".", color=FAINT, markersize=size, alpha=0.6)
    for share, color in ((50, LINE), (99, BAD)):
        value = float(np.percentile(run.solve_ms, share))
        axis.axhline(value, color=color, linewidth=1.0)
        axis.text(
            1.006, value, f"p{share} {value:.2f}", color=color, va="center", fontsize=8,
            transform=axis.get_yaxis_transform(),
        )  # fmt: skip
    # A rare hiccup of the machine shall not flatten the rest of the picture.
    axis.set_ylim(0.0, 1.6 * float(np.percentile(run.solve_ms, 99)) + 1e-9)


def _finish(axes: Sequence[Any], run: RunRecord) -> None:
    times = run.trajectory.times
    for axis in axes:
        for number, target in enumerate(run.targets):
            axis.axvline(target.start, color=FAINT, linewidth=0.8)
            if target.settled is not None:
                axis.axvspan(target.settled, _end(run, number), color=GOOD, alpha=0.07, linewidth=0)
    for number, target in enumerate(run.targets):
        axes[0].text(
            target.start, 1.03, f" target {number + 1}", color=FAINT, fontsize=8,
            transform=axes[0].get_xaxis_transform(),
        )  # fmt: skip
    for axis in axes[:-1]:
        axis.tick_params(labelbottom=False)
    axes[-1].set_xlim(float(times[0]), float(times[-1]))
    axes[-1].set_xlabel("time [s]   (shaded: settled within the tolerance)")


def _end(run: RunRecord, number: int) -> float:
    later = run.targets[number + 1 :]
    return later[0].start if later else float(run.trajectory.times[-1])


def _limit_line(axis: Any, bound: float) -> None:
    axis.axhline(bound, color=BAD, linewidth=1.0, linestyle=(0, (4, 3)))


def short_name(label: str, labels: Sequence[str]) -> str:
    """Return `label` without the words every joint name begins with."""
    common = 0
    if len(labels) > 1:
        while len({name[: common + 1] for name in labels}) == 1 and common < len(label):
            common += 1
    head = label[:common]
    # Keep the last whole word of the shared head: "joint_1" says more than "1".
    words = head.rstrip("_").rsplit("_", 1)
    return (words[-1] + label[len(head.rstrip("_")) :]) if len(words) > 1 else label
