"""Whether machine code can be made here; where it cannot, one warning says so."""

from __future__ import annotations

import functools
import os
import warnings

_FAILURES = (ImportError, OSError, RuntimeError, AttributeError)


@functools.cache
def jit_available() -> bool:
    """Whether kernels can be compiled; RL_CONTROL_JIT=0 in the environment says no."""
    if os.environ.get("RL_CONTROL_JIT", "1") == "0":
        _warn("RL_CONTROL_JIT=0 is set", "Unset it")
        return False
    try:
        from rl_control.kernels import jit

        jit.probe()
    except _FAILURES as error:
        _warn(str(error), "Install llvmlite and numba")
        return False
    return True


@functools.cache
def numba_available() -> bool:
    """Whether the loops around kernels can be compiled too."""
    if not jit_available():
        return False
    try:
        import numba

        numba.njit(lambda: 0)
    except _FAILURES as error:
        _warn(str(error), "Install numba")
        return False
    return True


def _warn(reason: str, remedy: str) -> None:
    warnings.warn(
        f"no machine code here ({reason}): Python and CasADi's interpreter do the work, "
        f"100 times slower or worse. {remedy} to change that.",
        RuntimeWarning,
        stacklevel=4,
    )
