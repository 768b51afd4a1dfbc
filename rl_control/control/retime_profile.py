"""The quickest way along a path under bounds on speed, acceleration and effort.

A path q(s) is gone along with s(t). With x = s'(t)^2 and u = s''(t), joint speeds are bounds on x,
and efforts are linear in (u, x) at each s:

    maximise x(s)   subject to   A(s) u + B(s) x <= C(s),   0 <= x(s) <= cap(s),   dx/ds = 2 u.

On a grid of s, a sweep from the end finds the greatest x from which the end can still be reached;
a sweep from the start then accelerates as much as that allows.

Source: Pham and Pham, "A new approach to time-optimal path parameterization based on reachability
analysis" (2018), alg. 1; constraints also held at the next grid point, as in sec. VI-A there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rl_control.types import Array

_PARALLEL = 1e-12  # least coefficient of u that counts


@dataclass(frozen=True)
class PathBounds:
    """A(s) u + B(s) x <= C(s) and x <= cap(s) on a grid of N + 1 points.

    (u, x) = (0, 0) must be allowed everywhere: an arm that stands still keeps all bounds.

    Attributes:
        steps: distances of the grid points of s, [N].
        slope: A, [N+1, m].
        curve: B, [N+1, m].
        room: C, [N+1, m], zero or more.
        cap: greatest x, [N+1], zero or more.
    """

    steps: Array
    slope: Array
    curve: Array
    room: Array
    cap: Array


def quickest(bounds: PathBounds) -> Array:
    """Return the greatest x at every grid point, [N+1], that can be gone through in a row.

    Speeds at the ends are free within the cap; a cap of zero there makes them rests.
    """
    reachable = bounds.cap.copy()
    last = len(reachable) - 1
    for i in range(last - 1, -1, -1):
        rows = _stage(bounds, i, reachable[i + 1])
        reachable[i] = min(reachable[i], _greatest(*rows))
    x: Array = reachable.copy()
    for i in range(last):
        slope, curve, room = _stage(bounds, i, reachable[i + 1])
        pushes = slope > _PARALLEL
        u = ((room[pushes] - curve[pushes] * x[i]) / slope[pushes]).min()
        x[i + 1] = min(max(x[i] + 2.0 * bounds.steps[i] * u, 0.0), reachable[i + 1])
    return x


def softened(x: Array, width: int) -> Array:
    """Return a profile never above `x` [N+1] whose slope changes over `width` grid points.

    What is constant over as many points stays as it is.
    """
    if width < 2:
        return x
    half = width // 2
    size = 2 * half + 1
    padded = np.pad(x, 2 * half, mode="edge")
    lowest = np.lib.stride_tricks.sliding_window_view(padded, size).min(axis=1)
    windows = np.lib.stride_tricks.sliding_window_view(lowest, size)
    mean: Array = windows.mean(axis=1)
    below: Array = np.minimum(mean, x)
    return below  # a mean of equal numbers may be a rounding error above them


def _stage(bounds: PathBounds, i: int, end: float) -> tuple[Array, Array, Array]:
    """All bounds on (u, x) from grid point i to i + 1, where x is at most `end`, [2m+2] each."""
    double = 2.0 * bounds.steps[i]
    after = bounds.curve[i + 1]
    slope = np.concatenate(
        [bounds.slope[i], bounds.slope[i + 1] + double * after, [double, -double]]
    )
    curve = np.concatenate([bounds.curve[i], after, [1.0, -1.0]])
    room = np.concatenate([bounds.room[i], bounds.room[i + 1], [end, 0.0]])
    return slope, curve, room


def _greatest(slope: Array, curve: Array, room: Array) -> float:
    """The greatest x >= 0 for which a u exists; x = 0 with u = 0 is allowed.

    u is eliminated: each bound from above is paired with each from below (Fourier and Motzkin).
    """
    above, below = slope > _PARALLEL, slope < -_PARALLEL
    level = ~(above | below)
    high, low = room[above] / slope[above], room[below] / slope[below]
    tilt = (curve[above] / slope[above])[:, None] - (curve[below] / slope[below])[None]
    gap = high[:, None] - low[None]
    greatest = np.inf
    if (tilt > 0.0).any():
        greatest = float((gap[tilt > 0.0] / tilt[tilt > 0.0]).min())
    straight = level & (curve > 0.0)
    if straight.any():
        greatest = min(greatest, float((room[straight] / curve[straight]).min()))
    return max(greatest, 0.0)
