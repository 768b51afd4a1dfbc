"""Rooms put together: a planner on a learned model, which may be exchanged while it runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import casadi as ca
import numpy as np

from rl_control.control.learned import LearnedProblem
from rl_control.control.moving_goal import GoalNodes
from rl_control.control.mpc import ArmFunctions, Mpc, MpcConfig, Objective
from rl_control.control.receding import RecedingHorizon
from rl_control.control.sampled_arm import SampledArm
from rl_control.control.sampling import SamplingMpc
from rl_control.control.sampling_settings import SamplingConfig
from rl_control.costs.sum import CostSum
from rl_control.kernels import BatchFunction, compile_batch
from rl_control.kernels.compute import computing_on
from rl_control.models.holding import hold_torque, mass_matrix, nearly_hold_torque
from rl_control.models.learned import LearnedModel, rigid_model
from rl_control.models.mechanics import Mechanics
from rl_control.robot.model import RobotModel
from rl_control.robot.parameters import parameter_count
from rl_control.robot.rigid_body import RigidBody
from rl_control.run.assemble import ReachObjective, reach_mpc
from rl_control.tasks.reach import ReachConfig, effort_units, home_inertia, reach_cost
from rl_control.types import Array, Goal, JointLimits

FRICTION_SPEED = 0.005  # [rad/s] or [m/s] of the plan at which friction is met by three quarters


class LearnedMpc:
    """A planner on a learned model.

    Attributes:
        mpc: the planner: `SamplingMpc` if it was given a `SamplingConfig`, else `Mpc`.
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

        Raises:
            ConfigError: if the planner's device is not there, or its settings do not fit the model.
            ModelError: if it is of a kind that no planner takes.
        """
        config, task = config or MpcConfig(), task or ReachConfig()
        self.model = model
        self._robot = robot
        weightless = model.mechanics is None
        self._problem = _problem(robot, reach_cost(robot, weightless), model, config)
        self._acceleration = _smooth_acceleration(robot)
        hold = self._hold if weightless else None
        objective = DoubtfulObjective(
            ReachObjective(robot, task, config.horizon, config.dt, hold),
            doubt * config.dt if self._problem.doubts else None,
        )
        self.mpc = _planner(self._problem, objective, robot, self._functions(model), config)

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

    def reweighed(
        self, task: ReachConfig, limits: JointLimits, config: MpcConfig, doubt: float
    ) -> Callable[[], None]:
        """Prepare other weights; return what makes the next plan by them.

        Args:
            task: weights of the reach.
            limits: of speed and effort.
            config: of the planner; what is not live stays as it is.
            doubt: weight of the members' disagreement.

        Raises:
            ShapeError: if a weight has neither one entry nor one a joint.
        """
        objective = self.mpc.objective
        assert isinstance(objective, DoubtfulObjective), "it was made with one"
        pursuit = objective.weighed(task, limits).doubting(doubt * self.mpc.config.dt)
        return lambda: self.mpc.pursue(pursuit, limits, config)

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
        return self._doubtful(self._objective.rows(goal))

    def rows_along(self, nodes: GoalNodes) -> Array:
        """Cost parameters of every node for a goal that moves, [N+1, np]."""
        return self._doubtful(self._objective.rows_along(nodes))

    def _doubtful(self, rows: Array) -> Array:
        if self._weight is None:
            return rows
        column = np.full((len(rows), 1), self._weight)
        column[-1] = 0.0  # no effort acts at the last node
        return np.hstack([rows, column])

    def stay(self, q: Array) -> Goal:
        """The goal of staying at joint positions `q` [n]."""
        return self._objective.stay(q)

    def doubting(self, weight: float) -> DoubtfulObjective:
        """Return the same objective with another weight of each running node, if it has one."""
        return DoubtfulObjective(self._objective, None if self._weight is None else weight)

    def weighed(self, config: ReachConfig, limits: JointLimits) -> DoubtfulObjective:
        """Return the objective of the same cost with other weights and limits; quick.

        Raises:
            ShapeError: if a weight has neither one entry nor one a joint.
        """
        return DoubtfulObjective(self._objective.weighed(config, limits), self._weight)


def _problem(
    robot: RobotModel, cost: CostSum, model: LearnedModel, config: MpcConfig
) -> LearnedProblem | SampledArm:
    if isinstance(config, SamplingConfig):
        return SampledArm(robot, cost, model, computing_on(config.device))
    return LearnedProblem(robot, cost, model)


def _planner(
    problem: LearnedProblem | SampledArm,
    objective: Objective,
    robot: RobotModel,
    arm: ArmFunctions,
    config: MpcConfig,
) -> RecedingHorizon:
    if isinstance(problem, LearnedProblem):
        return Mpc(problem, objective, robot.limits, arm, config)
    assert isinstance(config, SamplingConfig)
    inertia = home_inertia(robot)

    def unit(limits: JointLimits) -> Array:
        return effort_units(replace(robot, limits=limits), inertia)

    rng = problem.compute.generator(config.seed)
    return SamplingMpc(problem, objective, robot.limits, arm, rng, config, unit)


def reach_planner(
    robot: RobotModel, config: MpcConfig | None = None, task: ReachConfig | None = None
) -> RecedingHorizon:
    """Return a planner that reaches goals with the arm as described.

    Args:
        robot: the arm, with the limits that control may use.
        config: the planner's horizon and budget; a `SamplingConfig` makes it one by sampling.
        task: weights of the reach.

    Raises:
        ConfigError: if the planner's device is not there.
    """
    if not isinstance(config, SamplingConfig):
        return reach_mpc(robot, config, task)
    return LearnedMpc(robot, rigid_model(Mechanics(robot), config.dt), config, task).mpc


def _smooth_acceleration(robot: RobotModel) -> BatchFunction:
    """The acceleration a(q, v, u, parameters) without dry friction."""
    q, v, u = (ca.SX.sym(letter, robot.n) for letter in "qvu")
    p = ca.SX.sym("p", parameter_count(robot))
    a = RigidBody(robot, p).forward_dynamics(q, v, u, 0.005)
    return compile_batch(ca.Function(f"{robot.identifier}_learned_fd", [q, v, u, p], [ca.cse(a)]))
