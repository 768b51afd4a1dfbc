"""Bring the tip to a point."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import casadi as ca

from rl_control.costs.base import CostTerm, Symbols


@dataclass(frozen=True)
class TipPosition(CostTerm):
    """r = p(q) - target, [3] in [m]; parameter "target", base frame, [3] in [m]."""

    name: str = "tip_position"

    @property
    def parameters(self) -> Mapping[str, int]:
        """The point to reach."""
        return {"target": 3}

    def residual(self, s: Symbols, p: Mapping[str, ca.SX]) -> ca.SX:
        """Return the tip's offset from the target."""
        return s.tip_position - p["target"]
