"""What a linear-quadratic stage looks like in memory, zeros and identities left out.

A stage is one time step of the problem

    min  sum_t 1/2 [x; u]' [[lxx, lux'], [lux, luu]] [x; u] + lx' x + lu' u,   x' = S (A x + B u)

whose state is split into blocks. S is a constant of scaled identities: with S = [[I, dt], [0, I]]
semi-implicit Euler's q' = q + dt v' leaves A = [[I, 0], [Fq, G]] and B = [[0], [Fu]], which is
what makes the recursion cheap. Without structure there is one block, S = I, and dense A and B.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from rl_control.kernels import kernel_lanes, padded

Kind = Literal["zero", "identity", "diagonal", "dense"]
Key = tuple[str | int, ...]  # ("A", i, j), ("B", i), ("xx", i, j), ("ux", j) or ("uu",)


@dataclass(frozen=True)
class Block:
    """One block of a matrix.

    Attributes:
        kind: "zero" and "identity" take no memory; "diagonal" one row; "dense" a row for each
            of its rows.
        offset: where it starts in the stage, in doubles.
    """

    kind: Kind
    offset: int = 0


_ZERO = Block("zero")


@dataclass(frozen=True)
class Stage:
    """The layout of one stage of a problem with states in blocks of given sizes.

    Blocks are keyed by their row and column block; controls are block "u". Vectors and matrix
    rows of a block of size s take `pad(s)` doubles.

    Attributes:
        sizes: size of each state block, in order.
        nu: number of controls.
        kinds: kind of every matrix block not zero: ("A", i, j), ("B", i), ("xx", i, j) with
            i <= j, ("ux", j) and ("uu",).
        coupling: S, by (i, j): the factor of the identity there.
    """

    sizes: tuple[int, ...]
    nu: int
    kinds: Mapping[Key, Kind]
    coupling: Mapping[tuple[int, int], float] = field(default_factory=dict)

    @cached_property
    def width(self) -> int:
        """Doubles in a vector register as used here: at most the processor's."""
        largest = max(*self.sizes, self.nu)
        power = 1 << (largest - 1).bit_length()
        return min(kernel_lanes(), max(power, 2))

    def pad(self, size: int) -> int:
        """A row of `size` doubles with its padding."""
        return padded(size, self.width)

    @property
    def nx(self) -> int:
        """Number of states."""
        return sum(self.sizes)

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """Where each state block begins in a padded state row."""
        starts = [0]
        for size in self.sizes:
            starts.append(starts[-1] + self.pad(size))
        return tuple(starts)

    @cached_property
    def positions(self) -> tuple[int, ...]:
        """Where each state stands in a padded state row, [nx]."""
        pairs = zip(self.starts, self.sizes, strict=False)
        return tuple(start + m for start, size in pairs for m in range(size))

    def lines(self, i: int) -> range:
        """Which rows of a matrix over states belong to block i."""
        first = sum(self.sizes[:i])
        return range(first, first + self.sizes[i])

    @property
    def padded_nx(self) -> int:
        """Length of a padded state row."""
        return self.starts[-1]

    @property
    def padded_nu(self) -> int:
        """Length of a padded control row."""
        return self.pad(self.nu)

    def shape(self, key: Key) -> tuple[int, int]:
        """Rows and columns of a matrix block."""
        if key[0] == "uu":
            return self.nu, self.nu
        if key[0] == "B":
            return self.sizes[_index(key[1])], self.nu
        if key[0] == "ux":
            return self.nu, self.sizes[_index(key[1])]
        return self.sizes[_index(key[1])], self.sizes[_index(key[2])]

    @cached_property
    def blocks(self) -> dict[Key, Block]:
        """Every matrix block that is not zero."""
        found = {}
        offset = self.vectors_end
        for key, kind in self.kinds.items():
            found[key] = Block(kind, offset)
            offset += self._stored(key, kind)
        return found

    @property
    def lx(self) -> int:
        """Offset of the cost's state gradient, a padded state row."""
        return 0

    @property
    def lu(self) -> int:
        """Offset of the cost's control gradient."""
        return self.padded_nx

    @property
    def next_state(self) -> int:
        """Offset of the predicted next state, a padded state row."""
        return self.lu + self.padded_nu

    @property
    def value(self) -> int:
        """Offset of the cost."""
        return self.next_state + self.padded_nx

    @property
    def vectors_end(self) -> int:
        """Offset of the first matrix block."""
        return self.value + self.width

    @cached_property
    def size(self) -> int:
        """Doubles in a stage, a multiple of every register width."""
        end = self.vectors_end + sum(self._stored(key, kind) for key, kind in self.kinds.items())
        return padded(end, kernel_lanes())

    def block(self, *key: str | int) -> Block:
        """The block at `key`; zero where nothing is stored."""
        return self.blocks.get(key, _ZERO)

    def _stored(self, key: Key, kind: Kind) -> int:
        """Doubles a block takes."""
        rows, columns = self.shape(key)
        return {"dense": rows, "diagonal": 1}.get(kind, 0) * self.pad(columns)


def dense_stage(nx: int, nu: int) -> Stage:
    """A stage without structure: one state block, all matrices dense."""
    kinds: dict[Key, Kind] = {
        key: "dense" for key in (("A", 0, 0), ("B", 0), ("xx", 0, 0), ("ux", 0), ("uu",))
    }
    return Stage((nx,), nu, kinds, {(0, 0): 1.0})


def _index(key: str | int) -> int:
    assert isinstance(key, int)
    return key
