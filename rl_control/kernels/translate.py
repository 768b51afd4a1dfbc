"""A CasADi SX function as LLVM IR: one loop over blocks of L lanes, straight-line inside.

The function's own list of instructions is walked once; each becomes a vector instruction.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import casadi as ca

from rl_control.kernels import vector_math as vm
from rl_control.kernels.assembler import Assembler
from rl_control.kernels.ports import Port, padded

_HEAD = """\
define void @{name}(ptr %args, i64 %count) {attributes} {{
entry:
  %some = icmp sgt i64 %count, 0
  br i1 %some, label %start, label %done
start:
{pointers}
  br label %block
block:
  %b = phi i64 [ 0, %start ], [ %b1, %block ]
"""
_TAIL = """\
  %b1 = add nuw nsw i64 %b, 1
  %more = icmp slt i64 %b1, %count
  br i1 %more, label %block, label %done
done:
  ret void
}
"""


def _comparison(predicate: str) -> Callable[[Assembler, str, str], str]:
    def emit(asm: Assembler, a: str, b: str) -> str:
        return asm.select(asm.compare(predicate, a, b), asm.constant(1.0), asm.constant(0.0))

    return emit


def _truth(asm: Assembler, a: str) -> str:
    return asm.compare("une", a, asm.constant(0.0))


def _logic(name: str) -> Callable[[Assembler, str, str], str]:
    def emit(asm: Assembler, a: str, b: str) -> str:
        both = asm.emit(f"{name} {asm.masks} {_truth(asm, a)}, {_truth(asm, b)}")
        return asm.select(both, asm.constant(1.0), asm.constant(0.0))

    return emit


def _sign(asm: Assembler, a: str) -> str:
    zero = asm.constant(0.0)
    unit = asm.intrinsic("llvm.copysign", asm.constant(1.0), a)
    # Ordered: a NaN comes through, and so does a zero with its sign.
    return asm.select(asm.compare("one", a, zero), unit, a)


def _extremum(predicate: str) -> Callable[[Assembler, str, str], str]:
    # A NaN on either side must come through: min and max of a diverged rollout stay NaN.
    def emit(asm: Assembler, a: str, b: str) -> str:
        chosen = asm.select(asm.compare(predicate, a, b), a, b)
        return asm.select(asm.compare("uno", a, a), a, chosen)

    return emit


def _intrinsic(name: str) -> Callable[..., str]:
    return lambda asm, *values: asm.intrinsic(name, *values)


def _library(name: str) -> Callable[..., str]:
    return lambda asm, *values: asm.library(name, *values)


_OPERATIONS: dict[int, Callable[..., str]] = {
    ca.OP_ASSIGN: lambda asm, a: a,
    ca.OP_ADD: Assembler.add,
    ca.OP_SUB: Assembler.sub,
    ca.OP_MUL: Assembler.mul,
    ca.OP_DIV: Assembler.div,
    ca.OP_NEG: Assembler.negate,
    ca.OP_SQ: lambda asm, a: asm.mul(a, a),
    ca.OP_TWICE: lambda asm, a: asm.add(a, a),
    ca.OP_INV: lambda asm, a: asm.div(asm.constant(1.0), a),
    ca.OP_SQRT: _intrinsic("llvm.sqrt"),
    ca.OP_FABS: _intrinsic("llvm.fabs"),
    ca.OP_FLOOR: _intrinsic("llvm.floor"),
    ca.OP_CEIL: _intrinsic("llvm.ceil"),
    ca.OP_COPYSIGN: _intrinsic("llvm.copysign"),
    ca.OP_FMIN: _extremum("olt"),
    ca.OP_FMAX: _extremum("ogt"),
    ca.OP_SIGN: _sign,
    ca.OP_SIN: vm.sine,
    ca.OP_COS: vm.cosine,
    ca.OP_TAN: vm.tangent,
    ca.OP_EXP: vm.exponential,
    ca.OP_LOG: vm.logarithm,
    ca.OP_ATAN: vm.arctangent,
    ca.OP_ATAN2: vm.arctangent2,
    ca.OP_ASIN: vm.arcsine,
    ca.OP_ACOS: vm.arccosine,
    ca.OP_TANH: vm.hyperbolic_tangent,
    ca.OP_LT: _comparison("olt"),
    ca.OP_LE: _comparison("ole"),
    ca.OP_EQ: _comparison("oeq"),
    ca.OP_NE: _comparison("une"),
    ca.OP_AND: _logic("and"),
    ca.OP_OR: _logic("or"),
    ca.OP_NOT: lambda asm, a: asm.select(_truth(asm, a), asm.constant(0.0), asm.constant(1.0)),
    ca.OP_IF_ELSE_ZERO: lambda asm, a, b: asm.select(_truth(asm, a), b, asm.constant(0.0)),
    ca.OP_POW: _library("pow"),
    ca.OP_CONSTPOW: _library("pow"),
    ca.OP_SINH: _library("sinh"),
    ca.OP_COSH: _library("cosh"),
    ca.OP_ASINH: _library("asinh"),
    ca.OP_ACOSH: _library("acosh"),
    ca.OP_ATANH: _library("atanh"),
    ca.OP_ERF: _library("erf"),
    ca.OP_EXPM1: _library("expm1"),
    ca.OP_LOG1P: _library("log1p"),
    ca.OP_HYPOT: _library("hypot"),
    ca.OP_FMOD: _library("fmod"),
    ca.OP_REMAINDER: _library("remainder"),
    ca.OP_LIFT: lambda asm, a, guess: a,
}

LIBRARY_FUNCTIONS = (
    "pow", "sinh", "cosh", "asinh", "acosh", "atanh", "erf", "expm1", "log1p", "hypot", "fmod",
    "remainder",
)  # fmt: skip


def translate(
    function: ca.Function,
    inputs: Sequence[Port],
    outputs: Sequence[Port],
    lanes: int,
    name: str = "kernel",
    attributes: str = "nounwind",
) -> str:
    """Return the LLVM IR of `void name(double **args, int64 count)`.

    Args:
        function: an SX function whose inputs and outputs are dense column vectors.
        inputs: one port an input.
        outputs: one port an output; `args` lists the inputs' addresses, then the outputs'.
        lanes: L, how many evaluations one block makes.
        name: of the emitted function.
        attributes: LLVM function attributes.

    Raises:
        NotImplementedError: an operation without a translation.
    """
    asm = Assembler(lanes)
    pointers, bases = _block_addresses(asm, function, [*inputs, *outputs])
    n_in = function.n_in()
    loaded = [_load(asm, bases[i], function.size1_in(i), port) for i, port in enumerate(inputs)]
    written = _walk(asm, function, loaded)
    for i, port in enumerate(outputs):
        _store(asm, bases[n_in + i], written[i], port)
    head = _HEAD.format(name=name, attributes=attributes, pointers="\n".join(pointers))
    declarations = "\n".join(sorted(asm.declarations))
    return "\n".join([declarations, head.rstrip(), *asm.lines, _TAIL])


def _block_addresses(
    asm: Assembler, function: ca.Function, ports: Sequence[Port]
) -> tuple[list[str], list[str]]:
    """Lines that fetch every argument's address, and its address in the current block."""
    n_in = function.n_in()
    pointers, bases = [], []
    for i, port in enumerate(ports):
        size = function.size1_in(i) if i < n_in else function.size1_out(i - n_in)
        pointers.append(f"  %slot{i} = getelementptr ptr, ptr %args, i64 {i}")
        pointers.append(f"  %arg{i} = load ptr, ptr %slot{i}, align 8")
        shift = asm.emit(f"mul nsw i64 %b, {port.advance(size, asm.lanes)}")
        bases.append(asm.address(f"%arg{i}", shift))
    return pointers, bases


def _load(asm: Assembler, base: str, size: int, port: Port) -> list[str]:
    if port.layout == "lanes":
        return [asm.load(asm.address(base, k * asm.lanes)) for k in range(size)]
    if port.layout == "uniform":
        return [asm.broadcast(asm.address(base, k)) for k in range(size)]
    values: list[str] = []
    for tile in range(0, padded(size, asm.lanes), asm.lanes):
        rows = [asm.load(asm.address(base, lane * port.stride + tile)) for lane in range(asm.lanes)]
        values += asm.transpose(rows)
    return values[:size]


def _store(asm: Assembler, base: str, values: list[str], port: Port) -> None:
    if port.layout == "lanes":
        for k, value in enumerate(values):
            asm.store(value, asm.address(base, k * asm.lanes))
        return
    size = padded(len(values), asm.lanes)
    values = values + [asm.constant(0.0)] * (size - len(values))
    for tile in range(0, size, asm.lanes):
        for lane, row in enumerate(asm.transpose(values[tile : tile + asm.lanes])):
            asm.store(row, asm.address(base, lane * port.stride + tile))


def _walk(asm: Assembler, function: ca.Function, loaded: list[list[str]]) -> list[list[str]]:
    work: dict[int, str] = {}
    zero = asm.constant(0.0)
    written = [[zero] * function.size1_out(i) for i in range(function.n_out())]
    for k in range(function.n_instructions()):
        operation = function.instruction_id(k)
        source, target = function.instruction_input(k), function.instruction_output(k)
        if operation == ca.OP_CONST:
            work[target[0]] = asm.constant(function.instruction_constant(k))
        elif operation == ca.OP_INPUT:
            work[target[0]] = loaded[source[0]][source[1]]
        elif operation == ca.OP_OUTPUT:
            written[target[0]][target[1]] = work[source[0]]
        elif operation in _OPERATIONS:
            values = [work[index] for index in source]
            work[target[0]] = _OPERATIONS[operation](asm, *values)
        else:
            raise NotImplementedError(f"no translation of CasADi operation {operation}")
    return written
