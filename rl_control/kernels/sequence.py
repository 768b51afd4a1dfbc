"""Kernels called one after another, block by block, as one kernel.

What each of them works on is fixed memory, but for the arguments that are bound to those of the
whole. So a function made of many parts (a neural net between two expressions, say) stands behind
one address and is called without Python.
"""

from __future__ import annotations

import ctypes
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from rl_control.kernels.available import jit_available
from rl_control.kernels.kernel import Kernel, kernel_lanes
from rl_control.types import Array

_SIGNATURE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)
_DOUBLE = 8  # bytes
_numbers = itertools.count()


@dataclass(frozen=True)
class Bound:
    """An argument of the whole in place of memory.

    Attributes:
        argument: which one.
        advance: doubles it moves on from one block to the next.
    """

    argument: int
    advance: int


@dataclass(frozen=True)
class Call:
    """One kernel on its arguments.

    Attributes:
        kernel: what is called.
        arguments: arrays, which the caller keeps alive through the sequence, or bound arguments.
        blocks: how many blocks the kernel runs over in each block of the sequence.
    """

    kernel: Kernel
    arguments: Sequence[Array | Bound]
    blocks: int = 1


@dataclass
class _Step:
    address: int
    table: np.ndarray
    bound: Mapping[int, Bound]
    blocks: int
    kept: Sequence[object] = field(repr=False)


def compile_sequence(calls: Sequence[Call], name: str) -> Kernel:
    """Return the kernel that makes `calls` in turn, for each of its blocks.

    Args:
        calls: in order. Arrays among their arguments belong to the sequence from then on: it must
            not run in two threads at once.
        name: of the function, a C identifier.
    """
    steps = [_step(call) for call in calls]
    if not jit_available():
        return _interpreted(steps)
    from rl_control.kernels import jit

    unique = f"{name}_{next(_numbers)}"
    address = jit.load_here(_ir(steps, unique), unique)
    function = _SIGNATURE(address)
    return Kernel(address, kernel_lanes(), _Keeping(function, steps))


class _Keeping:
    """A function with what it needs to stay alive."""

    def __init__(self, function: object, kept: object) -> None:
        self._function, self._kept = function, kept

    def __call__(self, arguments: int, blocks: int) -> None:
        self._function(arguments, blocks)  # type: ignore[operator]


def _step(call: Call) -> _Step:
    table = np.zeros(len(call.arguments), dtype=np.int64)
    bound = {}
    for slot, argument in enumerate(call.arguments):
        if isinstance(argument, Bound):
            bound[slot] = argument
        else:
            table[slot] = argument.ctypes.data
    return _Step(
        call.kernel.address, table, bound, call.blocks, [call.kernel, list(call.arguments)]
    )


def _ir(steps: Sequence[_Step], name: str) -> str:
    """LLVM IR with the addresses of this process in it, so it is of no use to another one."""
    used = sorted({bound.argument for step in steps for bound in step.bound.values()})
    lines = [
        f"define void @{name}(ptr %args, i64 %count) nounwind {{",
        "entry:",
        "  %some = icmp sgt i64 %count, 0",
        "  br i1 %some, label %start, label %done",
        "start:",
    ]
    for argument in used:
        lines += [
            f"  %slot{argument} = getelementptr i64, ptr %args, i64 {argument}",
            f"  %arg{argument} = load i64, ptr %slot{argument}, align 8",
        ]
    lines += ["  br label %block", "block:", "  %b = phi i64 [ 0, %start ], [ %b1, %block ]"]
    for k, step in enumerate(steps):
        start = step.table.ctypes.data
        for slot, bound in step.bound.items():
            at = f"%c{k}_{slot}"
            lines += [
                f"  {at}_far = mul nsw i64 %b, {bound.advance * _DOUBLE}",
                f"  {at} = add nsw i64 %arg{bound.argument}, {at}_far",
                f"  {at}_in = inttoptr i64 {start + _DOUBLE * slot} to ptr",
                f"  store i64 {at}, ptr {at}_in, align 8",
            ]
        lines += [
            f"  %f{k} = inttoptr i64 {step.address} to ptr",
            f"  %t{k} = inttoptr i64 {start} to ptr",
            f"  call void %f{k}(ptr %t{k}, i64 {step.blocks})",
        ]
    lines += [
        "  %b1 = add nuw nsw i64 %b, 1",
        "  %more = icmp slt i64 %b1, %count",
        "  br i1 %more, label %block, label %done",
        "done:",
        "  ret void",
        "}",
    ]
    return "\n".join(lines) + "\n"


def _interpreted(steps: Sequence[_Step]) -> Kernel:
    """The same behind a Python function."""
    functions = [_SIGNATURE(step.address) for step in steps]
    width = 1 + max((b.argument for step in steps for b in step.bound.values()), default=0)

    def run(arguments: int, count: int) -> None:
        given = list((ctypes.c_int64 * width).from_address(arguments))
        for block in range(count):
            for step, function in zip(steps, functions, strict=True):
                for slot, bound in step.bound.items():
                    far = block * bound.advance * _DOUBLE
                    step.table[slot] = given[bound.argument] + far
                function(step.table.ctypes.data, step.blocks)

    callback = _SIGNATURE(run)
    address = ctypes.cast(callback, ctypes.c_void_p).value
    assert address is not None
    return Kernel(address, kernel_lanes(), callback)
