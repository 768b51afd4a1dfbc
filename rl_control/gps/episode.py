"""What a trainer asks for: motion from a condition, by a controller that is plain data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rl_control.policy.linear_gaussian import LinearGaussianController
from rl_control.policy.policy import NeuralPolicy
from rl_control.types import Condition, Trajectory

Actor = LinearGaussianController | NeuralPolicy


@dataclass(frozen=True)
class Episode:
    """One rollout to be made; it can be sent to another process.

    Attributes:
        condition: where it starts, and what is wanted.
        actor: what acts; None for the planner.
        seed: of the actor's noise; None for an actor that acts by its mean.
        planned: share of a policy's ticks in which the planner acts in its place.
    """

    condition: Condition
    actor: Actor | None
    seed: int | None = None
    planned: float = 0.0


Collect = Callable[[Sequence[Episode]], list[Trajectory]]
"""Makes rollouts, in the order asked for; the same episode gives the same rollout."""
