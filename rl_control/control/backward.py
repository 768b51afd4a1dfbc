"""The backward sweep: gains of every step, with controls kept inside their bounds.

Compiled by numba; the matrix work is the kernels'. Source of the bounded step: Tassa, Mansard and
Todorov, "Control-limited differential dynamic programming" (2014), sec. III, solved here by a
primal-dual active set that starts from the last sweep's bounds, with their projected Newton
method where that cycles.
"""

from __future__ import annotations

from rl_control.control.work import (
    GAINS,
    QU,
    QUU,
    QX,
    QXX,
    RICCATI,
    UPDATE,
    VX,
    VXX,
    Work,
)
from rl_control.kernels.native import call_kernel, native
from rl_control.types import Array

_DOUBLE = 8  # bytes
_ACTIVE_SET_TRIES = 8
_NEWTON_TRIES = 40


@native
def sweep(w: Work, steps: int, bounded: bool, gapped: bool) -> tuple[bool, float, float, float]:
    """Fill in k and K of all steps; see `_step_back` for what is returned."""
    _start_from_terminal(w, steps)
    return _step_back(w, 0, steps, bounded, gapped)


@native
def start_from_terminal(w: Work, steps: int) -> None:
    """See `_start_from_terminal`."""
    _start_from_terminal(w, steps)


@native
def step_back(w: Work, step: int) -> bool:
    """Take V from node `step + 1` to node `step`, without bounds and gaps; say whether it could."""
    return _step_back(w, step, step + 1, False, False)[0]


@native
def _start_from_terminal(w: Work, steps: int) -> None:
    """V at the last node: with V = 0 a step's Qx and Qxx are the cost's own."""
    offsets, scratch = w.offsets, w.scratch
    scratch[: offsets[QX]] = 0.0
    w.riccati_table[1] = w.stages.ctypes.data + steps * w.stages.shape[1] * _DOUBLE
    call_kernel(w.addresses[RICCATI], w.riccati_table.ctypes.data, 1)
    for i in range(offsets[VXX] - offsets[VX]):
        scratch[offsets[VX] + i] = scratch[offsets[QX] + i]
    width = offsets[VXX] - offsets[VX]
    for i in range(w.positions.size):
        for j in range(i, w.positions.size):
            entry = scratch[offsets[QXX] + i * width + w.positions[j]]
            scratch[offsets[VXX] + i * width + w.positions[j]] = entry
            scratch[offsets[VXX] + j * width + w.positions[i]] = entry


@native
def _step_back(
    w: Work, first: int, last: int, bounded: bool, gapped: bool
) -> tuple[bool, float, float, float]:
    """Take V from node `last` to node `first`, and fill in k and K of the steps between.

    Returns whether every Quu + mu I was positive definite; d1 and d2 of the expected change of
    cost, a d1 + a^2 / 2 d2, of a step of size a; and the largest entry of Qu on free controls.
    """
    # One function holds the loop: a call with all of `Work` costs as much as a kernel.
    qu, quu = w.offsets[QU], w.offsets[QUU]
    d1 = d2 = steepest = 0.0
    for t in range(last - 1, first - 1, -1):
        if gapped:
            d1 += _cross_gap(w, w.gaps[t])
        w.riccati_table[1] = w.stages.ctypes.data + t * w.stages.shape[1] * _DOUBLE
        call_kernel(w.addresses[RICCATI], w.riccati_table.ctypes.data, 1)
        k_at = w.k.ctypes.data + t * w.k.shape[1] * _DOUBLE
        gains_at = w.gains.ctypes.data + t * w.gains.shape[1] * _DOUBLE
        w.gain_table[4], w.gain_table[5] = k_at, gains_at
        w.update_table[2], w.update_table[3] = k_at, gains_at
        k, u, active = w.k[t], w.u[t], w.active[t]
        settled, tries = False, 0
        while not settled and tries < _ACTIVE_SET_TRIES:
            _clamp(w, u, active)
            call_kernel(w.addresses[GAINS], w.gain_table.ctypes.data, 1)
            if not w.pivot[0] > 0.0:
                return False, d1, d2, steepest
            settled = not bounded or not _revise(w, k, u, active)
            tries += 1
        if not settled and not _projected_newton(w, k, u, active):
            return False, d1, d2, steepest
        call_kernel(w.addresses[UPDATE], w.update_table.ctypes.data, 1)
        for i in range(w.controls.shape[1]):
            slope = w.scratch[qu + i]
            curved = -slope - w.mu[0] * k[i]  # (Quu k)_i of a free control, by its own equation
            if w.free[i] == 0.0:
                curved = 0.0
                for j in range(w.controls.shape[1]):
                    curved += w.scratch[quu + i * w.free.size + j] * k[j]
            else:
                steepest = max(steepest, abs(slope))
            d1 += slope * k[i]
            d2 += curved * k[i]
    return True, d1, d2, steepest


@native
def _cross_gap(w: Work, gap: Array) -> float:
    """Move V to where the dynamics lead, Vx += Vxx gap; return the change of cost."""
    vx, vxx = w.offsets[VX], w.offsets[VXX]
    width = gap.size
    change = 0.0
    shift = w.spare[0]
    for j in range(width):
        shift[j] = 0.0
    for i in range(w.positions.size):
        for j in range(width):
            shift[j] += w.scratch[vxx + i * width + j] * gap[w.positions[i]]
    for j in range(width):
        change += gap[j] * (w.scratch[vx + j] + 0.5 * shift[j])
        w.scratch[vx + j] += shift[j]
    return change


@native
def _clamp(w: Work, u: Array, active: Array) -> None:
    for i in range(active.size):
        w.free[i] = 1.0 if active[i] == 0 else 0.0
        w.clamped[i] = 0.0
        if active[i] < 0:
            w.clamped[i] = w.lower[i] - u[i]
        elif active[i] > 0:
            w.clamped[i] = w.upper[i] - u[i]


@native
def _slope(w: Work, k: Array, i: int) -> float:
    """Entry i of the quadratic's gradient at k."""
    slope = w.scratch[w.offsets[QU] + i] + w.mu[0] * k[i]
    row = w.offsets[QUU] + i * w.free.size
    for j in range(w.controls.shape[1]):
        slope += w.scratch[row + j] * k[j]
    return float(slope)


@native
def _revise(w: Work, k: Array, u: Array, active: Array) -> bool:
    """Clamp what left its bounds, free what is pushed inwards; return whether anything changed."""
    changed = False
    for i in range(active.size):
        now = active[i]
        if now == 0:
            if k[i] < w.lower[i] - u[i]:
                now = -1
            elif k[i] > w.upper[i] - u[i]:
                now = 1
        elif now * _slope(w, k, i) > 0.0:
            now = 0
        if now != active[i]:
            active[i] = now
            changed = True
    return changed


@native
def _projected_newton(w: Work, k: Array, u: Array, active: Array) -> bool:
    """Minimise the quadratic over the box by projected Newton steps, then take its gains.

    Returns whether the free part stayed positive definite.
    """
    nu = active.size
    best = w.spare[1]
    for i in range(nu):
        best[i] = min(max(0.0, w.lower[i] - u[i]), w.upper[i] - u[i])
    for _ in range(_NEWTON_TRIES):
        for i in range(nu):
            slope = _slope(w, best, i)
            active[i] = 0
            if best[i] <= w.lower[i] - u[i] and slope > 0.0:
                active[i] = -1
            elif best[i] >= w.upper[i] - u[i] and slope < 0.0:
                active[i] = 1
        _clamp(w, u, active)
        call_kernel(w.addresses[GAINS], w.gain_table.ctypes.data, 1)
        if not w.pivot[0] > 0.0:
            return False
        if _backtrack(w, best, k, u, nu) < 1e-12:
            break
    for i in range(nu):
        k[i] = best[i]
    return True


@native
def _backtrack(w: Work, best: Array, goal: Array, u: Array, nu: int) -> float:
    """Move `best` towards `goal` along the box; return how far it moved."""
    before = _quadratic(w, best, nu)
    trial = w.spare[2]
    size = 1.0
    for _ in range(20):
        moved = 0.0
        for i in range(nu):
            step = best[i] + size * (goal[i] - best[i])
            trial[i] = min(max(step, w.lower[i] - u[i]), w.upper[i] - u[i])
            moved = max(moved, abs(trial[i] - best[i]))
        if _quadratic(w, trial, nu) <= before:
            for i in range(nu):
                best[i] = trial[i]
            return moved
        size *= 0.5
    return 0.0


@native
def _quadratic(w: Work, k: Array, nu: int) -> float:
    total = 0.0
    for i in range(nu):
        total += 0.5 * k[i] * (_slope(w, k, i) + w.scratch[w.offsets[QU] + i])
    return total
