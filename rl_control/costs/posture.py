"""Stay near a joint vector."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import casadi as ca

from rl_control.costs.base import CostTerm, Symbols


@dataclass(frozen=True)
class Posture(CostTerm):
    """r = q - target, [n] in [rad] or [m]; parameter "target", [n]; one weight a joint.

    Attributes:
        joints: number of joints n.
    """

    joints: int
    name: str = "posture"

    @property
    def weight_size(self) -> int:
        """One weight a joint."""
        return self.joints

    @property
    def parameters(self) -> Mapping[str, int]:
        """The joint vector to stay near."""
        return {"target": self.joints}

    def residual(self, s: Symbols, p: Mapping[str, ca.SX]) -> ca.SX:
        """Return the joints' offsets from the target."""
        return s.q - p["target"]
