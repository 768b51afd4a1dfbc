"""Rooms put together: a planner on a learned model, which may be exchanged while it runs."""

from __future__ import annotations

import casadi as ca
import numpy as np

from rl_control.control.learned import LearnedProblem
from rl_control.control.mpc import ArmFunctions, Mpc, MpcConfig
from rl_control.kernels import BatchFunction, compile_batch
from rl_control.models.holding import hold_torque, mass_matrix, nearly_hold_torque
from rl_control.models.learned import LearnedModel
from rl_control.robot.model import RobotModel
from rl_control.robot.parameters import parameter_count
from rl_control.robot.rigid_body import RigidBody
from rl_control.run.assemble import ReachObjective
from rl_control.tasks.reach import ReachConfig, reach_cost
from rl_control.types import Array, Goal

FRICTION_SPEED = 0.005  # [rad/s] or [m/s] of the plan at which friction is met by three quarters


class LearnedMpc:
    """An `Mpc` on a learned model.

    Attributes:
        mpc: the planner.
        model: what it plans on, or will from its next plan on.
    """

    def __init__(
        self,
        robot: RobotModel,
        model: LearnedModel,
        config: MpcConfig | None = None,
        task: ReachConfig | None = None,
        doubt: float = 0.01,
    ) -> None:
        """Compile the planner.

        Args:
            robot: kinematics and the limits that control may use; its masses only say what counts
                as much effort.
            model: what is planned on first; models to come must be of its shape.
            config: the planner's horizon and budget; its step is the model's.
            task: weights of the reach.
            doubt: weight of the members' disagreement.
        """
        config, task = config or MpcConfig(), task or ReachConfig()
        self.model = model
        self._robot = robot
        weightless = model.mechanics is None
        self._problem = LearnedProblem(robot, reach_cost(robot, weightless), model)
        self._acceleration = _smooth_acceleration(robot)
        hold = self._hold if weightless else None
        objective = DoubtfulObjective(
            ReachObjective(robot, task, config.horizon, config.dt, hold),
            doubt * config.dt if self._problem.doubts else None,
        )
        self.mpc = Mpc(self._problem, objective, robot.limits, self._functions(model), config)

    def exchange(self, model: LearnedModel) -> None:
        """Plan on `model` from the next plan on.

        Raises:
            ModelError: if it is not of the shape that was compiled, or of another arm.
        """
        self._problem.check_shape(model)
        self.model = model

        def change() -> ArmFunctions:
            self._problem.load(model)
            return self._functions(model)

        self.mpc.exchange(change)

    def _hold(self, q: Array) -> Array:
        bound = self._robot.limits.effort
        return np.clip(hold_torque(self.model, q), -bound, bound)

    def _functions(self, model: LearnedModel) -> ArmFunctions:
        rigid = model.mechanics
        friction = np.zeros(model.nu) if rigid is None else rigid.friction
        parameters = None if rigid is None else rigid.parameters[None]

        def acceleration(q: Array, v: Array, u: Array) -> tuple[Array, ...]:
            q, v, u = (np.atleast_2d(z) for z in (q, v, u))
            a = np.zeros_like(u)
            if parameters is not None:
                (a,) = self._acceleration(q, v, u, parameters)
            if model.residual is not None:
                a = a + model.residual.mean(np.hstack([q, v]), u)
            return (a,)

        held = np.zeros(model.nu)

        def hold(q: Array) -> Array:
            # Asked for at every replan: one step from the last answer, or from gravity's.
            if rigid is not None:
                return nearly_hold_torque(model, q)
            held[:] = hold_torque(model, q, held, steps=1)
            return held.copy()

        return ArmFunctions(
            gravity_torque=hold,
            mass_matrix=lambda q: mass_matrix(model, q),
            acceleration=acceleration,
            dry_friction=lambda v: friction * np.tanh(v / FRICTION_SPEED),
        )


class DoubtfulObjective:
    """An objective with one more cost parameter a node: the weight of the members' disagreement.

    Args:
        objective: the rest.
        weight: of each running node; None to leave the parameter out.
    """

    def __init__(self, objective: ReachObjective, weight: float | None) -> None:
        self._objective, self._weight = objective, weight

    def rows(self, goal: Goal) -> Array:
        """Cost parameters of every node, [N+1, np]."""
        rows = self._objective.rows(goal)
        if self._weight is None:
            return rows
        column = np.full((len(rows), 1), self._weight)
        column[-1] = 0.0  # no effort acts at the last node
        return np.hstack([rows, column])

    def stay(self, q: Array) -> Goal:
        """The goal of staying at joint positions `q` [n]."""
        return self._objective.stay(q)


def _smooth_acceleration(robot: RobotModel) -> BatchFunction:
    """The acceleration a(q, v, u, parameters) without dry friction."""
    q, v, u = (ca.SX.sym(letter, robot.n) for letter in "qvu")
    p = ca.SX.sym("p", parameter_count(robot))
    a = RigidBody(robot, p).forward_dynamics(q, v, u, 0.005)
    return compile_batch(ca.Function(f"{robot.identifier}_learned_fd", [q, v, u, p], [ca.cse(a)]))
