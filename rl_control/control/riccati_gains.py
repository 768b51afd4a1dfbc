"""The part of a Riccati step that solves for the gains."""

from __future__ import annotations

from rl_control.control.rows import Row, RowWriter


def write_gains(w: RowWriter) -> None:
    """Write k, K and the least pivot, by elimination on [Quu + mu I | -Qux | -Qu].

    The arguments are scratch, mu, free, clamped, k, K and pivot. The row and column of a clamped
    control are those of the identity, its right-hand side its step: it keeps that step, and its
    row of K is zero.
    """
    stage = w.stage
    k_at, gain_at, pivot_at = w.bases[4:]
    registers = stage.padded_nu // stage.width
    system = _system(w)
    least = _eliminate(w, system)
    for i, row in enumerate(system):
        w.write(gain_at, i * stage.padded_nx, row[registers:-1])
        w.write_first(k_at, i, row[-1])
    w.write_first(pivot_at, 0, least)


def _system(w: RowWriter) -> list[Row]:
    """Rows of the equations: Quu, Qux, and Qu in all lanes of a last register."""
    scratch, mu_at, free_at, clamped_at = w.bases[:4]
    asm, stage, offsets = w.asm, w.stage, w.offsets
    mu = asm.broadcast(mu_at)
    free = w.read(free_at, 0, stage.padded_nu)
    clamped = [w.entry(clamped_at, i) for i in range(stage.nu)]
    one = asm.constant(1.0)
    system = []
    for i in range(stage.nu):
        is_free = w.entry(free_at, i)
        curvature_at = offsets.quu + i * stage.padded_nu
        row = w.read(scratch, curvature_at, stage.padded_nu)
        gradient = w.entry(scratch, offsets.qu + i)
        for j in range(stage.nu):
            curvature = w.entry(scratch, curvature_at + j)
            gradient = asm.add(gradient, asm.mul(curvature, clamped[j]))
        row = [asm.mul(asm.mul(v, f), is_free) for v, f in zip(row, free, strict=True)]
        fixed = asm.sub(one, is_free)
        diagonal = asm.add(asm.mul(mu, is_free), fixed)
        place = i // stage.width
        row[place] = asm.add(row[place], asm.mul(diagonal, w.unit(i % stage.width)))
        cross = w.read(scratch, offsets.qux + i * stage.padded_nx, stage.padded_nx)
        cross = [asm.mul(asm.negate(v), is_free) for v in cross]
        right = asm.sub(asm.mul(fixed, clamped[i]), asm.mul(is_free, gradient))
        system.append([*row, *cross, right])
    return system


def _eliminate(w: RowWriter, system: list[Row]) -> str:
    """Solve in place by elimination and back substitution; return the least pivot.

    Gauss-Jordan elimination would shorten the chain of operations, but its residual grows
    with the condition of Quu, and the value update relies on that residual being small.
    """
    asm, width, nu = w.asm, w.stage.width, w.stage.nu
    least = asm.constant(float("inf"))
    for k in range(nu):
        pivot = asm.splat(system[k][k // width], k % width)
        # "Not less" keeps a NaN pivot, as a minimum would not.
        smaller = asm.compare("olt", least, pivot)
        least = asm.select(smaller, least, pivot)
        inverse = asm.div(asm.constant(1.0), pivot)
        first = k // width
        system[k][first:] = [asm.mul(v, inverse) for v in system[k][first:]]
        for i in range(k + 1, nu):
            _subtract(w, system[i], system[k], k, first)
    right = w.stage.padded_nu // width
    for k in reversed(range(nu)):
        for i in range(k):
            _subtract(w, system[i], system[k], k, right)
    return least


def _subtract(w: RowWriter, row: Row, lead: Row, column: int, first: int) -> None:
    """Subtract row[column] times `lead` from `row`, from register `first` on."""
    asm, width = w.asm, w.stage.width
    factor = asm.splat(row[column // width], column % width)
    row[first:] = [
        asm.sub(v, asm.mul(factor, p)) for v, p in zip(row[first:], lead[first:], strict=True)
    ]
