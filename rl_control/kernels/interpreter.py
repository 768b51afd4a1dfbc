"""A kernel without machine code: CasADi's virtual machine behind the same address."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Sequence

import casadi as ca
import numpy as np

from rl_control.kernels.ports import Port, padded
from rl_control.types import Array

_DOUBLE = 8  # bytes


class Interpreter:
    """A kernel's loop in Python: called with the address of its table of arguments, and blocks.

    Args:
        function: an SX function whose inputs and outputs are dense column vectors.
        inputs: one port an input.
        outputs: one port an output.
        lanes: evaluations a block.
    """

    def __init__(
        self, function: ca.Function, inputs: Sequence[Port], outputs: Sequence[Port], lanes: int
    ) -> None:
        # The virtual machine's columns are our rows: a lane's vector lies in one piece.
        self._given = [np.zeros((lanes, function.size1_in(k))) for k in range(len(inputs))]
        self._found = [np.zeros((lanes, function.size1_out(k))) for k in range(len(outputs))]
        self._buffer, self._evaluate = function.map(lanes).buffer()
        for k, array in enumerate(self._given):
            self._buffer.set_arg(k, array.data)
        for k, array in enumerate(self._found):
            self._buffer.set_res(k, array.data)
        self._inputs, self._outputs, self._lanes = inputs, outputs, lanes
        self._alone = threading.Lock()  # callers share the buffers

    def __call__(self, arguments: int, blocks: int) -> None:
        """Run over `blocks` blocks."""
        count = len(self._given) + len(self._found)
        table = [address or 0 for address in (ctypes.c_void_p * count).from_address(arguments)]
        sources, targets = table[: len(self._given)], table[len(self._given) :]
        with self._alone:
            for block in range(blocks):
                for address, array, port in zip(sources, self._given, self._inputs, strict=True):
                    array[:] = _view(address, array.shape[1], port, self._lanes, block)
                self._evaluate()
                for address, array, port in zip(targets, self._found, self._outputs, strict=True):
                    self._put(address, array, port, block)

    def _put(self, address: int, array: Array, port: Port, block: int) -> None:
        """Write one output; the rest of a row's last register becomes zero."""
        size = array.shape[1]
        whole = padded(size, self._lanes) if port.layout == "rows" else size
        view = _view(address, size, port, self._lanes, block, whole)
        view[:, :size] = array
        view[:, size:] = 0.0


def _view(
    address: int, size: int, port: Port, lanes: int, block: int, whole: int | None = None
) -> Array:
    """One argument of one block as [lanes, whole], whatever its layout; whole = size if None."""
    whole = size if whole is None else whole
    start = address + _DOUBLE * block * port.advance(size, lanes)
    extent = {"rows": port.stride * (lanes - 1) + whole, "lanes": whole * lanes, "uniform": whole}
    memory = (ctypes.c_double * extent[port.layout]).from_address(start)
    flat = np.ctypeslib.as_array(memory)
    steps = {"rows": (port.stride, 1), "lanes": (1, lanes), "uniform": (0, 1)}
    strides = tuple(_DOUBLE * step for step in steps[port.layout])
    return np.lib.stride_tricks.as_strided(flat, (lanes, whole), strides)
