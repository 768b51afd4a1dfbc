"""What a policy is taught by in states of its own: a planner that is asked there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rl_control.control.mpc import Mpc
from rl_control.gps.questions import Way
from rl_control.types import Array, JointState


@dataclass(frozen=True)
class Answers:
    """What is to be done along a way.

    Attributes:
        efforts: [M, nu].
        curvatures: Hessians of the cost to go in them, [M, nu, nu], symmetric, not negative.
    """

    efforts: Array
    curvatures: Array


Teacher = Callable[[Way], Answers]
"""What to do in the states of a way; the same for the same way."""


class PlannerTeacher:
    """A `Teacher` that plans from every state of a way, each plan going on from the one before.

    Args:
        planner: makes the plans; its delay should be nothing.
    """

    def __init__(self, planner: Mpc) -> None:
        self._planner = planner

    def __call__(self, way: Way) -> Answers:
        """Return the first efforts of the plans."""
        planner, n = self._planner, way.states.shape[1] // 2
        limit, still = planner.limits.effort, np.zeros(n)
        efforts, curvatures = np.empty((len(way.states), n)), np.empty((len(way.states), n, n))
        planner.reset()
        for k, (goal, x) in enumerate(zip(way.goals, way.states, strict=True)):
            planner.set_goal(goal)
            now = k * way.dt
            plan = planner.plan(JointState(planner.names, x[:n], x[n:], still, now), now)
            efforts[k] = plan.controls[0] + plan.gains[0] @ (x - plan.states[0])
            curvatures[k] = planner.curvature
        return Answers(np.clip(efforts, -limit, limit), _mended(curvatures))


def _mended(curvatures: Array) -> Array:
    """Curvatures along a way, [M, nu, nu], where one that is no number is the one before.

    Far from any sensible motion a planner's last sweep can break down, its plan still standing.
    """
    sound = np.isfinite(curvatures.reshape(len(curvatures), -1)).all(axis=1)
    newest = np.where(sound, np.arange(len(curvatures)), np.argmax(sound))
    return np.asarray(curvatures[np.maximum.accumulate(newest)])
