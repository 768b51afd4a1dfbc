"""CasADi SX functions as SIMD machine code, cached on disk; knows nothing of robots."""

from rl_control.kernels.available import jit_available
from rl_control.kernels.batch import BatchFunction, compile_batch
from rl_control.kernels.kernel import Kernel, compile_kernel, kernel_lanes
from rl_control.kernels.ports import Port, padded

__all__ = [
    "BatchFunction",
    "Kernel",
    "Port",
    "compile_batch",
    "compile_kernel",
    "jit_available",
    "kernel_lanes",
    "padded",
]
