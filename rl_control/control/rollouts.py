"""What control sequences cost from one state, all of them rolled out together.

S sequences of T steps; rows p [T+1, np] hold the cost's parameters at every node. Arrays are
numpy's or torch's: whatever the model's `step` and the cost's `value` take.

A sequence whose cost is not finite costs +inf, so that it is worse than all others: to a sum, a
NaN left as it is may look like anything, the best included.

Source: Chua et al., "Deep reinforcement learning in a handful of trials using probabilistic
dynamics models" (2018), sec. 5.1, for the particles TS1 and TS-inf.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, runtime_checkable

import numpy as np

from rl_control.kernels.arrays import integers, library, like, normal

Step = Callable[[Any, Any], Any]  # states [B, nx], controls [B, nu] -> next states [B, nx]


class NodeCost(Protocol):
    """What a node costs; a `BatchCost` is one, its expansion is not needed here."""

    def value(self, x: Any, u: Any, p: Any) -> Any:
        """Return the cost, [B], at x [B, nx], u [B, nu] with parameters p [B, np]."""
        ...


@runtime_checkable
class SampledModel(Protocol):
    """A model of several members that each predict a distribution: an ensemble."""

    @property
    def members(self) -> int:
        """How many there are."""
        ...

    def sample(self, x: Any, u: Any, member: Any, rng: Any) -> Any:
        """Draw the next states, [B, nx], each from one member's prediction with its noise.

        Args:
            x: states, [B, nx].
            u: controls, [B, nu].
            member: which member predicts each row, [B] integers from 0 to `members` - 1.
            rng: draws the noise.
        """
        ...


def sequence_costs(step: Step, cost: NodeCost, x: Any, controls: Any, rows: Any) -> Any:
    """Return the cost of each sequence, [S]; +inf where it is not finite.

    Args:
        step: predicts.
        cost: of a node; the last one's control is zero.
        x: the state they start from, [nx].
        controls: [S, T, nu].
        rows: [T+1, np].
    """
    return _or_worst(_accumulate(step, cost, x, controls, rows))


def particle_costs(
    model: SampledModel,
    cost: NodeCost,
    x: Any,
    controls: Any,
    rows: Any,
    particles: int,
    switching: bool,
    rng: Any,
) -> Any:
    """Return each sequence's cost averaged over particles, [S]; +inf if one's is not finite.

    With TS-inf, particle i of every sequence keeps to the same member, so that sequences can be
    compared; the members are shared out evenly among the particles, in a random order.

    Args:
        model: predicts.
        cost: of a node; the last one's control is zero.
        x: the state they start from, [nx].
        controls: [S, T, nu].
        rows: [T+1, np].
        particles: trajectories a sequence, P.
        switching: draw a particle's member anew at every step (TS1), or keep it (TS-inf).
        rng: draws members and noise.
    """
    xp = library(controls)
    count, steps, nu = controls.shape
    shared = xp.broadcast_to(controls[:, None], (count, particles, steps, nu))
    size = count * particles
    kept = None if switching else _shared_out(model.members, particles, count, rng, x)

    def step(state: Any, u: Any) -> Any:
        member = integers(rng, model.members, size, state) if kept is None else kept
        return model.sample(state, u, member, rng)

    costs = _accumulate(step, cost, x, shared.reshape(size, steps, nu), rows)
    with np.errstate(invalid="ignore"):
        return _or_worst(costs.reshape(count, particles).mean(1))


def follow(step: Step, cost: NodeCost, x: Any, controls: Any, rows: Any) -> tuple[Any, float]:
    """Return the states [T+1, nx] that one sequence [T, nu] leads through, and its cost."""
    states = [x[None]]

    def remembered(state: Any, u: Any) -> Any:
        states.append(step(state, u))
        return states[-1]

    costs = sequence_costs(remembered, cost, x, controls[None], rows)
    return library(x).concatenate(states), float(costs[0])


def _accumulate(step: Step, cost: NodeCost, x: Any, controls: Any, rows: Any) -> Any:
    xp = library(controls)
    count, steps, _ = controls.shape

    def spread(row: Any) -> Any:
        return xp.broadcast_to(row, (count, len(row)))

    state, total = spread(x), 0.0
    with np.errstate(over="ignore", invalid="ignore"):  # a diverging sample's cost says so
        for t in range(steps):
            u = controls[:, t]
            total = total + cost.value(state, u, spread(rows[t]))
            state = step(state, u)
        return total + cost.value(state, xp.zeros_like(controls[:, 0]), spread(rows[steps]))


def _or_worst(costs: Any) -> Any:
    xp = library(costs)
    return xp.where(xp.isfinite(costs), costs, xp.inf)


def _shared_out(members: int, particles: int, count: int, rng: Any, other: Any) -> Any:
    """The member of every particle of every sequence, [count * particles]."""
    xp = library(other)
    order = xp.argsort(normal(rng, (members,), other))
    turn = like(np.arange(particles) % members, order)
    return xp.tile(order[turn], (count,))
