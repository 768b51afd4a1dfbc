"""Where the Riccati recursion keeps its working matrices."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from rl_control.control.structure import Stage


@dataclass(frozen=True)
class Scratch:
    """Offsets of the recursion's working matrices in one array of doubles.

    A matrix over states has a row for every state, unpadded in number, padded in length.

    Attributes:
        stage: the problem's stage.
    """

    stage: Stage

    @property
    def vx(self) -> int:
        """Gradient of the cost to go, a padded state row."""
        return 0

    @property
    def vxx(self) -> int:
        """Hessian of the cost to go, [nx, padded nx]."""
        return self.stage.padded_nx

    @cached_property
    def qx(self) -> int:
        """Qx, a padded state row."""
        return self.vxx + self.stage.nx * self.stage.padded_nx

    @cached_property
    def qu(self) -> int:
        """Qu, a padded control row."""
        return self.qx + self.stage.padded_nx

    @cached_property
    def qxx(self) -> int:
        """Qxx, [nx, padded nx]; only the blocks on and above the diagonal are written."""
        return self.qu + self.stage.padded_nu

    @cached_property
    def qux(self) -> int:
        """Qux, [nu, padded nx]."""
        return self.qxx + self.stage.nx * self.stage.padded_nx

    @cached_property
    def quu(self) -> int:
        """Quu, [nu, padded nu]."""
        return self.qux + self.stage.nu * self.stage.padded_nx

    @cached_property
    def mixed(self) -> int:
        """Qux - mu K, [nu, padded nx]."""
        return self.quu + self.stage.nu * self.stage.padded_nu

    @cached_property
    def moved(self) -> int:
        """S' V'x, a padded state row."""
        return self.mixed + self.stage.nu * self.stage.padded_nx

    @cached_property
    def moved_hessian(self) -> int:
        """S' V'xx S, [nx, padded nx]."""
        return self.moved + self.stage.padded_nx

    @cached_property
    def size(self) -> int:
        """Doubles in all."""
        return self.moved_hessian + self.stage.nx * self.stage.padded_nx
