"""A compiled kernel: one address, whatever runs behind it."""

from __future__ import annotations

import ctypes
import functools
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import casadi as ca

from rl_control.kernels.available import jit_available
from rl_control.kernels.interpreter import Interpreter
from rl_control.kernels.ports import Port
from rl_control.types import Array

_SIGNATURE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)


@dataclass(frozen=True)
class Kernel:
    """A function `void (double **args, int64 blocks)` in memory.

    Attributes:
        address: of the function.
        lanes: evaluations a block.
        call: the function as Python calls it; keeps what is behind the address alive.
    """

    address: int
    lanes: int
    call: Callable[[int, int], None] = field(repr=False)

    def __call__(self, arrays: Sequence[Array], blocks: int) -> None:
        """Run over `blocks` blocks; `arrays` are the inputs, then the outputs."""
        pointers = (ctypes.c_void_p * len(arrays))(*[a.ctypes.data for a in arrays])
        self.call(ctypes.addressof(pointers), blocks)


def compile_kernel(
    function: ca.Function, inputs: Sequence[Port], outputs: Sequence[Port], name: str
) -> Kernel:
    """Compile an SX function whose inputs and outputs are column vectors.

    Where machine code cannot be made, CasADi's virtual machine stands behind the same address.

    Args:
        function: what one lane evaluates.
        inputs: one port an input.
        outputs: one port an output.
        name: of the compiled function, a C identifier.
    """
    lanes = kernel_lanes()
    function = _dense(function)
    if jit_available():
        from rl_control.kernels import jit
        from rl_control.kernels.translate import translate

        try:
            ir = translate(function, inputs, outputs, lanes, name, jit.function_attributes())
        except NotImplementedError as error:
            warnings.warn(
                f"kernel {name}: {error}; CasADi's interpreter runs it, which is some 100 times "
                "slower. Write the expression with other operations to change that.",
                RuntimeWarning,
                stacklevel=2,
            )
        else:
            address = jit.load(ir, name)
            return Kernel(address, lanes, _SIGNATURE(address))
    callback = _SIGNATURE(Interpreter(function, inputs, outputs, lanes))
    behind = ctypes.cast(callback, ctypes.c_void_p).value
    assert behind is not None
    return Kernel(behind, lanes, callback)


@functools.cache
def kernel_lanes() -> int:
    """How many evaluations one block of a kernel makes on this machine; 1 where interpreted."""
    if not jit_available():
        return 1
    from rl_control.kernels import jit

    return jit.native_lanes()


def _dense(function: ca.Function) -> ca.Function:
    symbols = [ca.SX.sym(f"i{k}", function.size1_in(k)) for k in range(function.n_in())]
    values = function.call(symbols)
    return ca.Function("kernel", symbols, [ca.densify(value) for value in values])
