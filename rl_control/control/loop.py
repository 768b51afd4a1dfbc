"""The iLQR iteration, from the first expansion to the last accepted step.

Compiled by numba, so that a solve makes no Python call and holds no interpreter lock.

Sources: Tassa, Erez and Todorov, "Synthesis and stabilization of complex behaviors through online
trajectory optimization" (2012), sec. II; gaps as in Mastalli et al., "Crocoddyl" (2020), sec. II-C.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rl_control.control.backward import _start_from_terminal, _step_back
from rl_control.control.work import (
    CLOCK,
    EXPAND,
    NEXT,
    ROLLOUT,
    TERMINAL,
    VALUE,
    Work,
)
from rl_control.kernels.native import call_kernel, native

CONVERGED, ITERATION_LIMIT, TIME_LIMIT, DIVERGED = range(4)
_GAP_TOLERANCE = 1e-9
_GAP_PENALTY = 2.0


class Limits(NamedTuple):
    """When to stop and what to accept; see `IlqrConfig` for the meaning of each."""

    iterations: int
    tolerance: float
    time_budget: float
    acceptance: float
    regularization: float
    least_regularization: float
    most_regularization: float
    step_sizes: int


class Outcome(NamedTuple):
    """How a solve ended."""

    status: int
    iterations: int
    cost: float
    gap: float
    regularization: float
    step_size: float
    slope: float


@native
def solve(w: Work, steps: int, bounded: bool, rules: Limits) -> Outcome:
    """Improve the nominal trajectory in `w` until a rule of `rules` stops it."""
    started = _now(w)
    mu = rules.regularization
    cost, gap = _expand(w, steps)
    step_size = slope = 0.0
    if not np.isfinite(cost + gap):
        return Outcome(DIVERGED, 0, np.inf, gap, mu, 0.0, np.inf)
    stale = False  # the expansion is not that of the present trajectory
    for iteration in range(rules.iterations):
        if stale:
            cost, gap = _expand(w, steps)
            stale = False
        sound, mu, d1, d2, slope = _sound_sweep(w, steps, bounded, gap > _GAP_TOLERANCE, mu, rules)
        if not sound:
            return Outcome(DIVERGED, iteration, cost, gap, mu, step_size, slope)
        if gap <= _GAP_TOLERANCE and -(d1 + 0.5 * d2) <= rules.tolerance * (1.0 + abs(cost)):
            return Outcome(CONVERGED, iteration, cost, gap, mu, step_size, slope)
        step_size, reached = _line_search(w, steps, cost, gap, d1, d2, rules)
        if step_size == 0.0 and mu >= rules.most_regularization:
            return Outcome(DIVERGED, iteration + 1, cost, gap, mu, step_size, slope)
        if step_size > 0.0:
            cost, gap, stale = reached, (1.0 - step_size) * gap, True
        mu = _adapted(mu, step_size, rules)
        if _now(w) - started > rules.time_budget:
            return Outcome(TIME_LIMIT, iteration + 1, cost, gap, mu, step_size, slope)
    return Outcome(ITERATION_LIMIT, rules.iterations, cost, gap, mu, step_size, slope)


@native
def _sound_sweep(
    w: Work, steps: int, bounded: bool, gapped: bool, mu: float, rules: Limits
) -> tuple[bool, float, float, float, float]:
    """Sweep, with mu raised until every Quu + mu I is positive definite; return that mu too."""
    while True:
        w.mu[0] = mu
        _start_from_terminal(w, steps)
        sound, d1, d2, slope = _step_back(w, 0, steps, bounded, gapped)
        if not sound:
            mu = _raised(mu, rules)
        if sound or mu > rules.most_regularization:
            return sound, mu, d1, d2, slope


@native
def shift(w: Work, steps: int, progress: float, hold: np.ndarray) -> None:
    """Move the nominal trajectory forward by `progress` nodes, interpolated in between.

    Past its end the last state stays, under the effort `hold` [nu].
    """
    skipped = int(progress)
    rest = progress - skipped
    for t in range(steps + 1):
        node, following = min(t + skipped, steps), min(t + skipped + 1, steps)
        for i in range(w.x.shape[1]):
            w.x[t, i] = (1.0 - rest) * w.x[node, i] + rest * w.x[following, i]
    for t in range(steps):
        node = t + skipped
        for i in range(hold.size):
            now = w.u[node, i] if node < steps else hold[i]
            later = w.u[node + 1, i] if node + 1 < steps else hold[i]
            w.u[t, i] = (1.0 - rest) * now + rest * later
    if skipped > 0:
        for t in range(steps):
            node = min(t + skipped, steps - 1)
            for i in range(w.gains.shape[1]):
                w.gains[t, i] = w.gains[node, i]
            for i in range(w.active.shape[1]):
                w.active[t, i] = w.active[node, i]


@native
def follow(w: Work, steps: int, state: np.ndarray) -> bool:
    """Replace the nominal trajectory by the one its own gains give from `state` [nx].

    Returns whether it stayed finite; where it did not, the nominal trajectory is left as it was.
    """
    w.alpha[:] = 0.0
    w.gaps[:] = 0.0
    _roll_out(w, steps, state)
    if not np.isfinite(w.cost[0]):
        return False
    _take_lane(w, steps, 0)
    return True


@native
def _expand(w: Work, steps: int) -> tuple[float, float]:
    """Linearise all nodes; return the cost and the sum of the gaps' sizes."""
    blocks = (steps + w.alpha.size) // w.alpha.size
    call_kernel(w.addresses[EXPAND], w.expand_table.ctypes.data, blocks)
    cost = gap = 0.0
    value, following = w.offsets[VALUE], w.offsets[NEXT]
    for t in range(steps + 1):
        cost += w.stages[t, value]
    for t in range(steps):
        for i in range(w.gaps.shape[1]):
            w.gaps[t, i] = w.stages[t, following + i] - w.x[t + 1, i]
            gap += abs(w.gaps[t, i])
    return cost, gap


@native
def _line_search(
    w: Work, steps: int, cost: float, gap: float, d1: float, d2: float, rules: Limits
) -> tuple[float, float]:
    """Take the largest step size that keeps the promise, 0 if none does; return the cost too."""
    lanes = w.alpha.size
    start = w.spare[3]
    for i in range(w.positions.size):
        start[i] = w.x[0, w.positions[i]]
    if gap <= _GAP_TOLERANCE:
        w.gaps[:] = 0.0
        gap = 0.0
    # With gaps, a merit of cost and gaps must fall; its price exceeds what closing may cost.
    price = _GAP_PENALTY * abs(d1 + 0.5 * d2) / gap if gap > 0.0 else 0.0
    for first in range(0, rules.step_sizes, lanes):
        for lane in range(lanes):
            w.alpha[lane] = 2.0 ** -float(first + lane)
        _roll_out(w, steps, start)
        for lane in range(min(lanes, rules.step_sizes - first)):
            size = w.alpha[lane]
            promised = size * (d1 + 0.5 * size * d2) - size * price * gap
            change = w.cost[lane] - cost - size * price * gap
            # A rollout that is not finite fails this test as an infinite cost would.
            if change <= rules.acceptance * promised and change < 0.0:
                _take_lane(w, steps, lane)
                return size, w.cost[lane]
    return 0.0, cost


@native
def _roll_out(w: Work, steps: int, state: np.ndarray) -> None:
    nx = w.positions.size
    for lane in range(w.alpha.size):
        for i in range(nx):
            w.states[0, i, lane] = state[i]
        w.states[0, nx, lane] = 0.0
    call_kernel(w.addresses[ROLLOUT], w.rollout_table.ctypes.data, steps)
    call_kernel(w.addresses[TERMINAL], w.terminal_table.ctypes.data, 1)


@native
def _take_lane(w: Work, steps: int, lane: int) -> None:
    """Make one rolled-out trajectory the nominal one."""
    for t in range(steps + 1):
        for i in range(w.positions.size):
            w.x[t, w.positions[i]] = w.states[t, i, lane]
    for t in range(steps):
        for i in range(w.controls.shape[1]):
            w.u[t, i] = w.controls[t, i, lane]


@native
def _adapted(mu: float, step_size: float, rules: Limits) -> float:
    """The regularisation after a step of that size."""
    if step_size > 0.5:
        return max(mu / 10.0, rules.least_regularization)
    return _raised(mu, rules) if step_size <= 0.01 else mu


@native
def _raised(mu: float, rules: Limits) -> float:
    return max(mu, rules.least_regularization) * 10.0


@native
def _now(w: Work) -> float:
    """Seconds of the monotonic clock."""
    call_kernel(w.addresses[CLOCK], w.clock_table.ctypes.data, 1)
    return float(w.clock[0] + 1e-9 * w.clock[1])
