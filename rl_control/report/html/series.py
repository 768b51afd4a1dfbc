"""Curves of a report: thinned out without losing a peak, and written as the path of an SVG."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rl_control.types import Array

WIDE, HIGH = 30_000, 2_000
"""Steps of a picture's grid across and down: what is finer cannot be read off."""

_BINS = 10_000  # in which the least and the greatest value are kept
_GAP_PERIODS = 5.0
_FARTHEST = 1e300


@dataclass(frozen=True)
class Scale:
    """How values become heights.

    Attributes:
        low: value at the bottom.
        high: value at the top.
        log: whether decades are equally high; both ends are positive then.
    """

    low: float
    high: float
    log: bool = False

    def __post_init__(self) -> None:
        """Keep both ends where their difference is a number, whatever a damaged value asks for."""
        for end in ("low", "high"):
            object.__setattr__(self, end, min(max(getattr(self, end), -_FARTHEST), _FARTHEST))

    def shares(self, values: Array) -> Array:
        """Return heights, 0 at the bottom and 1 at the top; what is beyond is at the end."""
        low, high = self.low, self.high
        if self.log:
            values = np.log10(np.maximum(values, low))
            low, high = float(np.log10(low)), float(np.log10(high))
        return np.asarray(np.clip((values - low) / (high - low), 0.0, 1.0))


def thinned(times: Array, values: Array, bins: int = _BINS) -> NDArray[np.intp]:
    """Return which points show a curve: of each span of time, its least and its greatest value.

    A curve of few points is kept whole. Where values are not finite, one of them is kept, so that
    the gap stays.

    Args:
        times: [N] in [s], not decreasing.
        values: [N].
        bins: number of spans.
    """
    count = len(times)
    if count <= 2 * bins:
        return np.arange(count)
    finite = np.flatnonzero(np.isfinite(values))
    span = float(times[-1] - times[0]) or 1.0
    which = np.minimum((bins * (times[finite] - times[0]) / span).astype(np.intp), bins - 1)
    order = np.lexsort((values[finite], which))
    first = np.flatnonzero(np.diff(which[order], prepend=-1))
    last = np.append(first[1:], len(order)) - 1
    broken = ~np.isfinite(values)
    gaps = np.flatnonzero(broken & ~np.append(False, broken[:-1]))
    return np.unique(np.concatenate([finite[order[first]], finite[order[last]], gaps]))


def with_gaps(times: Array, values: Array) -> tuple[Array, Array]:
    """Break a curve where much more time passes than usual between two points.

    Args:
        times: [N] in [s], increasing.
        values: [N, ...].

    Returns:
        Times and values with a row of NaN in every such gap.
    """
    if len(times) < 3:
        return times, values
    steps = np.diff(times)
    after = np.flatnonzero(steps > _GAP_PERIODS * np.median(steps)) + 1
    middles = 0.5 * (times[after - 1] + times[after])
    return np.insert(times, after, middles), np.insert(values, after, np.nan, axis=0)


def line_path(times: Array, values: Array, span: tuple[float, float], scale: Scale) -> str:
    """Return a curve as the data of an SVG path on the grid `WIDE` by `HIGH`.

    Args:
        times: [N] in [s].
        values: [N]; the curve is broken where they are not finite.
        span: times at the left and the right end in [s].
        scale: of the values.
    """
    parts = []
    x, y, finite = _on_grid(times, values, span, scale)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], finite.astype(np.int8), [0]])))
    for begin, end in edges.reshape(-1, 2):
        steps = np.stack([np.diff(x[begin:end]), np.diff(y[begin:end])], axis=1)
        parts.append(f"M{x[begin]} {y[begin]}l{_joined(steps) or '0 0'}")
    return "".join(parts)


def dots_path(times: Array, values: Array, span: tuple[float, float], scale: Scale) -> str:
    """Return points as the data of an SVG path that a round line end makes visible."""
    x, y, finite = _on_grid(times, values, span, scale)
    return "".join(f"M{left} {top}h0" for left, top in zip(x[finite], y[finite], strict=True))


def area_path(
    times: Array, lower: Array, upper: Array, span: tuple[float, float], scale: Scale
) -> str:
    """Return what is between two curves, [N] each, as the data of an SVG path.

    The upper curve is the first half of every closed part.
    """
    parts = []
    x, top, finite = _on_grid(times, upper, span, scale)
    _, bottom, also = _on_grid(times, lower, span, scale)
    finite &= also
    edges = np.flatnonzero(np.diff(np.concatenate([[0], finite.astype(np.int8), [0]])))
    for begin, end in edges.reshape(-1, 2):
        there = np.stack([x[begin:end], top[begin:end]], axis=1)
        back = np.stack([x[begin:end], bottom[begin:end]], axis=1)[::-1]
        steps = np.diff(np.concatenate([there, back]), axis=0)
        parts.append(f"M{x[begin]} {top[begin]}l{_joined(steps)}z")
    return "".join(parts)


def _on_grid(
    times: Array, values: Array, span: tuple[float, float], scale: Scale
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
    finite = np.isfinite(values)
    heights = scale.shares(np.where(finite, values, scale.low))
    across = (np.asarray(times) - span[0]) / ((span[1] - span[0]) or 1.0)
    x = np.rint(WIDE * across).astype(np.int64)
    return x, np.rint(HIGH * (1.0 - heights)).astype(np.int64), finite


def _joined(steps: NDArray[np.int64]) -> str:
    """Numbers in a row; a minus sign parts them as well as a space."""
    return " ".join(map(str, steps.ravel().tolist())).replace(" -", "-")
