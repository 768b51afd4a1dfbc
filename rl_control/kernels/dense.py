"""A dense layer y = W x + b on lanes, its weights read from memory at run time.

Straight-line code of a layer of 64 would be long; here two loops go over tiles of outputs and over
inputs, with one vector register an output and every weight broadcast to all lanes.
"""

from __future__ import annotations

import ctypes

import numpy as np

from rl_control.kernels.available import jit_available
from rl_control.kernels.kernel import Kernel, kernel_lanes
from rl_control.types import Array

_SIGNATURE = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int64)
_TILE = 8  # outputs held in registers at once
_HEAD = """\
define void @{name}(ptr %args, i64 %count) {attributes} {{
entry:
  %slot1 = getelementptr ptr, ptr %args, i64 1
  %slot2 = getelementptr ptr, ptr %args, i64 2
  %slot3 = getelementptr ptr, ptr %args, i64 3
  %W = load ptr, ptr %args, align 8
  %b = load ptr, ptr %slot1, align 8
  %x0 = load ptr, ptr %slot2, align 8
  %y0 = load ptr, ptr %slot3, align 8
  %some = icmp sgt i64 %count, 0
  br i1 %some, label %block, label %done
block:
  %k = phi i64 [ 0, %entry ], [ %k1, %next ]
  %xk = mul nsw i64 %k, {x_step}
  %yk = mul nsw i64 %k, {y_step}
  %x = getelementptr double, ptr %x0, i64 %xk
  %y = getelementptr double, ptr %y0, i64 %yk
"""
_TAIL = """\
next:
  %k1 = add nuw nsw i64 %k, 1
  %more = icmp slt i64 %k1, %count
  br i1 %more, label %block, label %done
done:
  ret void
}
"""


def compile_dense(inputs: int, outputs: int) -> Kernel:
    """Return the kernel of a layer.

    Its arguments are W [outputs, inputs], b [outputs], x [blocks, inputs, L] and y [blocks,
    outputs, L]; all blocks use the same weights.

    Args:
        inputs: number of inputs of the layer.
        outputs: number of its outputs.
    """
    lanes = kernel_lanes()
    if not jit_available():
        return _interpreted(inputs, outputs, lanes)
    from rl_control.kernels import jit

    name = f"dense_{inputs}_{outputs}"
    address = jit.load(_layer(name, inputs, outputs, lanes, jit.function_attributes()), name)
    return Kernel(address, lanes, _SIGNATURE(address))


def _layer(name: str, inputs: int, outputs: int, lanes: int, attributes: str) -> str:
    """The LLVM IR of a layer."""
    head = _HEAD.format(
        name=name, attributes=attributes, x_step=inputs * lanes, y_step=outputs * lanes
    )
    lines = [head.rstrip()]
    whole, rest = divmod(outputs, _TILE)
    entry = "block"
    if whole:
        lines += [f"  br label %tile{_TILE}"]
        lines += _tile(f"tile{_TILE}", entry, 0, whole * _TILE, _TILE, inputs, lanes)
        entry = f"tile{_TILE}_next"
    if rest:
        if whole:
            lines += [f"tile{_TILE}_end:"]
            entry = f"tile{_TILE}_end"
        lines += [f"  br label %tail{rest}"]
        lines += _tile(f"tail{rest}", entry, whole * _TILE, outputs, rest, inputs, lanes)
        lines += [f"tail{rest}_end:"]
    else:
        lines += [f"tile{_TILE}_end:"]
    lines += ["  br label %next", _TAIL]
    fma = f"declare <{lanes} x double> @llvm.fma.v{lanes}f64" + (
        f"(<{lanes} x double>, <{lanes} x double>, <{lanes} x double>)"
    )
    return "\n".join([fma, *lines])


def _tile(
    name: str, entry: str, first: int, last: int, width: int, inputs: int, lanes: int
) -> list[str]:
    """Lines of a loop over tiles of `width` outputs, from output `first` up to `last`."""
    vector = f"<{lanes} x double>"

    def broadcast(value: str, scalar: str) -> list[str]:
        zeros = f"<{lanes} x i32> zeroinitializer"
        return [
            f"  {value}_first = insertelement {vector} poison, double {scalar}, i32 0",
            f"  {value} = shufflevector {vector} {value}_first, {vector} poison, {zeros}",
        ]

    lines = [
        f"{name}:",
        f"  %{name}_o = phi i64 [ {first}, %{entry} ], [ %{name}_o1, %{name}_next ]",
        f"  %{name}_row = mul nsw i64 %{name}_o, {inputs}",
    ]
    for t in range(width):
        at = f"%{name}_{t}"
        lines += [
            f"  {at}_o = add nsw i64 %{name}_o, {t}",
            f"  {at}_bp = getelementptr double, ptr %b, i64 {at}_o",
            f"  {at}_b = load double, ptr {at}_bp, align 8",
            *broadcast(f"{at}_start", f"{at}_b"),
        ]
    lines += [f"  br label %{name}_sum", f"{name}_sum:"]
    lines += [f"  %{name}_i = phi i64 [ 0, %{name} ], [ %{name}_i1, %{name}_sum ]"]
    lines += [
        f"  %{name}_{t}_a = phi {vector} [ %{name}_{t}_start, %{name} ], "
        f"[ %{name}_{t}_n, %{name}_sum ]"
        for t in range(width)
    ]
    lines += [
        f"  %{name}_xi = mul nsw i64 %{name}_i, {lanes}",
        f"  %{name}_xp = getelementptr double, ptr %x, i64 %{name}_xi",
        f"  %{name}_x = load {vector}, ptr %{name}_xp, align 8",
        f"  %{name}_w = add nsw i64 %{name}_row, %{name}_i",
    ]
    for t in range(width):
        at = f"%{name}_{t}"
        lines += [
            f"  {at}_wi = add nsw i64 %{name}_w, {t * inputs}",
            f"  {at}_wp = getelementptr double, ptr %W, i64 {at}_wi",
            f"  {at}_w = load double, ptr {at}_wp, align 8",
            *broadcast(f"{at}_ww", f"{at}_w"),
            f"  {at}_n = call {vector} @llvm.fma.v{lanes}f64({vector} {at}_ww, "
            f"{vector} %{name}_x, {vector} {at}_a)",
        ]
    lines += [
        f"  %{name}_i1 = add nuw nsw i64 %{name}_i, 1",
        f"  %{name}_more = icmp slt i64 %{name}_i1, {inputs}",
        f"  br i1 %{name}_more, label %{name}_sum, label %{name}_next",
        f"{name}_next:",
    ]
    for t in range(width):
        at = f"%{name}_{t}"
        lines += [
            f"  {at}_yi = mul nsw i64 {at}_o, {lanes}",
            f"  {at}_yp = getelementptr double, ptr %y, i64 {at}_yi",
            f"  store {vector} {at}_n, ptr {at}_yp, align 8",
        ]
    return [
        *lines,
        f"  %{name}_o1 = add nuw nsw i64 %{name}_o, {width}",
        f"  %{name}_again = icmp slt i64 %{name}_o1, {last}",
        f"  br i1 %{name}_again, label %{name}, label %{name}_end",
    ]


def _interpreted(inputs: int, outputs: int, lanes: int) -> Kernel:
    """The same behind a Python function."""

    def run(arguments: int, count: int) -> None:
        table = list((ctypes.c_int64 * 4).from_address(arguments))
        weights = _view(table[0], outputs, inputs)
        bias = _view(table[1], outputs, 1)
        x = _view(table[2], count, inputs, lanes)
        _view(table[3], count, outputs, lanes)[:] = weights @ x + bias

    callback = _SIGNATURE(run)
    address = ctypes.cast(callback, ctypes.c_void_p).value
    assert address is not None
    return Kernel(address, lanes, callback)


def _view(address: int, *shape: int) -> Array:
    memory = (ctypes.c_double * int(np.prod(shape))).from_address(address)
    view: Array = np.ctypeslib.as_array(memory).reshape(shape)
    return view
