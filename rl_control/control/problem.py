"""An optimal control problem as three functions in memory, whatever runs behind them.

Each has the kernels' signature `void (double **args, int64 count)`, so one solver loop serves
fused machine code and Python models alike, and holds no interpreter lock while machine code runs.
"""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from rl_control.control.structure import Stage
from rl_control.types import Array


class Problem(Protocol):
    """What iLQR needs to know of a problem.

    State rows are padded as in `Stage`; state columns in the rollout are not. L = `lanes`.

    Attributes:
        stage: layout of a linearised node.
        parameters: number of cost parameters a node, np.
        lanes: how many trajectories one rollout makes, and nodes one expansion block.
        expand_address: args x [nodes, padded nx], u [nodes, padded nu], p [nodes, np],
            stages [nodes, stage size]; count = blocks of L nodes.
        rollout_address: args states [N+1, nx+1, L] (cost so far in the last row), x, u,
            k [N, padded nu], K [N, nu * padded nx], p, gaps [N, padded nx], alpha [L],
            lower [padded nu], upper [padded nu], states from row 1 on, controls [N, nu, L];
            count = N. Each lane: u = clamp(u_t + alpha k + K (x - x_t)),
            x' = f(x, u) - (1 - alpha) gap, cost' = cost + l(x, u; p).
        terminal_address: args states at N [nx+1, L], p at N, cost [L]; count = 1.
    """

    stage: Stage
    parameters: int
    lanes: int
    expand_address: int
    rollout_address: int
    terminal_address: int

    def check(self) -> None:
        """Raise what went wrong behind an address during the last solve, if anything did."""
        ...


@runtime_checkable
class Itemized(Protocol):
    """A problem that can say what its cost is made of."""

    def cost_by_term(self, states: Array, controls: Array, rows: Array) -> dict[str, float]:
        """Return what each term adds to the cost along a trajectory.

        Args:
            states: [N+1, nx].
            controls: [N, nu].
            rows: cost parameters, [N+1, np].
        """
        ...


def state_positions(stage: Stage) -> NDArray[np.intp]:
    """Where each state stands in a padded state row, [nx]."""
    return np.array(stage.positions, dtype=np.intp)


def pad_rows(stage: Stage, x: Array) -> Array:
    """States [B, nx] as padded rows, [B, padded nx]."""
    rows = np.zeros((len(x), stage.padded_nx))
    rows[:, state_positions(stage)] = x
    return rows
