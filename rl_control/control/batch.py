"""An optimal control problem over any dynamics model and cost that work on batches.

The loop is the compiled one; only whole-horizon evaluations come back to Python, never single
nodes or steps.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from rl_control.control.structure import dense_stage
from rl_control.interfaces import DynamicsModel
from rl_control.types import Array

_SIGNATURE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)
_LANES = 10  # as many as step sizes: one rollout tries them all


@dataclass(frozen=True)
class Quadratic:
    """A cost's expansion at B nodes; H is symmetric and positive semidefinite in (x, u).

    Attributes:
        value: [B].
        lx: gradient by the state, [B, nx].
        lu: gradient by the control, [B, nu].
        lxx: [B, nx, nx].
        lux: [B, nu, nx].
        luu: [B, nu, nu].
    """

    value: Array
    lx: Array
    lu: Array
    lxx: Array
    lux: Array
    luu: Array


class BatchCost(Protocol):
    """A cost l(x, u; p) on batches of nodes."""

    @property
    def size(self) -> int:
        """Number of parameters np."""
        ...

    def value(self, x: Array, u: Array, p: Array) -> Array:
        """Return the cost, [B], at x [B, nx], u [B, nu] with parameters p [B, np]."""
        ...

    def quadratize(self, x: Array, u: Array, p: Array) -> Quadratic:
        """Return the Gauss-Newton expansion at the same arguments."""
        ...


class BatchProblem:
    """Implements `Problem` for a `DynamicsModel` and a `BatchCost`.

    Args:
        model: what predicts.
        cost: what is wanted; time steps and terminal multipliers live in its parameters.
    """

    def __init__(self, model: DynamicsModel, cost: BatchCost) -> None:
        self.model, self.cost = model, cost
        self.stage = dense_stage(model.nx, model.nu)
        self.parameters = cost.size
        self.lanes = _LANES
        self._error: BaseException | None = None
        self._callbacks = [
            _SIGNATURE(self._guarded(part))
            for part in (self._expand, self._roll_out, self._terminal)
        ]
        self.expand_address, self.rollout_address, self.terminal_address = (
            ctypes.cast(callback, ctypes.c_void_p).value or 0 for callback in self._callbacks
        )

    def check(self) -> None:
        """Raise what the model or the cost raised during the last solve."""
        error, self._error = self._error, None
        if error is not None:
            raise error

    def _guarded(self, part: Callable[[list[int], int], None]) -> Callable[[int, int], None]:
        """No exception can cross compiled code: keep it for `check`."""
        counts = {"_expand": 4, "_roll_out": 12, "_terminal": 3}

        def run(arguments: int, count: int) -> None:
            table = (ctypes.c_int64 * counts[part.__name__]).from_address(arguments)
            try:
                part(list(table), count)
            except BaseException as error:
                self._error = error

        return run

    def _expand(self, at: list[int], blocks: int) -> None:
        stage, nodes = self.stage, blocks * self.lanes
        nx, nu = stage.nx, stage.nu
        out = _array(at[3], nodes, stage.size)
        out[:] = np.nan  # what an exception leaves behind must not look like a solution
        x = _array(at[0], nodes, stage.padded_nx)[:, :nx]
        u = _array(at[1], nodes, stage.padded_nu)[:, :nu]
        p = _array(at[2], nodes, max(self.parameters, 1))[:, : self.parameters]
        a, b = self.model.linearize(x, u)
        around = self.cost.quadratize(x, u, p)
        following = self.model.step(x, u)
        out[:] = 0.0
        out[:, stage.value] = around.value
        _fill(out, stage.lx, around.lx)
        _fill(out, stage.lu, around.lu)
        _fill(out, stage.next_state, following)
        matrices = {
            ("A", 0, 0): a,
            ("B", 0): b,
            ("xx", 0, 0): around.lxx,
            ("ux", 0): around.lux,
            ("uu",): around.luu,
        }
        for key, matrix in matrices.items():
            stride = stage.pad(matrix.shape[2])
            for i in range(matrix.shape[1]):
                _fill(out, stage.block(*key).offset + i * stride, matrix[:, i])

    def _roll_out(self, at: list[int], steps: int) -> None:
        stage, lanes = self.stage, self.lanes
        nx, nu = stage.nx, stage.nu
        states = _array(at[0], steps + 1, nx + 1, lanes)
        controls = _array(at[11], steps, nu, lanes)
        states[1:], controls[:] = np.nan, np.nan
        x = _array(at[1], steps + 1, stage.padded_nx)[:, :nx]
        u = _array(at[2], steps + 1, stage.padded_nu)[:, :nu]
        k = _array(at[3], steps, stage.padded_nu)[:, :nu]
        gains = _array(at[4], steps, nu, stage.padded_nx)[:, :, :nx]
        p = _array(at[5], steps + 1, max(self.parameters, 1))[:, : self.parameters]
        gaps = _array(at[6], steps, stage.padded_nx)[:, :nx]
        alpha = _array(at[7], lanes)[:, None]
        lower, upper = (_array(at[i], stage.padded_nu)[:nu] for i in (8, 9))
        for t in range(steps):
            now = states[t, :nx].T
            chosen = u[t] + alpha * k[t] + (now - x[t]) @ gains[t].T
            chosen = np.where(np.isnan(chosen), chosen, np.clip(chosen, lower, upper))
            following = self.model.step(now, chosen) - (1.0 - alpha) * gaps[t]
            rows = np.broadcast_to(p[t], (lanes, self.parameters))
            controls[t] = chosen.T
            states[t + 1, :nx] = following.T
            states[t + 1, nx] = states[t, nx] + self.cost.value(now, chosen, rows)

    def _terminal(self, at: list[int], _: int) -> None:
        stage, lanes = self.stage, self.lanes
        state = _array(at[0], stage.nx + 1, lanes)
        p = np.broadcast_to(_array(at[1], self.parameters), (lanes, self.parameters))
        out = _array(at[2], lanes)
        out[:] = np.nan
        rest = np.zeros((lanes, stage.nu))
        out[:] = state[-1] + self.cost.value(state[:-1].T, rest, p)


def _array(address: int, *shape: int) -> Array:
    """The doubles at an address."""
    size = int(np.prod(shape))
    memory = (ctypes.c_double * max(size, 1)).from_address(address)
    view: Array = np.ctypeslib.as_array(memory)[:size].reshape(shape)
    return view


def _fill(out: Array, offset: int, values: Array) -> None:
    out[:, offset : offset + values.shape[1]] = values
