"""CasADi SX functions as SIMD machine code, cached on disk; knows nothing of robots."""

from rl_control.kernels.available import jit_available
from rl_control.kernels.batch import BatchFunction, compile_batch
from rl_control.kernels.dense import compile_dense
from rl_control.kernels.kernel import Kernel, compile_kernel, kernel_lanes
from rl_control.kernels.ports import Port, padded
from rl_control.kernels.sequence import Bound, Call, compile_sequence

__all__ = [
    "BatchFunction",
    "Bound",
    "Call",
    "Kernel",
    "Port",
    "compile_batch",
    "compile_dense",
    "compile_kernel",
    "compile_sequence",
    "jit_available",
    "kernel_lanes",
    "padded",
]
