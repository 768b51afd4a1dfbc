"""The soft wall that keeps a quantity inside an interval."""

from __future__ import annotations

import casadi as ca


def interval_hinge(
    value: ca.SX, lower: float, upper: float, margin: float, softness: float
) -> ca.SX:
    """Return how far `value` has come into the margins of an interval: -1 and 1 at its ends.

    Zero in the middle, growing linearly from `margin` before each end. The bend is
    h(z) = (z + sqrt(z^2 + softness^2)) / 2: twice differentiable, no transcendental function,
    and defined beyond the limits too, so a start outside them still has a way back.

    Args:
        value: what is bounded.
        lower: its least value.
        upper: its greatest value.
        margin: distance from an end at which the wall begins, positive, same unit.
        softness: width of the bend as a share of the margin; a wider one is easier to optimise
            over and is felt further from the wall.
    """
    scaled = value / float(margin)
    above = scaled - float(upper - margin) / float(margin)
    below = float(lower + margin) / float(margin) - scaled
    return (above - below + _rounded(above, softness) - _rounded(below, softness)) / 2


def _rounded(z: ca.SX, softness: float) -> ca.SX:
    """|z| with a round corner."""
    return ca.sqrt(z * z + softness**2)
