"""Iterative LQR with control bounds, multiple-shooting starts and a status for every outcome."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

import numpy as np

from rl_control.config import setting
from rl_control.control import loop
from rl_control.control.problem import Problem, pad_rows
from rl_control.control.work import QUU, Work, allocate
from rl_control.errors import ConfigError, NonFiniteError, ShapeError
from rl_control.types import Array


class Status(Enum):
    """How a solve ended; the last accepted trajectory is usable whatever it says."""

    CONVERGED = loop.CONVERGED
    ITERATION_LIMIT = loop.ITERATION_LIMIT
    TIME_LIMIT = loop.TIME_LIMIT
    DIVERGED = loop.DIVERGED


@dataclass(frozen=True)
class IlqrConfig:
    """When iLQR stops and what steps it accepts."""

    iterations: int = setting(100, doc="most iterations of one solve", low=1, high=10000)
    tolerance: float = setting(
        1e-9, doc="expected relative decrease of cost at which a solve has converged", low=0.0
    )
    time_budget: float = setting(10.0, doc="longest solve", unit="s", low=1e-5)
    acceptance: float = setting(
        0.1, doc="least share of the expected decrease a step must bring", low=0.0, high=1.0
    )
    regularization: float = setting(1e-9, doc="first regularisation of Quu", low=0.0)
    least_regularization: float = setting(1e-9, doc="floor of the regularisation", low=0.0)
    most_regularization: float = setting(1e9, doc="ceiling of the regularisation", low=0.0)
    step_sizes: int = setting(10, doc="number of step sizes tried, 1, 1/2, 1/4 ...", low=1, high=30)


@dataclass(frozen=True)
class Solution:
    """A trajectory, the feedback around it, and how it was found.

    Attributes:
        states: [N+1, nx].
        controls: [N, nu].
        gains: feedback K of u = controls + K (x - states), [N, nu, nx].
        steps: feed-forward steps k of the last sweep, [N, nu].
        cost: total cost.
        gap: sum of |f(x_t, u_t) - x_{t+1}|; 0 for a trajectory the dynamics can follow.
        status: why the solve ended.
        iterations: sweeps made.
        regularization: mu at the end.
        step_size: last accepted step size.
        slope: largest entry of Qu on free controls at the last sweep.
    """

    states: Array
    controls: Array
    gains: Array
    steps: Array
    cost: float
    gap: float
    status: Status
    iterations: int
    regularization: float
    step_size: float
    slope: float


class Ilqr:
    """A solver for one problem over a fixed horizon; its memory is allocated once.

    Args:
        problem: dynamics and cost.
        steps: number of controls N.
        config: stopping and acceptance.
    """

    def __init__(self, problem: Problem, steps: int, config: IlqrConfig | None = None) -> None:
        self.problem, self.steps = problem, steps
        self.config = config or IlqrConfig()
        self.work: Work = allocate(problem, steps)
        self.work.lower[:] = -np.inf
        self.work.upper[:] = np.inf
        self._bounded = False

    def set_bounds(self, lower: Array | None, upper: Array | None) -> None:
        """Keep every control within [lower, upper], [nu] each; None for no bound.

        Raises:
            ShapeError: if a bound has the wrong length.
            NonFiniteError: if a bound is NaN.
            ConfigError: if a lower bound is above the upper one.
        """
        nu = self.problem.stage.nu
        rows = [np.full(nu, free) for free in (-np.inf, np.inf)]
        for row, bound in zip(rows, (lower, upper), strict=True):
            if bound is None:
                continue
            if np.shape(bound) != (nu,):
                raise ShapeError("control bounds", np.shape(bound), nu)
            row[:] = bound
            if np.isnan(row).any():
                raise NonFiniteError("control bounds", np.argwhere(np.isnan(row))[0].tolist())
        least, greatest = rows
        if (least > greatest).any():
            i = int(np.argmax(least > greatest))
            raise ConfigError(
                "control bounds",
                f"control {i}",
                f"lower bound {least[i]:g} above upper bound {greatest[i]:g}",
                "Give bounds with lower <= upper.",
            )
        self.work.lower[:nu], self.work.upper[:nu] = least, greatest
        self._bounded = bool(np.isfinite(rows).any())
        self.work.active[:] = 0

    def set_parameters(self, rows: Array) -> None:
        """Set the cost parameters of every node, [N+1, np].

        Raises:
            ShapeError: if there are more or fewer.
            NonFiniteError: if a parameter is not finite.
        """
        expected = (self.steps + 1, self.problem.parameters)
        if rows.shape != expected:
            raise ShapeError("cost parameters", rows.shape, expected)
        if not np.isfinite(rows).all():
            raise NonFiniteError("cost parameters", np.argwhere(~np.isfinite(rows))[0].tolist())
        self.work.p[: self.steps + 1, : expected[1]] = rows

    def solve(self, states: Array, controls: Array) -> Solution:
        """Optimise from a first guess.

        Args:
            states: [N+1, nx]; states[0] is the initial state. It need not be a rollout of
                `controls`: gaps are closed on the way.
            controls: [N, nu].

        Raises:
            ShapeError: if an array has the wrong shape.
            NonFiniteError: if a number of the guess is not finite.
        """
        self._set_guess(states, controls)
        return self._run()

    def solve_from(self, state: Array, controls: Array) -> Solution:
        """Optimise from the rollout of `controls` [N, nu] from `state` [nx]; see `solve`."""
        self._set_guess(np.broadcast_to(state, (self.steps + 1, len(state))), controls)
        self.work.gains[:] = 0.0
        loop.follow(self.work, self.steps, np.ascontiguousarray(state, dtype=np.float64))
        self.problem.check()
        return self._run()

    def _run(self) -> Solution:
        outcome = loop.solve(self.work, self.steps, self._bounded, self.rules)
        self.problem.check()
        return self.solution(outcome)

    @property
    def rules(self) -> loop.Limits:
        """The configuration as the compiled loop takes it."""
        c = self.config
        # The loop is compiled for these very types: an int for a float would compile it again.
        return loop.Limits(
            iterations=int(c.iterations),
            tolerance=float(c.tolerance),
            time_budget=float(c.time_budget),
            acceptance=float(c.acceptance),
            regularization=float(c.regularization),
            least_regularization=float(c.least_regularization),
            most_regularization=float(c.most_regularization),
            step_sizes=int(c.step_sizes),
        )

    @property
    def curvature(self) -> Array:
        """Hessian of the cost to go in the first control, Quu at the last sweep, [nu, nu]."""
        stage, at = self.problem.stage, int(self.work.offsets[QUU])
        rows = self.work.scratch[at : at + stage.nu * stage.padded_nu]
        return np.array(rows.reshape(stage.nu, stage.padded_nu)[:, : stage.nu])

    def solution(self, outcome: loop.Outcome) -> Solution:
        """Copy the result out of the working memory."""
        w, stage, n_steps = self.work, self.problem.stage, self.steps
        gains = w.gains.reshape(n_steps, stage.nu, stage.padded_nx)
        return Solution(
            states=w.x[: n_steps + 1, w.positions],
            controls=w.u[:n_steps, : stage.nu].copy(),
            gains=gains[:, :, w.positions],
            steps=w.k[:, : stage.nu].copy(),
            cost=outcome.cost,
            gap=outcome.gap,
            status=Status(outcome.status),
            iterations=outcome.iterations,
            regularization=outcome.regularization,
            step_size=outcome.step_size,
            slope=outcome.slope,
        )

    def _set_guess(self, states: Array, controls: Array) -> None:
        stage = self.problem.stage
        for what, array, expected in (
            ("guessed states", states, (self.steps + 1, stage.nx)),
            ("guessed controls", controls, (self.steps, stage.nu)),
        ):
            if np.shape(array) != expected:
                raise ShapeError(what, np.shape(array), expected)
            if not np.isfinite(array).all():
                raise NonFiniteError(what, np.argwhere(~np.isfinite(array))[0].tolist())
        self.work.x[: self.steps + 1] = pad_rows(stage, np.asarray(states))
        nu, w = stage.nu, self.work
        w.u[: self.steps, :nu] = np.clip(controls, w.lower[:nu], w.upper[:nu])
