"""A writer of machine code on matrices in blocks: rows of vector registers.

Every matrix is stored by rows, padded to vector registers; a product C = A B reads A's entries
one by one and B's rows as vectors, so only rows are ever loaded whole.
"""

from __future__ import annotations

from collections.abc import Sequence

from rl_control.control.scratch import Scratch
from rl_control.control.structure import Key, Stage
from rl_control.kernels.assembler import Assembler

Row = list[str]  # names of the registers that hold a matrix row
_FUNCTION = """\
define void @{name}(ptr %args, i64 %count) {attributes} {{
{body}
  ret void
}}
"""


class RowWriter:
    """Writes one function `void (double **args, int64 count)` for one stage layout.

    Attributes:
        stage: layout of the stage.
        offsets: layout of the scratch memory.
        asm: what has been written.
        bases: registers holding the addresses in `args`.
    """

    def __init__(self, stage: Stage, arguments: int) -> None:
        self.stage = stage
        self.offsets = Scratch(stage)
        self.asm = Assembler(stage.width)
        self.bases = []
        for i in range(arguments):
            slot = self.asm.emit(f"getelementptr ptr, ptr %args, i64 {i}")
            self.bases.append(self.asm.emit(f"load ptr, ptr {slot}, align 8"))

    def function(self, name: str, attributes: str) -> str:
        """The finished function as LLVM IR."""
        body = "\n".join(self.asm.lines)
        text = _FUNCTION.format(name=name, attributes=attributes, body=body)
        return "\n".join([*sorted(self.asm.declarations), text])

    def read(self, base: str, offset: int, count: int) -> Row:
        """Load `count` doubles, a multiple of the register width."""
        width = self.stage.width
        return [self.asm.load(self.asm.address(base, offset + c)) for c in range(0, count, width)]

    def write(self, base: str, offset: int, row: Row) -> None:
        """Store a row."""
        for c, value in enumerate(row):
            self.asm.store(value, self.asm.address(base, offset + c * self.stage.width))

    def write_first(self, base: str, offset: int, value: str) -> None:
        """Store a register's first lane."""
        scalar = self.asm.emit(f"extractelement {self.asm.type} {value}, i32 0")
        pointer = self.asm.address(base, offset)
        self.asm.statement(f"store double {scalar}, ptr {pointer}, align 8")

    def entry(self, base: str, offset: int) -> str:
        """Load one double into every lane."""
        return self.asm.broadcast(self.asm.address(base, offset))

    def plus(self, a: Row, b: Row) -> Row:
        """A sum of rows."""
        return [self.asm.add(x, y) for x, y in zip(a, b, strict=True)]

    def plus_scaled(self, row: Row, factor: str, other: Sequence[str | None]) -> Row:
        """A row plus `factor` times another; None stands for a register of zeros."""
        return [
            v if o is None else self.asm.add(v, self.asm.mul(factor, o))
            for v, o in zip(row, other, strict=True)
        ]

    def unit(self, lane: int) -> str:
        """A register with a one in one lane."""
        values = ["double 0.0"] * self.asm.lanes
        values[lane] = "double 1.0"
        return "<" + ", ".join(values) + ">"

    def block_row(self, stage_at: str, key: Key, i: int) -> list[str | None]:
        """Row i of the stage's block `key`; None where a register would hold only zeros."""
        stage, block = self.stage, self.stage.block(*key)
        columns = stage.pad(stage.shape(key)[1])
        if block.kind == "dense":
            return list(self.read(stage_at, block.offset + i * columns, columns))
        row: list[str | None] = [None] * (columns // stage.width)
        if block.kind == "zero":
            return row
        unit = self.unit(i % stage.width)
        if block.kind == "diagonal":
            unit = self.asm.mul(self.entry(stage_at, block.offset + i), unit)
        row[i // stage.width] = unit
        return row

    def block_rows(self, stage_at: str, key: Key) -> list[Row]:
        """All rows of the stage's block `key`."""
        zero = self.asm.constant(0.0)
        rows = [self.block_row(stage_at, key, i) for i in range(self.stage.shape(key)[0])]
        return [[zero if v is None else v for v in row] for row in rows]

    def plus_product(self, row: Row, base: str, offset: int, stage_at: str, key: Key) -> Row:
        """A row plus z' M.

        Args:
            row: what is added to.
            base: address of memory that holds z, a padded state row.
            offset: of z.
            stage_at: address of the stage.
            key: of M without its row block: ("A", j) or ("B",).
        """
        stage = self.stage
        for k, size in enumerate(stage.sizes):
            block_key = (key[0], k, *key[1:])
            kind = stage.block(*block_key).kind
            at = offset + stage.starts[k]
            if kind == "identity":
                row = self.plus(row, self.read(base, at, stage.pad(size)))
            elif kind != "zero":
                for m in range(size):
                    factor = self.entry(base, at + m)
                    row = self.plus_scaled(row, factor, self.block_row(stage_at, block_key, m))
        return row

    def add_transposed(
        self, rows: list[Row], stage_at: str, key: Key, right: Sequence[Row]
    ) -> None:
        """Add M' times `right` to `rows` in place, with M the stage's block `key`."""
        block = self.stage.block(*key)
        if block.kind == "zero":
            return
        count, columns = self.stage.shape(key)
        stride = self.stage.pad(columns)
        for i in range(len(rows)):
            if block.kind == "identity":
                rows[i] = self.plus(rows[i], right[i])
            elif block.kind == "diagonal":
                factor = self.entry(stage_at, block.offset + i)
                rows[i] = self.plus_scaled(rows[i], factor, right[i])
            else:
                for m in range(count):
                    factor = self.entry(stage_at, block.offset + m * stride + i)
                    rows[i] = self.plus_scaled(rows[i], factor, right[m])
