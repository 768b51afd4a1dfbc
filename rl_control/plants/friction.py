"""Coulomb friction between two instants: what speeds it leaves."""

from __future__ import annotations

import numpy as np

from rl_control.kernels.native import native
from rl_control.types import Array

_SWEEPS = 1000  # a few do for most arms
_TOLERANCE = 1e-10  # [rad/s] or [m/s]


def rubbed(speed: Array, response: Array, friction: Array) -> Array:
    """Return the speeds [n] that dry friction leaves of `speed` [n].

    Each joint's friction effort f is opposite to the speed that is left, of full size where the
    joint slides, and no larger than it takes to stop the joint where it sticks: the solution of a
    linear complementarity problem by projected Gauss-Seidel sweeps.

    Args:
        speed: at the end of the step, were there no friction.
        response: how that speed changes with the efforts, [n, n], symmetric positive definite.
        friction: greatest friction effort, [n].
    """
    left, effort = speed.copy(), np.zeros_like(speed)
    sweep(left, effort, np.ascontiguousarray(response), friction)
    return left


@native
def sweep(left: Array, effort: Array, response: Array, friction: Array) -> None:
    """Change `left` and `effort`, [n] each, until they solve the problem; see `rubbed`."""
    n = left.size
    for _ in range(_SWEEPS):
        moved = 0.0
        for i in range(n):
            wanted = effort[i] + left[i] / response[i, i]
            change = min(max(wanted, -friction[i]), friction[i]) - effort[i]
            effort[i] += change
            for j in range(n):
                left[j] -= response[j, i] * change
            moved = max(moved, abs(change) * response[i, i])
        if moved < _TOLERANCE:
            break
