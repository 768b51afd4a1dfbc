"""The canonical problem in this package: the very solver the MPC uses, for any arm."""

from __future__ import annotations

import statistics
import time

import casadi as ca
import numpy as np
from canonical import Array, Canonical, Solved, Weights

from rl_control.control.fused import FusedProblem
from rl_control.control.ilqr import Ilqr, IlqrConfig, Status
from rl_control.costs.effort import EffortAbout
from rl_control.costs.schedule import Schedule
from rl_control.costs.sum import CostSum
from rl_control.costs.tip_position import TipPosition
from rl_control.costs.velocity import Velocity
from rl_control.robot.model import RobotModel
from rl_control.robot.rigid_body import RigidBody


class Compiled:
    """The canonical problem for one arm, compiled once and solved for any target and horizon.

    Args:
        robot: the arm; its joint damping and friction are left out.
        dt: time step in [s].
    """

    def __init__(self, robot: RobotModel, dt: float) -> None:
        started = time.perf_counter()
        self.robot, self.dt = robot.without_damping(), dt
        body, n = RigidBody(self.robot), robot.n
        self.cost = CostSum([TipPosition(), Velocity(n), EffortAbout(n)])
        self.problem = FusedProblem(body, self.cost, dt)
        self.compile_seconds = time.perf_counter() - started
        q = ca.SX.sym("q", n)
        self._tip = ca.Function("tip", [q], [body.tip(q)[0]])
        self._gravity = ca.Function("gravity", [q], [body.gravity_torque(q)])

    def tips(self, postures: Array) -> Array:
        """Return the tip positions, [B, 3] in [m], of joint vectors [B, n]."""
        return np.array([self._tip(q).full().ravel() for q in postures])

    def gravity(self, q: Array) -> Array:
        """Return the efforts that hold the arm still at q, [n]."""
        return np.asarray(self._gravity(q).full().ravel())

    def schedule(self, problem: Canonical) -> Schedule:
        """Return the cost's numbers at every node."""
        w: Weights = problem.weights
        return Schedule(
            self.cost,
            problem.horizon,
            problem.dt,
            values={
                "tip_position.weight": w.position,
                "tip_position.target": problem.target,
                "velocity.weight": w.velocity,
                "effort.weight": w.effort,
                "effort.reference": self.gravity(problem.q0),
            },
            terminal={
                "tip_position": w.terminal_position / w.position,
                "velocity": w.terminal_velocity / w.velocity,
            },
        )

    def solver(self, problem: Canonical, config: IlqrConfig) -> Ilqr:
        """Return a solver with the bounds and numbers of `problem` set."""
        solver = Ilqr(self.problem, problem.horizon, config)
        limits = problem.limits
        solver.set_bounds(None if limits is None else -limits, limits)
        solver.set_parameters(self.schedule(problem).rows)
        return solver

    def guess(self, problem: Canonical) -> tuple[Array, Array]:
        """Return the first guess: states [N+1, 2n] at rest at q0, controls [N, n] holding it."""
        start = np.concatenate([problem.q0, np.zeros(self.robot.n)])
        controls = np.tile(self.gravity(problem.q0), (problem.horizon, 1))
        return np.tile(start, (problem.horizon + 1, 1)), controls

    def solve(
        self, problem: Canonical, config: IlqrConfig | None = None, repeats: int = 5
    ) -> Solved:
        """Solve `problem`; the time is the median of `repeats` solves."""
        solver = self.solver(problem, config or IlqrConfig())
        states, controls = self.guess(problem)
        solver.solve(states, controls)  # the first solve pays for loading code and memory
        seconds = []
        for _ in range(max(repeats, 1)):
            started = time.perf_counter()
            solution = solver.solve(states, controls)
            seconds.append(time.perf_counter() - started)
        return Solved(
            cost=solution.cost,
            iterations=solution.iterations,
            seconds=statistics.median(seconds),
            converged=solution.status is Status.CONVERGED,
            states=solution.states,
            controls=solution.controls,
        )
