"""What a teacher has said so far, in the terms of the policy that is to learn it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rl_control.policy.demonstrations import Demonstrations, capped
from rl_control.policy.training import Policy
from rl_control.types import Array

_EVEN = 0.3  # share of the cost that is the same for a deviation in any direction


@dataclass(frozen=True)
class Lessons:
    """N ways of at most T states; behind the end of a shorter way, costs are zero.

    Attributes:
        observations: [N, T, no].
        outputs: of a policy that does what the teacher says, [N, T, nu].
        costs: what their deviations cost, [N, T, nu, nu], symmetric, not negative.
    """

    observations: Array
    outputs: Array
    costs: Array

    @staticmethod
    def none(steps: int, seen: int, nu: int) -> Lessons:
        """Return those of no way."""
        return Lessons(
            np.zeros((0, steps, seen)), np.zeros((0, steps, nu)), np.zeros((0, steps, nu, nu))
        )

    @staticmethod
    def of(ways: Sequence[tuple[Array, Array, Array]], steps: int) -> Lessons:
        """Return ways, each of its own length up to `steps`, as lessons.

        Args:
            ways: observations [M, no], outputs [M, nu] and costs [M, nu, nu] of each, M > 0.
            steps: T.
        """
        parts = [tuple(_filled(part, steps) for part in way[:2]) for way in ways]
        costs = [_filled(way[2], steps, 0.0) for way in ways]
        seen, outputs = (np.stack(column) for column in zip(*parts, strict=True))
        return Lessons(seen, outputs, np.stack(costs))

    @property
    def said(self) -> np.ndarray:
        """Where something was said, [N, T] of bool."""
        return np.asarray(self.costs[..., 0, 0] != 0.0)

    def and_also(self, others: Lessons) -> Lessons:
        """Return these and others."""
        return Lessons(
            np.concatenate([self.observations, others.observations]),
            np.concatenate([self.outputs, others.outputs]),
            np.concatenate([self.costs, others.costs]),
        )


def demonstrations(
    lessons: Lessons, policy: Policy | None, even: bool, tolerance: float
) -> Demonstrations:
    """Return lessons as what a policy is trained on.

    A square of deviations makes those in few states count for all: near limits, and where two
    ways are equally good, a teacher's answers jump, and whoever tries to follow there errs
    elsewhere. So the cost is that of sqrt(1 + r^2), by weights from the present policy's r.

    Args:
        lessons: what the teacher said.
        policy: the present one; None for none yet.
        even: whether deviations cost the same in all outputs, in units of these, instead of
            what the lessons say.
        tolerance: deviation where r is 1, as a share of the outputs' size.

    Source: Holland & Welsch, "Robust regression using iteratively reweighted least-squares"
    (1977).
    """
    said, nu = lessons.said, lessons.outputs.shape[-1]
    units = _units(lessons) if policy is None else policy.scale
    one = np.eye(nu)
    if even:
        costs = np.broadcast_to(one, lessons.costs.shape)
    else:
        costs = np.zeros_like(lessons.costs)
        costs[said] = capped(units[:, None] * lessons.costs[said] * units)
        costs *= nu / np.trace(costs[said], axis1=-2, axis2=-1).mean()
        costs = _EVEN * one + (1.0 - _EVEN) * costs
    weights = said.astype(np.float64)
    if policy is not None:
        away = (_outputs(policy, lessons.observations) - lessons.outputs) / units
        squares = (away[..., None, :] @ costs @ away[..., None])[..., 0, 0] / nu
        weights /= np.sqrt(1.0 + squares / tolerance**2)
    precision = weights[..., None, None] * costs / units[:, None] / units
    return Demonstrations(lessons.observations, lessons.outputs, precision)


def _units(lessons: Lessons) -> Array:
    """Sizes of the outputs, [nu]."""
    return np.maximum(np.sqrt((lessons.outputs[lessons.said] ** 2).mean(axis=0)), 1e-9)


def _outputs(policy: Policy, observations: Array) -> Array:
    """What a policy puts out along ways, [N, T, nu]."""
    memory = policy.start(len(observations))
    outputs = []
    for seen in observations.swapaxes(0, 1):
        output, memory = policy.step(seen, memory)
        outputs.append(output)
    return np.stack(outputs, axis=1)


def _filled(values: Array, steps: int, behind: float | None = None) -> Array:
    """`values` [M, ...] as [steps, ...]: behind them the last one again, or a number."""
    rest = np.broadcast_to(values[-1:], (steps - len(values), *values.shape[1:]))
    return np.concatenate([values, rest if behind is None else np.full(rest.shape, behind)])
