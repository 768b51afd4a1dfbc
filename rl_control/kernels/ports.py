"""How a kernel's arguments lie in memory."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Layout = Literal["rows", "lanes", "uniform"]


@dataclass(frozen=True)
class Port:
    """The layout of one argument: a vector for every lane, for every block of L lanes.

    Attributes:
        layout: "rows": each lane has a row of its own, `stride` doubles after the one before
            (arrays [batch, stride]); "lanes": element k of all lanes lies together
            (arrays [blocks, size, L]); "uniform": all lanes of a block read one row
            (arrays [blocks, stride]; inputs only).
        stride: row length in doubles, at least the size rounded up to a multiple of L for rows.
        step: doubles from one block to the next; None takes what the layout implies.
    """

    layout: Layout = "rows"
    stride: int = 0
    step: int | None = None

    def advance(self, size: int, lanes: int) -> int:
        """Doubles from one block to the next for a vector of `size` entries."""
        if self.step is not None:
            return self.step
        if self.layout == "rows":
            return self.stride * lanes
        return size * lanes if self.layout == "lanes" else self.stride


def padded(size: int, lanes: int) -> int:
    """`size` rounded up to a multiple of `lanes`."""
    return -(-size // lanes) * lanes
