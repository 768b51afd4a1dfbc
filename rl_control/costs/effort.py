"""Spend little effort."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import casadi as ca

from rl_control.costs.base import CostTerm, Symbols


@dataclass(frozen=True)
class Effort(CostTerm):
    """r = u - g(q), [n] in [N m] or [N]: effort beyond holding still; one weight a joint.

    Attributes:
        joints: number of joints n.
    """

    joints: int
    name: str = "effort"
    uses_control: bool = True

    @property
    def weight_size(self) -> int:
        """One weight a joint."""
        return self.joints

    def residual(self, s: Symbols, p: Mapping[str, ca.SX]) -> ca.SX:
        """Return the efforts beyond gravity's."""
        return s.u - s.gravity_torque


@dataclass(frozen=True)
class EffortAbout(CostTerm):
    """r = u - reference, [n] in [N m] or [N]; parameter "reference", [n]; one weight a joint.

    Attributes:
        joints: number of joints n.
    """

    joints: int
    name: str = "effort"
    uses_control: bool = True

    @property
    def parameters(self) -> Mapping[str, int]:
        """The efforts that cost nothing."""
        return {"reference": self.joints}

    @property
    def weight_size(self) -> int:
        """One weight a joint."""
        return self.joints

    def residual(self, s: Symbols, p: Mapping[str, ca.SX]) -> ca.SX:
        """Return the efforts' offsets from the reference."""
        return s.u - p["reference"]
