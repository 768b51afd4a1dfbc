"""The Riccati step and the clock in numpy: where nothing can be compiled, and to be read.

Formulas and memory are those of `riccati`, the signature is the kernels'.
"""

from __future__ import annotations

import ctypes
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from rl_control.control.problem import state_positions
from rl_control.control.scratch import Scratch
from rl_control.control.structure import Key, Stage
from rl_control.types import Array

_SIGNATURE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)
_alive: list[Any] = []  # callbacks live as long as the process, as machine code does


def riccati_addresses(stage: Stage) -> tuple[int, int, int]:
    """Return the addresses of the recursion's three parts: expand, gains, update."""
    step = NumpyRiccati(stage)
    return _address(2, step.expand), _address(7, step.gains), _address(4, step.update)


def clock_address() -> int:
    """Return the address of a reader of the monotonic clock: seconds and nanoseconds."""

    def read(out: int) -> None:
        found = np.ctypeslib.as_array((ctypes.c_int64 * 2).from_address(out))
        found[:] = divmod(time.monotonic_ns(), 1_000_000_000)

    return _address(1, read)


class NumpyRiccati:
    """The recursion's three parts on dense matrices; every argument is an address.

    Args:
        stage: layout of a stage.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage, self._offsets = stage, Scratch(stage)
        self._at = state_positions(stage)
        nx, coupling = stage.nx, stage.coupling
        self._s = np.zeros((nx, nx))
        for (i, j), factor in coupling.items():
            rows, columns = self._span(i), self._span(j)
            self._s[rows, columns] = factor * np.eye(stage.sizes[i], stage.sizes[j])

    def expand(self, scratch_at: int, stage_at: int) -> None:
        """Write Q, from V in the scratch and the stage."""
        stage, offsets = self._stage, self._offsets
        scratch, node = _doubles(scratch_at, offsets.size), _doubles(stage_at, stage.size)
        moved = self._s.T @ scratch[offsets.vx + self._at]
        curved = self._s.T @ self._states(scratch, offsets.vxx, stage.nx) @ self._s
        a, b, lxx, lux, luu = self._matrices(node)
        scratch[offsets.qx + self._at] = node[stage.lx + self._at] + a.T @ moved
        scratch[offsets.qu : offsets.qu + stage.nu] = (
            node[stage.lu : stage.lu + stage.nu] + b.T @ moved
        )
        self._put_states(scratch, offsets.qxx, lxx + a.T @ curved @ a)
        self._put_states(scratch, offsets.qux, lux + b.T @ curved @ a)
        quu = scratch[offsets.quu : offsets.quu + stage.nu * stage.padded_nu]
        quu.reshape(stage.nu, -1)[:, : stage.nu] = luu + b.T @ curved @ b

    def gains(
        self,
        scratch_at: int,
        mu_at: int,
        free_at: int,
        clamped_at: int,
        k_at: int,
        gain_at: int,
        pivot_at: int,
    ) -> None:
        """Write k, K and the least pivot, from Q."""
        offsets, nu = self._offsets, self._stage.nu
        scratch = _doubles(scratch_at, offsets.size)
        free, clamped = _doubles(free_at, nu), _doubles(clamped_at, nu)
        quu = scratch[offsets.quu : offsets.quu + nu * self._stage.padded_nu]
        quu = quu.reshape(nu, -1)[:, :nu]
        qu = scratch[offsets.qu : offsets.qu + nu] + quu @ clamped
        qux = self._states(scratch, offsets.qux, nu)
        mu = _doubles(mu_at, 1)[0]
        left = quu * np.outer(free, free) + np.diag(mu * free + 1.0 - free)
        right = np.column_stack([-qux * free[:, None], (1.0 - free) * clamped - free * qu])
        solved, least = _eliminate(left, right)
        self._put_states(_doubles(gain_at, nu * self._stage.padded_nx), 0, solved[:, :-1])
        _doubles(k_at, nu)[:] = solved[:, -1]
        _doubles(pivot_at, 1)[0] = least

    def update(self, scratch_at: int, mu_at: int, k_at: int, gain_at: int) -> None:
        """Write V, from Q and the gains."""
        offsets, nu, nx = self._offsets, self._stage.nu, self._stage.nx
        scratch, mu, k = (
            _doubles(scratch_at, offsets.size),
            _doubles(mu_at, 1)[0],
            _doubles(k_at, nu),
        )
        gain = self._states(_doubles(gain_at, nu * self._stage.padded_nx), 0, nu)
        mixed = self._states(scratch, offsets.qux, nu) - mu * gain
        hessian = self._states(scratch, offsets.qxx, nx) + mixed.T @ gain
        scratch[offsets.vx + self._at] = scratch[offsets.qx + self._at] + mixed.T @ k
        self._put_states(scratch, offsets.vxx, 0.5 * (hessian + hessian.T))

    def _matrices(self, node: Array) -> tuple[Array, Array, Array, Array, Array]:
        """A, B, lxx, lux and luu of a stage, dense."""
        n = range(len(self._stage.sizes))
        a = np.block([[self._block(node, ("A", i, j)) for j in n] for i in n])
        b = np.vstack([self._block(node, ("B", i)) for i in n])
        upper = [[self._block(node, ("xx", min(i, j), max(i, j))) for j in n] for i in n]
        lxx = np.block(
            [
                [block.T if j < i else block for j, block in enumerate(row)]
                for i, row in enumerate(upper)
            ]
        )
        lux = np.hstack([self._block(node, ("ux", j)) for j in n])
        return a, b, lxx, lux, self._block(node, ("uu",))

    def _block(self, node: Array, key: Key) -> Array:
        block, (rows, columns) = self._stage.block(*key), self._stage.shape(key)
        if block.kind == "zero":
            return np.zeros((rows, columns))
        if block.kind == "identity":
            return np.eye(rows, columns)
        if block.kind == "diagonal":
            return np.diag(node[block.offset : block.offset + rows])
        stride = self._stage.pad(columns)
        return node[block.offset : block.offset + rows * stride].reshape(rows, stride)[:, :columns]

    def _span(self, i: int) -> slice:
        first = sum(self._stage.sizes[:i])
        return slice(first, first + self._stage.sizes[i])

    def _rows(self, memory: Array, offset: int, count: int) -> Array:
        width = self._stage.padded_nx
        return memory[offset : offset + count * width].reshape(count, width)

    def _states(self, memory: Array, offset: int, count: int) -> Array:
        """A matrix over states, [count, nx], without padding."""
        return self._rows(memory, offset, count)[:, self._at]

    def _put_states(self, memory: Array, offset: int, matrix: Array) -> None:
        self._rows(memory, offset, len(matrix))[:, self._at] = matrix


def _eliminate(left: Array, right: Array) -> tuple[Array, float]:
    """Solve `left` X = `right` without exchange of rows; return X and the least pivot."""
    left, right = left.copy(), right.copy()
    least = np.inf
    with np.errstate(all="ignore"):
        for i in range(len(left)):
            pivot = left[i, i]
            least = least if least < pivot else pivot  # keeps a NaN pivot
            factors = left[i + 1 :, i] / pivot
            right[i + 1 :] -= np.outer(factors, right[i])
            left[i + 1 :] -= np.outer(factors, left[i])
        for i in reversed(range(len(left))):
            right[i] = (right[i] - left[i, i + 1 :] @ right[i + 1 :]) / left[i, i]
    return right, float(least)


def _doubles(address: int, size: int) -> Array:
    return np.ctypeslib.as_array((ctypes.c_double * size).from_address(address))


def _address(arguments: int, function: Callable[..., None]) -> int:
    """The address of `void (double **args, int64 count)` that calls `function(*args)`."""

    def run(table: int, count: int) -> None:
        function(*(ctypes.c_int64 * arguments).from_address(table))

    callback = _SIGNATURE(run)
    _alive.append(callback)
    address = ctypes.cast(callback, ctypes.c_void_p).value
    assert address is not None
    return address
