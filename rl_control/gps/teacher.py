"""What a policy is taught by in states of its own: a planner that is asked there."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from rl_control.control.receding import RecedingHorizon
from rl_control.types import Array, Goal, JointState

Teacher = Callable[[Sequence[Goal], Array], Array]
"""Efforts, [M, nu], for what is wanted, [M], in states [M, nx]; the same for the same question."""


class PlannerTeacher:
    """A `Teacher` that plans anew from every state, without memory of the one before.

    A plan that goes on from that of another state is not yet the best one, and which way it errs
    depends on the order of the questions: noise to whoever learns from it. So `first_iterations`
    of the planner's settings should be enough to converge, and its delay nothing.

    Args:
        planner: makes the plans.
    """

    def __init__(self, planner: RecedingHorizon) -> None:
        self._planner = planner

    def __call__(self, goals: Sequence[Goal], states: Array) -> Array:
        """Return the first efforts of the plans, [M, nu]."""
        planner, n = self._planner, states.shape[1] // 2
        limit = planner.limits.effort
        efforts = np.empty((len(states), n))
        for row, (goal, x) in enumerate(zip(goals, states, strict=True)):
            planner.reset()
            planner.set_goal(goal)
            plan = planner.plan(JointState(planner.names, x[:n], x[n:], np.zeros(n), 0.0), 0.0)
            wanted = plan.controls[0] + plan.gains[0] @ (x - plan.states[0])
            efforts[row] = np.clip(wanted, -limit, limit)
        return efforts
