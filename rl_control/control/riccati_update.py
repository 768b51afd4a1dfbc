"""The part of a Riccati step that forms the cost to go from Q and the gains."""

from __future__ import annotations

from rl_control.control.rows import Row, RowWriter


def write_update(w: RowWriter) -> None:
    """Write Vx and Vxx; the arguments are scratch, mu, k and K."""
    scratch, mu_at, k_at, gain_at = w.bases
    asm, stage, offsets = w.asm, w.stage, w.offsets
    mu = asm.broadcast(mu_at)
    gains, mixed = [], []
    for m in range(stage.nu):
        gain = w.read(gain_at, m * stage.padded_nx, stage.padded_nx)
        cross = w.read(scratch, offsets.qux + m * stage.padded_nx, stage.padded_nx)
        gains.append(gain)
        mixed.append([asm.sub(c, asm.mul(mu, g)) for c, g in zip(cross, gain, strict=True)])
        w.write(scratch, offsets.mixed + m * stage.padded_nx, mixed[m])
    # What was stored is read back entry by entry: forget the loads made before it.
    asm.forget_loads()
    gradient = w.read(scratch, offsets.qx, stage.padded_nx)
    for m, row in enumerate(mixed):
        gradient = w.plus_scaled(gradient, w.entry(k_at, m), row)
    hessian = _symmetric(w, _value_hessian(w, gains))
    w.write(scratch, offsets.vx, gradient)
    for line, values in enumerate(hessian):
        w.write(scratch, offsets.vxx + line * stage.padded_nx, values)


def _value_hessian(w: RowWriter, gains: list[Row]) -> list[Row]:
    """Rows of Vxx from the diagonal blocks on; what is left of them is zero."""
    scratch, stage, offsets = w.bases[0], w.stage, w.offsets
    zero = w.asm.constant(0.0)
    rows = []
    for i, start in enumerate(stage.starts[:-1]):
        first = start // stage.width
        for m, line in enumerate(stage.lines(i)):
            at = offsets.qxx + line * stage.padded_nx + start
            row = w.read(scratch, at, stage.padded_nx - start)
            for c, gain in enumerate(gains):
                factor = w.entry(scratch, offsets.mixed + c * stage.padded_nx + start + m)
                row = w.plus_scaled(row, factor, gain[first:])
            rows.append([zero] * first + row)
    return rows


def _symmetric(w: RowWriter, rows: list[Row]) -> list[Row]:
    """Mirror the upper blocks, tile by tile; tiles of the diagonal blocks are averaged.

    Without it rounding errors grow backwards in time until the gains are noise.
    """
    asm, stage, width = w.asm, w.stage, w.stage.width
    half, zero = asm.constant(0.5), asm.constant(0.0)
    line_at = {position: line for line, position in enumerate(stage.positions)}
    result = [list(row) for row in rows]
    block_of = [i for i, size in enumerate(stage.sizes) for _ in range(stage.pad(size) // width)]

    def tile(i: int, j: int) -> Row:
        places = range(i * width, (i + 1) * width)
        return [rows[line_at[p]][j] if p in line_at else zero for p in places]

    def place(i: int, j: int, values: Row) -> None:
        for position, value in enumerate(values, i * width):
            if position in line_at:
                result[line_at[position]][j] = value

    for i in range(len(block_of)):
        for j in range(i, len(block_of)):
            upper = tile(i, j)
            if block_of[i] == block_of[j]:
                pairs = zip(upper, asm.transpose(tile(j, i)), strict=True)
                upper = [asm.mul(half, asm.add(a, b)) for a, b in pairs]
                place(i, j, upper)
            if i != j:
                place(j, i, asm.transpose(upper))
    return result
