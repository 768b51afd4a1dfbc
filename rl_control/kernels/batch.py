"""A kernel called with numpy arrays, one row an evaluation."""

from __future__ import annotations

import casadi as ca
import numpy as np

from rl_control.errors import ShapeError
from rl_control.kernels.kernel import Kernel, compile_kernel
from rl_control.kernels.ports import Port, padded
from rl_control.types import Array


class BatchFunction:
    """f(a, b, ...) on rows: inputs [B, size] or [size], outputs [B, size] each.

    Matrices among the function's arguments and results are flattened column by column.
    """

    def __init__(self, function: ca.Function, name: str | None = None) -> None:
        self._sizes_in = [function.numel_in(k) for k in range(function.n_in())]
        self._sizes_out = [function.numel_out(k) for k in range(function.n_out())]
        flat = flattened(function)
        self._kernel: Kernel = compile_kernel(
            flat,
            [Port("lanes") for _ in self._sizes_in],
            [Port("lanes") for _ in self._sizes_out],
            name or function.name(),
        )

    def __call__(self, *arguments: Array) -> tuple[Array, ...]:
        """Evaluate every row at once.

        Raises:
            ShapeError: if an argument's rows have the wrong length, or batches differ.
        """
        if len(arguments) != len(self._sizes_in):
            raise ShapeError("kernel arguments", len(arguments), len(self._sizes_in))
        rows = [np.atleast_2d(np.asarray(a, dtype=np.float64)) for a in arguments]
        batch = max((len(row) for row in rows), default=1)
        lanes = self._kernel.lanes
        blocks = padded(batch, lanes) // lanes
        inputs = [
            _to_lanes(row, size, batch, blocks, lanes)
            for row, size in zip(rows, self._sizes_in, strict=True)
        ]
        outputs = [np.empty((blocks, size, lanes)) for size in self._sizes_out]
        self._kernel([*inputs, *outputs], blocks)
        return tuple(
            out.transpose(0, 2, 1).reshape(blocks * lanes, size)[:batch]
            for out, size in zip(outputs, self._sizes_out, strict=True)
        )


def compile_batch(function: ca.Function, name: str | None = None) -> BatchFunction:
    """Compile an SX function for evaluation on many rows at once."""
    return BatchFunction(function, name)


def _to_lanes(row: Array, size: int, batch: int, blocks: int, lanes: int) -> Array:
    if row.shape[1] != size:
        raise ShapeError("kernel argument", row.shape[1], size)
    if len(row) not in (1, batch):
        raise ShapeError("kernel batch", len(row), batch)
    # The last block's idle lanes repeat the last row: they must compute on sound numbers.
    filled = np.empty((blocks * lanes, size))
    filled[:batch] = row
    filled[batch:] = filled[batch - 1] if batch else 0.0
    return np.ascontiguousarray(filled.reshape(blocks, lanes, size).transpose(0, 2, 1))


def flattened(function: ca.Function) -> ca.Function:
    """Return the function with every argument and result as one dense column."""
    symbols = [ca.SX.sym(f"i{k}", *function.size_in(k)) for k in range(function.n_in())]
    values = [ca.densify(value) for value in function.call(symbols)]
    return ca.Function(function.name(), [ca.vec(s) for s in symbols], [ca.vec(v) for v in values])
