"""Turn the tip frame to a rotation."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import casadi as ca

from rl_control.costs.base import CostTerm, Symbols
from rl_control.robot.rotation import rotation_log


@dataclass(frozen=True)
class TipOrientation(CostTerm):
    """r = log(target^T R(q)), [3] in [rad]; parameter "target": the rotation row by row, [9].

    |r| is the angle left to turn, in [0, pi].
    """

    name: str = "tip_orientation"

    @property
    def parameters(self) -> Mapping[str, int]:
        """The rotation to reach, row by row."""
        return {"target": 9}

    def residual(self, s: Symbols, p: Mapping[str, ca.SX]) -> ca.SX:
        """Return the rotation vector from the target to the tip frame."""
        # CasADi fills columns first, so this reshape of rows is already the transpose.
        transposed = ca.reshape(p["target"], 3, 3)
        return rotation_log(ca.mtimes(transposed, s.tip_rotation))
