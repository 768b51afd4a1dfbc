"""What a teacher would do near where it was: more to imitate, from its gains.

    u(x + dx) = u + K dx

Imitating these too makes the slope of the policy that of the teacher, in the directions and to the
extent of dx: in expectation, the square of the slopes' difference joins the loss.

Source: Mordatch & Todorov, "Combining the benefits of function approximation and trajectory
optimization" (2014), where a network is taught feedback gains; Tagliabue & How, "Efficient deep
learning of robust policies from MPC using imitation and tube-guided data augmentation" (2023), for
samples by the controller's sensitivity.
"""

from __future__ import annotations

from numpy.random import Generator

from rl_control.errors import ShapeError
from rl_control.types import Array


def nearby(
    states: Array, controls: Array, gains: Array, spread: Array, count: int, rng: Generator
) -> tuple[Array, Array]:
    """Return states around a teacher's, [count, M, nx], and its controls there, [count, M, nu].

    They are for policies without memory: a state moved by itself is part of no motion.

    Args:
        states: where the teacher was asked, [M, nx].
        controls: what it does there, the base included, [M, nu].
        gains: of its feedback, [M, nu, nx].
        spread: standard deviation of dx, [nx].
        count: number of draws around each state.
        rng: draws them.

    Raises:
        ShapeError: if shapes do not fit one another.
    """
    samples, nx, nu = *states.shape, controls.shape[-1]
    for name, values, shape in (
        ("controls", controls, (samples, nu)),
        ("gains", gains, (samples, nu, nx)),
        ("spread", spread, (nx,)),
    ):
        if values.shape != shape:
            raise ShapeError(f"teacher: {name}", values.shape, shape)
    away = spread * rng.standard_normal((count, *states.shape))
    return states + away, controls + (gains @ away[..., None])[..., 0]
