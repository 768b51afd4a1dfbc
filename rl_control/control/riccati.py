"""One step of the Riccati recursion as machine code for a problem's exact sizes and zeros.

    V' <- cost to go at t + 1, quadratic with gradient V'x and Hessian V'xx
    Qx  = lx + A' V'x          Qxx = lxx + A' V'xx A
    Qu  = lu + B' V'x          Quu = luu + B' V'xx B       Qux = lux + B' V'xx A
    (Quu + mu I) k = -Qu       (Quu + mu I) K = -Qux       on the controls that are free
    Vx  = Qx + Qux' k - mu K' k          Vxx = Qxx + Qux' K - mu K' K

The value update is that of the policy (k, K) under the unregularised Q, so gains and value stay
consistent whatever mu is, and with controls clamped to their bounds (rows of K zero).

Source: Tassa, Mansard and Todorov, "Control-limited differential dynamic programming" (2014),
eq. 5, 11 and 12; the update's short form follows from the gains' own equations.
"""

from __future__ import annotations

from rl_control.control.riccati_expand import write_expand
from rl_control.control.riccati_gains import write_gains
from rl_control.control.riccati_update import write_update
from rl_control.control.rows import RowWriter
from rl_control.control.structure import Stage


class RiccatiWriter:
    """Writes the recursion's three parts for one stage layout.

    The parts take addresses in `args`:
        expand: scratch, stage                    (Q from V and the stage)
        gains: scratch, mu, free, clamped, k, K, pivot
        update: scratch, mu, k, K                 (V from Q and the gains)
    `free` is 1 for a free and 0 for a clamped control, [padded nu]; `clamped` holds the steps of
    clamped controls, zero elsewhere; `pivot` receives the least pivot: Quu + mu I is positive
    definite on the free controls if it is positive.

    Args:
        stage: layout of a stage.
        attributes: LLVM attributes of the functions.
    """

    def __init__(self, stage: Stage, attributes: str) -> None:
        self.stage = stage
        self._attributes = attributes

    def expand(self, name: str) -> str:
        """The part that forms Q, as LLVM IR."""
        writer = RowWriter(self.stage, arguments=2)
        write_expand(writer)
        return writer.function(name, self._attributes)

    def gains(self, name: str) -> str:
        """The part that solves for k and K, as LLVM IR."""
        writer = RowWriter(self.stage, arguments=7)
        write_gains(writer)
        return writer.function(name, self._attributes)

    def update(self, name: str) -> str:
        """The part that forms V from Q and the gains, as LLVM IR."""
        writer = RowWriter(self.stage, arguments=4)
        write_update(writer)
        return writer.function(name, self._attributes)
