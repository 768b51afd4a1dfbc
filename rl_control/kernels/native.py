"""Glue around kernels: calling one by its address, with no interpreter lock held.

Where there is no numba, the glue stays the Python it is written in.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from rl_control.kernels.available import numba_available
from rl_control.paths import cache_dir

F = TypeVar("F", bound=Callable[..., Any])
_SIGNATURE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)


def native(function: F) -> F:
    """Compile `function` with numba, without the interpreter lock.

    A function whose name starts with an underscore is for other native functions only: it has no
    entry from Python, which halves its compile time, and becomes part of its callers. The others
    are cached on disk. A native function may call those of its own folder.
    """
    if not numba_available():
        return function
    import numba

    options = {"nogil": True, "error_model": "numpy", "_nrt": False}
    if function.__name__.startswith("_"):
        inner: F = numba.njit(no_cpython_wrapper=True, no_cfunc_wrapper=True, **options)(function)
        return inner
    compiled: F = numba.njit(**options)(function)
    _announce(compiled)
    _keep_on_disk(compiled, function)
    return compiled


def _keep_on_disk(compiled: Any, function: Callable[..., Any]) -> None:
    """Cache `compiled` in a folder named after the source it was made of.

    Numba looks at a function's own file only, and would run code made of an older version of
    the functions it calls.
    """
    import numba

    chosen = numba.config.CACHE_DIR
    root = Path(chosen) if chosen else cache_dir() / "numba"
    sources = Path(function.__code__.co_filename).parent
    try:
        numba.config.CACHE_DIR = str(root / _fingerprint(sources))
        compiled.enable_caching()
    except (OSError, RuntimeError) as error:
        print(f"rl_control: compiled code is not kept: {error}", file=sys.stderr)
    finally:
        numba.config.CACHE_DIR = chosen


@functools.cache
def _fingerprint(folder: Path) -> str:
    files = [Path(__file__), *sorted(folder.glob("*.py"))]
    return hashlib.sha256(b"\0".join(file.read_bytes() for file in files)).hexdigest()[:16]


@functools.cache
def _announced() -> set[Any]:
    """Functions whose compilation is worth a line; the first one compiled gets it."""
    from numba.core import event

    functions: set[Any] = set()

    class Announcer(event.Listener):  # type: ignore[misc]
        def on_start(self, happening: Any) -> None:
            if happening.data["dispatcher"] in functions:
                functions.clear()
                print("rl_control: compiling the loops (some seconds, once) ...", file=sys.stderr)

        def on_end(self, happening: Any) -> None:
            pass

    event.register("numba:compile", Announcer())
    return functions


def _announce(compiled: Any) -> None:
    _announced().add(compiled)


def _call_by_ctypes(address: int, arguments: int, count: int) -> None:
    """Call `void (double **args, int64 count)` at `address`; `arguments` is the table's address."""
    _function(int(address))(int(arguments), int(count))


@functools.lru_cache(maxsize=256)
def _function(address: int) -> Callable[[int, int], None]:
    return _SIGNATURE(address)


def _native_call() -> Any:
    from llvmlite import ir
    from numba.core import types
    from numba.extending import intrinsic

    @intrinsic  # type: ignore[misc]
    def call(typing: Any, address: Any, arguments: Any, count: Any) -> Any:
        signature = types.void(types.int64, types.int64, types.int64)

        def generate(context: Any, builder: Any, signature: Any, values: Any) -> Any:
            pointer = ir.PointerType()
            function_type = ir.FunctionType(ir.VoidType(), [pointer, ir.IntType(64)])
            target = builder.inttoptr(values[0], function_type.as_pointer())
            table = builder.inttoptr(values[1], pointer)
            builder.call(target, [table, values[2]])
            return context.get_dummy_value()

        return signature, generate

    return call


call_kernel = _native_call() if numba_available() else _call_by_ctypes
