"""The memory one solver works in: every array once, and the addresses kernels are given."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from rl_control.control.compiled import clock_address, riccati_addresses
from rl_control.control.problem import Problem, state_positions
from rl_control.control.scratch import Scratch
from rl_control.types import Array

VALUE, NEXT, VX, VXX, QX, QU, QXX, QUX, QUU = range(9)  # entries of Work.offsets
EXPAND, ROLLOUT, TERMINAL, RICCATI, GAINS, UPDATE, CLOCK = range(7)  # of Work.addresses


class Work(NamedTuple):
    """Arrays of one solver. N steps, L lanes; rows are padded as in `Stage`."""

    x: Array  # nominal states, [nodes, padded nx]
    u: Array  # nominal controls, [nodes, padded nu]
    p: Array  # cost parameters, [nodes, np]
    stages: Array  # linearised nodes, [nodes, stage size]
    k: Array  # feed-forward steps, [N, padded nu]
    gains: Array  # feedback gains, [N, nu * padded nx]
    gaps: Array  # f(x_t, u_t) - x_{t+1}, [N, padded nx]
    states: Array  # rolled out, [N+1, nx+1, L]; the last row is the cost so far
    controls: Array  # rolled out, [N, nu, L]
    cost: Array  # of each lane, [L]
    alpha: Array  # step size of each lane, [L]
    lower: Array  # least control, [padded nu]
    upper: Array  # greatest control, [padded nu]
    scratch: Array  # of the Riccati recursion
    mu: Array  # regularisation, [1]
    free: Array  # 1 for free, 0 for clamped controls, [padded nu]
    clamped: Array  # steps of clamped controls, [padded nu]
    active: NDArray[np.int8]  # bound each control was clamped to at each step, [N, nu]
    pivot: Array  # least pivot, [1]
    spare: Array  # rows for what a function needs in passing, [4, widest row]
    clock: NDArray[np.int64]  # seconds and nanoseconds, [2]
    positions: NDArray[np.intp]  # of states in a padded row, [nx]
    offsets: NDArray[np.int64]  # of a stage's and the scratch's parts
    addresses: NDArray[np.int64]  # of the compiled functions
    expand_table: NDArray[np.int64]
    rollout_table: NDArray[np.int64]
    terminal_table: NDArray[np.int64]
    riccati_table: NDArray[np.int64]
    gain_table: NDArray[np.int64]
    update_table: NDArray[np.int64]
    clock_table: NDArray[np.int64]


def allocate(problem: Problem, steps: int) -> Work:
    """Return zeroed memory for `steps` controls, with every table of addresses filled in."""
    stage, lanes = problem.stage, problem.lanes
    scratch = Scratch(stage)
    nodes = -(-(steps + 1) // lanes) * lanes
    nu, pnx, pnu, nx = stage.nu, stage.padded_nx, stage.padded_nu, stage.nx
    x, u = _zeros(nodes, pnx), _zeros(nodes, pnu)
    p, stages = _zeros(nodes, max(problem.parameters, 1)), _zeros(nodes, stage.size)
    k, gains, gaps = _zeros(steps, pnu), _zeros(steps, nu * pnx), _zeros(steps, pnx)
    states, controls = _zeros(steps + 1, nx + 1, lanes), _zeros(steps, nu, lanes)
    cost, alpha = _zeros(lanes), _zeros(lanes)
    lower, upper = _zeros(pnu), _zeros(pnu)
    memory, mu, pivot = _zeros(scratch.size), _zeros(1), _zeros(1)
    free, clamped = _zeros(pnu), _zeros(pnu)
    clock = np.zeros(2, dtype=np.int64)
    rolled = states.ctypes.data
    return Work(
        x=x, u=u, p=p, stages=stages, k=k, gains=gains, gaps=gaps, states=states,
        controls=controls, cost=cost, alpha=alpha, lower=lower, upper=upper, scratch=memory,
        mu=mu, free=free, clamped=clamped, active=np.zeros((steps, nu), dtype=np.int8),
        pivot=pivot, spare=_zeros(4, max(pnx, pnu)), clock=clock, positions=state_positions(stage),
        offsets=_offsets(stage.value, stage.next_state, scratch),
        addresses=np.array(
            [
                problem.expand_address, problem.rollout_address, problem.terminal_address,
                *riccati_addresses(stage), clock_address(),
            ],
            dtype=np.int64,
        ),
        expand_table=_table(x, u, p, stages),
        rollout_table=_table(
            states, x, u, k, gains, p, gaps, alpha, lower, upper,
            rolled + states.strides[0], controls,
        ),
        terminal_table=_table(
            rolled + steps * states.strides[0], p.ctypes.data + steps * p.strides[0], cost
        ),
        riccati_table=_table(memory, stages),
        gain_table=_table(memory, mu, free, clamped, k, gains, pivot),
        update_table=_table(memory, mu, k, gains),
        clock_table=_table(clock),
    )  # fmt: skip


def _offsets(value: int, next_state: int, scratch: Scratch) -> NDArray[np.int64]:
    """Where the loop reads, in the order of the constants VALUE, NEXT, VX, ..."""
    return np.array(
        [
            value, next_state, scratch.vx, scratch.vxx, scratch.qx, scratch.qu, scratch.qxx,
            scratch.qux, scratch.quu,
        ],
        dtype=np.int64,
    )  # fmt: skip


def _zeros(*shape: int) -> Array:
    """Zeros with some doubles to spare behind them: kernels read whole registers."""
    size = int(np.prod(shape))
    return np.zeros(size + 16)[:size].reshape(shape)


def _table(*items: Array | NDArray[np.int64] | int) -> NDArray[np.int64]:
    return np.array(
        [item if isinstance(item, int) else item.ctypes.data for item in items], dtype=np.int64
    )
