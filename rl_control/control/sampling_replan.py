"""One sampled plan after another: the cost follows the goal, each search starts from the last."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np

from rl_control.control.cem import cem_step, icem_step, samples_at
from rl_control.control.ilqr import Solution, Status
from rl_control.control.moving_goal import MovingGoal
from rl_control.control.mppi import mppi_step
from rl_control.control.noise import coloured
from rl_control.control.replan import Objective, rows_of
from rl_control.control.sampling_problem import SamplingProblem
from rl_control.control.sampling_settings import SamplingConfig
from rl_control.control.search import Evaluate, Range, Search, shifted, within
from rl_control.errors import NonFiniteError, ShapeError
from rl_control.kernels.arrays import host, normal, rewinder, without_gradients
from rl_control.types import Array, Goal, JointLimits, as_vector


class SamplingReplanner:
    """A search with a memory, for one thread; the counterpart of `Replanner`.

    Args:
        problem: model and cost.
        objective: turns goals into cost parameters.
        limits: efforts stay within them.
        gravity_torque: efforts [n] that hold still at q [n].
        config: how to search.
        rng: draws all noise: a numpy Generator, or a torch.Generator on the problem's device;
            taken back to where it is now at every reset, so that what follows repeats.
        unit: turns limits into the effort unit of each joint, [n] in [N m] or [N]; the effort
            limits themselves if not given.

    Attributes:
        objective: turns goals into cost parameters; the newest.
        aim: what the cost stands for; None before the first goal.
        rows: cost parameters of the aim, [N+1, np]; replaced as a whole.

    Raises:
        ConfigError: if problem and settings do not fit each other.
    """

    def __init__(
        self,
        problem: SamplingProblem,
        objective: Objective,
        limits: JointLimits,
        gravity_torque: Callable[[Array], Array],
        config: SamplingConfig,
        rng: Any,
        unit: Callable[[JointLimits], Array] | None = None,
    ) -> None:
        problem.check(config)
        self.aim: Goal | None = None
        self.rows: Array = np.zeros((config.horizon + 1, 0))
        self._problem, self.objective, self._config = problem, objective, config
        self._gravity_torque, self._unit, self._rng = gravity_torque, unit, rng
        self._rewind = rewinder(rng)
        self._keep(limits)
        place, bound = problem.place, self._bound
        self._placed_rows = place(self.rows)
        self._search = self._cold(np.zeros_like(bound))
        self._x = place(np.zeros(2 * len(bound)))
        self._end: Array = np.zeros(2 * len(bound))  # the state the last plan leads to
        self._staying = False  # nobody asked for the aim
        self._stale = False  # cost parameters may depend on a model that was exchanged
        self._changed = False  # since the last search
        self._origin: float | None = None  # time of the search's first node

    def reset(self) -> None:
        """Forget the last search, and where the arm stays without a goal."""
        self._origin = self.aim = None
        self._staying = False
        self._rewind()

    def use(self, gravity_torque: Callable[[Array], Array]) -> None:
        """Hold still with other efforts from now on: the problem's model was exchanged."""
        self._gravity_torque = gravity_torque
        self._stale = True

    def pursue(self, objective: Objective, limits: JointLimits) -> None:
        """Let goals mean something else, and keep efforts within `limits`, from now on."""
        self._keep(limits)
        last, allowed = self._search, self._range
        self._search = Search(within(last.mean, allowed), last.std, within(last.elites, allowed))
        self.objective, self._stale = objective, True

    def aim_at(self, goal: Goal | None, q: Array, time: float) -> bool:
        """Make the cost that of `goal`, or of staying at `q` [n]; say whether the aim is new.

        The first node is at `time` [s], which matters to a goal that moves.

        Raises:
            ShapeError: if there are more or fewer rows of parameters than nodes.
            NonFiniteError: if a parameter is not finite.
        """
        same = self._staying if goal is None else goal is self.aim
        new = self._stale or not same
        aim = self.aim if same else goal
        if not new and not isinstance(aim, MovingGoal):
            return False
        aim = self.objective.stay(q) if aim is None else aim
        config = self._config
        rows = rows_of(self.objective, aim, time, config.dt, config.horizon).copy()
        if len(rows) != config.horizon + 1:
            raise ShapeError("rows of cost parameters", len(rows), config.horizon + 1)
        if not np.isfinite(rows).all():
            raise NonFiniteError("cost parameters", np.argwhere(~np.isfinite(rows))[0].tolist())
        self.aim, self.rows, self._staying, self._stale = aim, rows, goal is None, False
        self._placed_rows, self._changed = self._problem.place(rows), self._changed or new
        return new

    def start(self, x: Array, time: float) -> bool:
        """Set what a search from `x` [nx] at `time` [s] starts with.

        Returns whether that is the last one, moved on by the time passed; if not, it is to stand
        still. The standard deviation starts anew, wide where the search or the cost is new.
        """
        steps, warm = self._config.horizon, False
        if self._origin is not None:
            progress = (time - self._origin) / self._config.dt
            warm = -1e-6 <= progress < steps
        if warm:
            progress = max(progress, 0.0)
            tail = self._problem.place(self.hold_torque(self._end))
            last = self._search
            self._search = Search(
                shifted(last.mean, progress, tail),
                self._first_std if self._changed else self._replan_std,
                shifted(last.elites, progress, tail),
            )
        else:
            self._search = self._cold(self.hold_torque(x))
        self._x, self._origin, self._changed = self._problem.place(x), time, False
        return warm

    def solve(self, iterations: int, time_budget: float) -> Solution:
        """Update the search up to so many times, beginning none after `time_budget` [s].

        It has diverged if the last update found no finite cost, or the plan has none.
        """
        problem, x, rows = self._problem, self._x, self._placed_rows
        # A model's own weights may be on record for training; a search must not join them.
        with without_gradients(x):
            evaluate = problem.evaluator(x, rows, self._config, self._rng)
            done, status = self._improve(evaluate, iterations, time_budget)
            controls = self._chosen()
            states, cost = problem.follow(x, controls, rows)
        if len(self._search.elites) and np.isfinite(cost) and np.isfinite(states).all():
            self._end = states[-1]
        else:
            status, self._origin = Status.DIVERGED, None
        return _solution(states, host(controls), cost, status, done)

    def hold_torque(self, x: Array) -> Array:
        """Efforts within limits that hold still at the positions in x = (q, ...), [n]."""
        bound = self._bound
        return np.clip(self._gravity_torque(x[: len(bound)]), -bound, bound)

    def _keep(self, limits: JointLimits) -> None:
        """Search within `limits`, with deviations measured by them."""
        place, config, self._bound = self._problem.place, self._config, limits.effort
        bound = self._bound
        unit = bound if self._unit is None else self._unit(limits)
        unit = as_vector(unit, len(bound), "effort unit")
        self._range = Range(place(-bound), place(bound), place(config.least_std * unit))
        self._first_std, self._replan_std = (
            place(np.tile(share * unit, (config.horizon, 1)))
            for share in (config.first_std, config.replan_std)
        )

    def _cold(self, still: Array) -> Search:
        mean = self._problem.place(np.tile(still, (self._config.horizon, 1)))
        return Search(mean, self._first_std, mean[None][:0])

    def _improve(
        self, evaluate: Evaluate, iterations: int, time_budget: float
    ) -> tuple[int, Status]:
        """Return how many updates were made, and what ended them."""
        began = time.perf_counter()
        for done in range(iterations):
            if done > 0 and time.perf_counter() - began > time_budget:
                return done, Status.TIME_LIMIT
            self._search = self._improved(evaluate, done, done == iterations - 1)
        return iterations, Status.ITERATION_LIMIT

    def _improved(self, evaluate: Evaluate, done: int, last: bool) -> Search:
        """The search after one more update."""
        config, allowed, search = self._config, self._range, self._search
        if config.method == "icem":
            noise = self._noise(samples_at(done, config), config.noise_exponent)
            return icem_step(search, noise, evaluate, allowed, config, last)
        if config.method == "cem":
            return cem_step(search, self._noise(config.samples, 0.0), evaluate, allowed, config)
        noise = self._noise(config.samples, config.noise_exponent)
        return mppi_step(search, noise, evaluate, allowed, config)

    def _noise(self, count: int, exponent: float) -> Any:
        mean = self._search.mean
        return coloured(normal(self._rng, (count, *mean.shape), mean), exponent)

    def _chosen(self) -> Any:
        """The controls to execute: iCEM's cheapest sequence, else the mean."""
        search = self._search
        best_first = self._config.method == "icem" and len(search.elites)
        return search.elites[0] if best_first else search.mean


def _solution(
    states: Array, controls: Array, cost: float, status: Status, updates: int
) -> Solution:
    """A solution without feedback."""
    steps, nu = controls.shape
    return Solution(
        states=states,
        controls=controls,
        gains=np.zeros((steps, nu, states.shape[1])),
        steps=np.zeros_like(controls),
        cost=cost,
        gap=0.0,
        status=status,
        iterations=updates,
        regularization=0.0,
        step_size=0.0,
        slope=0.0,
    )
