"""What a planner asks of an arm's equations."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rl_control.types import Array


@dataclass(frozen=True)
class ArmFunctions:
    """What the planner asks of the arm's equations.

    Attributes:
        gravity_torque: efforts [n] that hold still at q [n].
        mass_matrix: joint-space inertia [n, n] at q [n].
        acceleration: a(q, v, u) on batches, [B, n] each, giving ([B, n],), without dry friction.
        dry_friction: efforts [n] that overcome dry friction at joint speeds v [n].
    """

    gravity_torque: Callable[[Array], Array]
    mass_matrix: Callable[[Array], Array]
    acceleration: Callable[[Array, Array, Array], tuple[Array, ...]]
    dry_friction: Callable[[Array], Array] = np.zeros_like
