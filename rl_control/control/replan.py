"""One solve after another: the cost follows the goal, and each solve starts from the last."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np

from rl_control.control import loop
from rl_control.control.ilqr import Ilqr, IlqrConfig, Solution
from rl_control.control.moving_goal import GoalNodes, MovingGoal
from rl_control.control.problem import Problem, pad_rows
from rl_control.types import Array, Goal, JointLimits

_TOLERANCE = 1e-7  # expected relative decrease of cost that is not worth another iteration


class Objective(Protocol):
    """What a goal means to the cost."""

    def rows(self, goal: Goal) -> Array:
        """Cost parameters of every node for `goal`, [N+1, np]."""
        ...

    def rows_along(self, nodes: GoalNodes) -> Array:
        """Cost parameters of every node for a goal that moves, [N+1, np]."""
        ...

    def stay(self, q: Array) -> Goal:
        """The goal of staying at joint positions `q` [n]."""
        ...


class Replans(Protocol):
    """What makes one trajectory after another; for one thread.

    Attributes:
        objective: turns goals into cost parameters.
        aim: what the cost stands for; None before the first goal.
        rows: cost parameters of the aim, [N+1, np]; replaced as a whole.
    """

    objective: Objective
    aim: Goal | None
    rows: Array

    def reset(self) -> None:
        """Forget the last trajectory, and where the arm stays without a goal."""

    def use(self, gravity_torque: Callable[[Array], Array]) -> None:
        """Hold still with other efforts from now on: the model was exchanged."""

    def pursue(self, objective: Objective, limits: JointLimits) -> None:
        """Let goals mean something else, and keep efforts within `limits`, from now on."""

    def aim_at(self, goal: Goal | None, q: Array, time: float) -> bool:
        """Make the cost that of `goal`, or of staying at `q` [n]; say whether the aim is new.

        The first node is at `time` [s], which matters to a goal that moves.
        """
        ...

    def start(self, x: Array, time: float) -> bool:
        """Set the first guess of a solve from `x` [nx] at `time` [s]; say whether it is warm."""
        ...

    def solve(self, iterations: int, time_budget: float) -> Solution:
        """Improve the guess by at most so many iterations, for about `time_budget` [s]."""
        ...


class Replanner:
    """A solver with a memory, for one thread.

    Args:
        problem: dynamics and cost.
        objective: turns goals into cost parameters.
        limits: efforts stay within them.
        gravity_torque: efforts [n] that hold still at q [n].
        steps: number of controls N.
        dt: time between nodes in [s].

    Attributes:
        problem: the same.
        objective: the newest.
        aim: what the cost stands for; None before the first goal.
        rows: cost parameters of the aim, [N+1, np]; replaced as a whole.
    """

    def __init__(
        self,
        problem: Problem,
        objective: Objective,
        limits: JointLimits,
        gravity_torque: Callable[[Array], Array],
        steps: int,
        dt: float,
    ) -> None:
        self.problem = problem
        self.aim: Goal | None = None
        self.rows: Array = np.zeros((steps + 1, problem.parameters))
        self.objective, self._gravity_torque, self._dt = objective, gravity_torque, dt
        self._limits = limits
        self._solver = Ilqr(problem, steps, IlqrConfig(tolerance=_TOLERANCE))
        self._solver.set_bounds(-limits.effort, limits.effort)
        self._staying = False  # nobody asked for the aim
        self._stale = False  # the rows are those of a model or an objective that was exchanged
        self._origin: float | None = None  # time of the trajectory's first node

    def reset(self) -> None:
        """Forget the last trajectory, and where the arm stays without a goal."""
        self._origin = self.aim = None
        self._staying = False

    def use(self, gravity_torque: Callable[[Array], Array]) -> None:
        """Hold still with other efforts from now on: the problem's model was exchanged."""
        self._gravity_torque, self._stale = gravity_torque, True

    def pursue(self, objective: Objective, limits: JointLimits) -> None:
        """Let goals mean something else, and keep efforts within `limits`, from now on."""
        self.objective, self._limits, self._stale = objective, limits, True
        self._solver.set_bounds(-limits.effort, limits.effort)

    def aim_at(self, goal: Goal | None, q: Array, time: float) -> bool:
        """Make the cost that of `goal`, or of staying at `q` [n]; say whether the aim is new.

        The first node is at `time` [s], which matters to a goal that moves.
        """
        staying = goal is None
        same = self._staying if staying else goal is self.aim
        new = self._stale or not same
        aim = self.aim if same else goal
        if not new and not isinstance(aim, MovingGoal):
            return False
        if aim is None:
            aim = self.objective.stay(q)
        rows = rows_of(self.objective, aim, time, self._dt, self._solver.steps).copy()
        self._solver.set_parameters(rows)
        self.aim, self.rows, self._staying, self._stale = aim, rows, staying, False
        return new

    def start(self, x: Array, time: float) -> bool:
        """Set the first guess of a solve from `x` [nx] at `time` [s].

        Returns whether the last trajectory led there; if not, the guess is to stand still.
        """
        work, steps = self._solver.work, self._solver.steps
        warm = self._origin is not None and self._advance(x, (time - self._origin) / self._dt)
        if not warm:
            work.x[: steps + 1] = pad_rows(self.problem.stage, x[None])
            work.u[:steps, : self.problem.stage.nu] = self.hold_torque(x)
            work.gains[:] = 0.0
            work.active[:] = 0
            loop.follow(work, steps, x)
        self._origin = time
        return warm

    def solve(self, iterations: int, time_budget: float) -> Solution:
        """Improve the guess by at most so many iterations, for about `time_budget` [s]."""
        solver = self._solver
        rules = solver.rules._replace(iterations=iterations, time_budget=time_budget)
        outcome = loop.solve(solver.work, solver.steps, True, rules)
        self.problem.check()
        return solver.solution(outcome)

    @property
    def curvature(self) -> Array:
        """Hessian of the cost to go in the first control at the last solve, [nu, nu]."""
        return self._solver.curvature

    def hold_torque(self, x: Array) -> Array:
        """Efforts within limits that hold still at the positions in x = (q, ...), [n]."""
        bound = self._limits.effort
        return np.clip(self._gravity_torque(x[: len(bound)]), -bound, bound)

    def _advance(self, x: Array, progress: float) -> bool:
        """Move the last trajectory on by `progress` nodes and let its feedback lead from `x`."""
        work, steps = self._solver.work, self._solver.steps
        if not -1e-6 <= progress < steps:
            return False
        end = work.x[steps, work.positions]
        loop.shift(work, steps, max(progress, 0.0), self.hold_torque(end))
        return bool(loop.follow(work, steps, x))


def rows_of(objective: Objective, goal: Goal, time: float, dt: float, steps: int) -> Array:
    """Return the cost parameters of every node for a goal, at rest or moving, [N+1, np].

    Args:
        objective: what goals mean.
        goal: what is aimed at.
        time: of the first node in [s].
        dt: time between nodes in [s].
        steps: number of steps N.
    """
    if isinstance(goal, MovingGoal):
        return objective.rows_along(goal.nodes(time, dt, steps))
    return objective.rows(goal)
