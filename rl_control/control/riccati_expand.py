"""The part of a Riccati step that forms Q from the cost to go and a stage."""

from __future__ import annotations

from rl_control.control.rows import Row, RowWriter
from rl_control.control.structure import Key

Placed = list[tuple[int, Row]]  # rows, and where in the scratch memory they go


def write_expand(w: RowWriter) -> None:
    """Write Qx, Qu, Qxx, Qux and Quu; the arguments are scratch and stage."""
    scratch = w.bases[0]
    _move(w, scratch)
    results = [*_hessians(w), *_gradients(w)]
    for offset, row in results:
        w.write(scratch, offset, row)


def _hessians(w: RowWriter) -> Placed:
    """Qxx on and above its diagonal blocks, Qux and Quu."""
    stage, offsets = w.stage, w.offsets
    blocks = range(len(stage.sizes))
    carried = {(i, j): _value_times(w, i, ("A", j)) for i in blocks for j in blocks}
    driven = [_value_times(w, i, ("B",)) for i in blocks]
    results: Placed = []
    for i in blocks:
        for j in blocks[i:]:
            rows = _curvature(w, ("xx", i, j), ("A", i), [carried[k, j] for k in blocks])
            first = offsets.qxx + stage.lines(i).start * stage.padded_nx + stage.starts[j]
            results += _placed(first, stage.padded_nx, rows)
    for j in blocks:
        rows = _curvature(w, ("ux", j), ("B",), [carried[k, j] for k in blocks])
        results += _placed(offsets.qux + stage.starts[j], stage.padded_nx, rows)
    rows = _curvature(w, ("uu",), ("B",), driven)
    return results + _placed(offsets.quu, stage.padded_nu, rows)


def _curvature(w: RowWriter, key: Key, left: Key, right: list[list[Row]]) -> list[Row]:
    """A block of the cost's Hessian plus a column of A or B, transposed, times `right`."""
    stage_at = w.bases[1]
    rows = w.block_rows(stage_at, key)
    for k, factor in enumerate(right):
        w.add_transposed(rows, stage_at, (left[0], k, *left[1:]), factor)
    return rows


def _placed(first: int, stride: int, rows: list[Row]) -> Placed:
    return [(first + line * stride, row) for line, row in enumerate(rows)]


def _move(w: RowWriter, scratch: str) -> None:
    """Write S' V'x and S' V'xx S."""
    stage, offsets = w.stage, w.offsets
    blocks = range(len(stage.sizes))

    def row(offset: int, j: int) -> Row:
        return w.read(scratch, offset + stage.starts[j], stage.pad(stage.sizes[j]))

    value = {
        (i, j): [row(offsets.vxx + line * stage.padded_nx, j) for line in stage.lines(i)]
        for i in blocks
        for j in blocks
    }
    gradient = [[row(offsets.vx, j)] for j in blocks]
    right = {(i, j): _coupled(w, j, [value[i, k] for k in blocks]) for i in blocks for j in blocks}
    both = {(i, j): _coupled(w, i, [right[k, j] for k in blocks]) for i in blocks for j in blocks}
    turned = [_coupled(w, j, gradient)[0] for j in blocks]
    for j in blocks:
        w.write(scratch, offsets.moved + stage.starts[j], turned[j])
    for (i, j), rows in both.items():
        for line, values in zip(stage.lines(i), rows, strict=True):
            w.write(
                scratch,
                offsets.moved_hessian + line * stage.padded_nx + stage.starts[j],
                values,
            )
    # What was stored is read back entry by entry: forget the loads made before it.
    w.asm.forget_loads()


def _coupled(w: RowWriter, column: int, matrices: list[list[Row]]) -> list[Row]:
    """The sum of matrices, given by rows, weighted with a column of S."""
    total: list[Row] | None = None
    for k, rows in enumerate(matrices):
        factor = w.stage.coupling.get((k, column), 0.0)
        if factor == 0.0:
            continue
        if factor != 1.0:
            scale = w.asm.constant(factor)
            rows = [[w.asm.mul(scale, v) for v in row] for row in rows]
        total = rows if total is None else [w.plus(a, b) for a, b in zip(total, rows, strict=True)]
    assert total is not None, "S has a column of zeros"
    return total


def _value_times(w: RowWriter, i: int, key: Key) -> list[Row]:
    """Rows of block i of (S' V'xx S) A[:, j], or of (S' V'xx S) B."""
    scratch, stage_at = w.bases
    stage = w.stage
    columns = stage.shape((key[0], i, *key[1:]))[1]
    chunks = stage.pad(columns) // stage.width
    # One base for the whole matrix keeps the offsets of its entries small.
    value = w.asm.address(scratch, w.offsets.moved_hessian)
    return [
        w.plus_product([w.asm.constant(0.0)] * chunks, value, line * stage.padded_nx, stage_at, key)
        for line in stage.lines(i)
    ]


def _gradients(w: RowWriter) -> Placed:
    """Qx and Qu."""
    scratch, stage_at = w.bases
    stage, offsets = w.stage, w.offsets
    targets: list[tuple[int, int, Key, int]] = [
        (stage.lx + start, offsets.qx + start, ("A", j), size)
        for j, (start, size) in enumerate(zip(stage.starts, stage.sizes, strict=False))
    ]
    targets.append((stage.lu, offsets.qu, ("B",), stage.nu))
    results = []
    for source, target, key, size in targets:
        row = w.read(stage_at, source, stage.pad(size))
        results.append((target, w.plus_product(row, scratch, offsets.moved, stage_at, key)))
    return results
