"""A writer of LLVM IR text on vectors of L doubles: values in, names of new values out."""

from __future__ import annotations

import struct
from collections.abc import Sequence


class Assembler:
    """Collects the lines of one function's body.

    Every value is the name of an SSA register holding `lanes` doubles, one a lane.
    """

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        self.type = f"<{lanes} x double>"
        self.integers = f"<{lanes} x i64>"
        self.masks = f"<{lanes} x i1>"
        self.lines: list[str] = []
        self.declarations: set[str] = set()
        self._known: dict[str, str] = {}
        self._count = 0
        self._constants: dict[float, str] = {}

    def emit(self, text: str) -> str:
        """Append an instruction and return the name of its result.

        An instruction that stands already is not written again: all are free of side effects,
        and a body loads everything before it stores anything.
        """
        if text not in self._known:
            self._count += 1
            name = self._known[text] = f"%v{self._count}"
            self.lines.append(f"  {name} = {text}")
        return self._known[text]

    def statement(self, text: str) -> None:
        """Append an instruction without a result."""
        self.lines.append(f"  {text}")

    def constant(self, value: float) -> str:
        """A double in every lane."""
        if value not in self._constants or value == 0.0:
            bits = struct.unpack("<Q", struct.pack("<d", value))[0]
            entry = f"double 0x{bits:016X}"
            self._constants[value] = "<" + ", ".join([entry] * self.lanes) + ">"
        return self._constants[value]

    def integer(self, value: int) -> str:
        """A 64-bit integer in every lane."""
        return "<" + ", ".join([f"i64 {value}"] * self.lanes) + ">"

    def binary(self, name: str, a: str, b: str) -> str:
        """An arithmetic instruction; a product and a sum may fuse into one rounding."""
        return self.emit(f"{name} contract {self.type} {a}, {b}")

    def add(self, a: str, b: str) -> str:
        """The sum a + b."""
        return self.binary("fadd", a, b)

    def sub(self, a: str, b: str) -> str:
        """The difference a - b."""
        return self.binary("fsub", a, b)

    def mul(self, a: str, b: str) -> str:
        """The product a * b."""
        return self.binary("fmul", a, b)

    def div(self, a: str, b: str) -> str:
        """The quotient a / b, as a times 1 / b: divisors are often shared, and division slow.

        Within 1.5 units in the last place; not for |b| below 6e-309, whose inverse is infinite.
        """
        reciprocal = self.binary("fdiv", self.constant(1.0), b)
        one = a == self.constant(1.0)
        return reciprocal if one else self.mul(a, reciprocal)

    def quotient(self, a: str, b: str) -> str:
        """The quotient a / b, rounded once; for a divisor that no other quotient shares."""
        return self.binary("fdiv", a, b)

    def negate(self, a: str) -> str:
        """-a."""
        return self.emit(f"fneg {self.type} {a}")

    def compare(self, how: str, a: str, b: str) -> str:
        """A mask: `how` is an LLVM fcmp predicate."""
        return self.emit(f"fcmp {how} {self.type} {a}, {b}")

    def select(self, mask: str, yes: str, no: str) -> str:
        """Lane by lane, yes where the mask holds."""
        return self.emit(f"select {self.masks} {mask}, {self.type} {yes}, {self.type} {no}")

    def intrinsic(self, name: str, *arguments: str) -> str:
        """Call a vector intrinsic, such as llvm.sqrt."""
        full = f"@{name}.v{self.lanes}f64"
        types = ", ".join([self.type] * len(arguments))
        self.declarations.add(f"declare {self.type} {full}({types})")
        listed = ", ".join(f"{self.type} {argument}" for argument in arguments)
        return self.emit(f"call {self.type} {full}({listed})")

    def library(self, name: str, *arguments: str) -> str:
        """Call a function of the C mathematics library in each lane."""
        types = ", ".join(["double"] * len(arguments))
        self.declarations.add(f"declare double @{name}({types})")
        result = "poison"
        for lane in range(self.lanes):
            scalars = [
                self.emit(f"extractelement {self.type} {argument}, i32 {lane}")
                for argument in arguments
            ]
            listed = ", ".join(f"double {scalar}" for scalar in scalars)
            value = self.emit(f"call double @{name}({listed})")
            result = self.emit(f"insertelement {self.type} {result}, double {value}, i32 {lane}")
        return result

    def to_bits(self, a: str) -> str:
        """The lanes' bit patterns as integers."""
        return self.emit(f"bitcast {self.type} {a} to {self.integers}")

    def from_bits(self, a: str) -> str:
        """Integers' bit patterns as doubles."""
        return self.emit(f"bitcast {self.integers} {a} to {self.type}")

    def bitwise(self, name: str, a: str, value: int) -> str:
        """An integer instruction with the same right operand in every lane."""
        return self.emit(f"{name} {self.integers} {a}, {self.integer(value)}")

    def polynomial(self, x: str, coefficients: Sequence[float]) -> str:
        """Horner's rule; the highest power's coefficient comes first."""
        result = self.constant(coefficients[0])
        for coefficient in coefficients[1:]:
            result = self.add(self.mul(result, x), self.constant(coefficient))
        return result

    def address(self, base: str, offset: int | str) -> str:
        """The address `offset` doubles after `base`."""
        return self.emit(f"getelementptr double, ptr {base}, i64 {offset}")

    def load(self, pointer: str) -> str:
        """`lanes` consecutive doubles; no alignment beyond a double's is assumed."""
        return self.emit(f"load {self.type}, ptr {pointer}, align 8")

    def store(self, value: str, pointer: str) -> None:
        """Write `lanes` consecutive doubles."""
        self.statement(f"store {self.type} {value}, ptr {pointer}, align 8")

    def broadcast(self, pointer: str) -> str:
        """One double in memory, in every lane."""
        scalar = self.emit(f"load double, ptr {pointer}, align 8")
        first = self.emit(f"insertelement {self.type} poison, double {scalar}, i32 0")
        return self.emit(
            f"shufflevector {self.type} {first}, {self.type} poison, "
            f"<{self.lanes} x i32> zeroinitializer"
        )

    def splat(self, a: str, lane: int) -> str:
        """One lane's value in every lane."""
        return self._shuffle(a, a, [lane] * self.lanes)

    def forget_loads(self) -> None:
        """Let memory written so far be read anew: later loads are not taken from earlier ones."""
        self._known = {
            text: name for text, name in self._known.items() if not text.startswith("load")
        }

    def transpose(self, rows: list[str]) -> list[str]:
        """Turn `lanes` vectors over: element j of vector i becomes element i of vector j."""
        span = 1
        while span < self.lanes:
            turned = list(rows)
            for i in range(self.lanes):
                if i & span:
                    continue
                low, high = rows[i], rows[i + span]
                keep = [
                    lane if not lane & span else self.lanes + lane - span
                    for lane in range(self.lanes)
                ]
                swap = [
                    lane + span if not lane & span else self.lanes + lane
                    for lane in range(self.lanes)
                ]
                turned[i] = self._shuffle(low, high, keep)
                turned[i + span] = self._shuffle(low, high, swap)
            rows = turned
            span *= 2
        return rows

    def _shuffle(self, a: str, b: str, order: Sequence[int]) -> str:
        mask = ", ".join(f"i32 {k}" for k in order)
        return self.emit(
            f"shufflevector {self.type} {a}, {self.type} {b}, <{self.lanes} x i32> <{mask}>"
        )
