"""Trials in the space where the tip moves: where they succeed, and which way the tip goes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rl_control.report.plots import BAD, FAINT, GOOD, INK, LINE
from rl_control.types import Array

Plane = tuple[int, int]
"""Axes of space, 0 to 2, that a picture shows from left to right and upwards."""

_AXES = "xyz"
_FLAT = 0.25  # of the greatest spread: points that spread less along an axis are taken for flat
_ROOM = 0.15  # of their greatest extent: left around what is drawn
_LEAST = 0.1  # [m] shown of a map along either axis
SAME = 1e-6  # [m] by which places that are the same may differ


@dataclass(frozen=True)
class TrialMap:
    """Where M trials began or were to end, and how they went.

    Attributes:
        points: what is shown of each trial, [M, 3] in [m].
        errors: distance that was left, [M] in [m].
        succeeded: [M].
    """

    points: Array
    errors: Array
    succeeded: NDArray[np.bool_]


@dataclass(frozen=True)
class TipPaths:
    """One trial by the policy, and by the controller that it learned from.

    Attributes:
        policy: tip positions, [T+1, 3] in [m].
        wanted: where the tip should be, [W, 3] in [m]; a single row if that does not move.
        teacher: tip positions under the controller, [T'+1, 3] in [m]; None if it was not asked.
    """

    policy: Array
    wanted: Array
    teacher: Array | None = None


def planes_of(points: Array) -> list[Plane]:
    """Return the planes in which points, [M, 3], are to be shown: two if they fill space."""
    spread = np.ptp(points, axis=0)
    least, middle, most = (int(axis) for axis in np.argsort(spread, kind="stable"))
    widest = (min(middle, most), max(middle, most))
    if spread[least] <= _FLAT * spread[most]:
        return [widest]
    return [widest, (min(least, most), max(least, most))]


def draw_trials(axis: Any, trials: TrialMap, known: TrialMap | None, plane: Plane) -> Any:
    """Draw a map of trials; return what a bar of colours can be made of.

    Args:
        axis: where to.
        trials: of situations never seen: dots, coloured by the error, and crosses for failures.
        known: where the policy was trained: rings, coloured by success.
        plane: shown.
    """
    x, y = trials.points[:, plane].T
    good = trials.succeeded
    # What succeeded is ordered by what was left; a failure is a cross, whatever its size.
    drawn = axis.scatter(
        x[good], y[good], c=1e3 * trials.errors[good], s=22, cmap="viridis_r", linewidths=0
    )
    axis.scatter(x[~good], y[~good], s=30, color=BAD, marker="x", linewidths=1.4)
    if known is not None:
        colors = [GOOD if good else BAD for good in known.succeeded]
        axis.scatter(
            *known.points[:, plane].T, s=90, facecolors="none", edgecolors=colors, linewidths=1.6
        )
    shown = trials.points if known is None else np.concatenate([trials.points, known.points])
    _limit(axis, shown[:, plane], _LEAST)
    label_axes(axis, plane)
    return drawn


def path_points(paths: Sequence[TipPaths]) -> Array:
    """Return what is to be in the picture of paths, [N, 3].

    A policy that runs away from where the controller goes shall not hide how the others do.
    """
    tame = [path.policy if path.teacher is None else path.teacher for path in paths]
    return np.concatenate([*tame, *(path.wanted for path in paths)])


def draw_paths(axis: Any, paths: Sequence[TipPaths], plane: Plane) -> None:
    """Draw ways of the tip in a plane."""
    columns = list(plane)
    for path in paths:
        if path.teacher is not None:
            axis.plot(*path.teacher[:, columns].T, color=FAINT, linewidth=3.0, alpha=0.5)
        axis.plot(*path.policy[:, columns].T, color=LINE, linewidth=1.2)
        axis.plot(*path.policy[0, columns], "o", color=INK, markersize=3.0)
        mark = {"marker": "+", "markersize": 8} if len(path.wanted) == 1 else {"linewidth": 1.0}
        axis.plot(*path.wanted[:, columns].T, color=GOOD, **mark)
    shown = path_points(paths)[:, columns]
    _limit(axis, shown, 0.0)
    label_axes(axis, plane)


def label_axes(axis: Any, plane: Plane) -> None:
    """Name the axes of a plane, and draw both to one scale."""
    first, second = plane
    axis.set_aspect("equal")
    axis.set_anchor("N")
    axis.set_xlabel(f"{_AXES[first]} [m]")
    axis.set_ylabel(f"{_AXES[second]} [m]")


def _limit(axis: Any, shown: Array, least: float) -> None:
    """Show points, [N, 2], with room around them, and at least so much along either axis."""
    low, high = shown.min(axis=0), shown.max(axis=0)
    room = _ROOM * max(float((high - low).max()), 1e-3)
    half = np.maximum(0.5 * (high - low) + room, 0.5 * least)
    (left, bottom), (right, top) = 0.5 * (low + high) - half, 0.5 * (low + high) + half
    axis.set_xlim(left, right)
    axis.set_ylim(bottom, top)
