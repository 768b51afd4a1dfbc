"""First controllers that are best by the arm's equations, for the task's own cost.

Where controls stand for accelerations, these equations are double integrators; what is left of
nonlinear is the cost, whose expansion is made again around every plan. A price of leaving the last
plan keeps each step within what the expansion holds for.

Source: iterative LQR, Li & Todorov (2004), with the price adapted as by Marquardt (1963).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from rl_control.gps.expansion import QuadraticCost
from rl_control.gps.kl import best_controller, forward
from rl_control.models.linear_gaussian import TimeVaryingLinearGaussian
from rl_control.policy.linear_gaussian import LinearGaussianController
from rl_control.types import Array

Expand = Callable[[Array, Array], tuple[QuadraticCost, float]]
"""A cost around states [T+1, nx] and controls [T, nu], and what they cost."""

_ROUNDS = 40
_FIRST_PRICE, _LEAST_PRICE, _MOST_PRICE = 1e-2, 1e-9, 1e6
_FACTOR = 10.0
_CONVERGED = 1e-4  # share of the cost
_CERTAIN = 1e-8  # variances of states: the plan is of one motion


def planned_controller(
    start: LinearGaussianController, first: Array, transition: Array, unit: Array, expand: Expand
) -> LinearGaussianController:
    """Return the controller that is best from a state on, with the noise of another.

    Args:
        start: where the search begins.
        first: state to start from, [nx].
        transition: F of x' = F [x; u], the same at every step, [nx, nx + nu].
        unit: of the controls, [nu]: how far they may leave a plan at a price of one.
        expand: see there.
    """
    steps, nx = start.steps, len(first)
    dynamics = TimeVaryingLinearGaussian(
        start.names,
        start.dt,
        np.tile(transition, (steps, 1, 1)),
        np.zeros((steps, nx)),
        np.tile(_CERTAIN * np.eye(nx), (steps, 1, 1)),
        first,
        _CERTAIN * np.eye(nx),
    )
    wide = np.tile(np.diag(unit**2), (steps, 1, 1))
    best = replace(start, covariance=wide)
    cost, least = expand(*_mean(best, dynamics))
    price = _FIRST_PRICE
    for _ in range(_ROUNDS):
        found = best_controller(cost, dynamics, best, price).controller
        if found is not None:
            tried = replace(found, covariance=wide)
            around, value = expand(*_mean(tried, dynamics))
            if value < least:
                gain, best, cost, least = least - value, tried, around, value
                price = max(price / _FACTOR, _LEAST_PRICE)
                if gain < _CONVERGED * least:
                    break
                continue
        price *= _FACTOR
        if price > _MOST_PRICE:
            break
    return replace(best, covariance=start.covariance)


def _mean(
    controller: LinearGaussianController, dynamics: TimeVaryingLinearGaussian
) -> tuple[Array, Array]:
    """The states and controls that a controller is expected to lead through."""
    motion, nx = forward(controller, dynamics), dynamics.nx
    return np.vstack([motion.mean[:, :nx], motion.last_mean]), motion.mean[:, nx:]
