"""Rooms put together: a planner for one arm and task."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol, runtime_checkable

import casadi as ca
import numpy as np

from rl_control.control.fused import FusedProblem
from rl_control.control.moving_goal import GoalNodes
from rl_control.control.mpc import ArmFunctions, Mpc, MpcConfig, Objective
from rl_control.control.receding import RecedingHorizon
from rl_control.costs import Schedule
from rl_control.kernels import compile_batch
from rl_control.robot.kinematics import Kinematics
from rl_control.robot.model import RobotModel
from rl_control.robot.rigid_body import RigidBody
from rl_control.tasks.follow import follow_config
from rl_control.tasks.goal import stay_goal
from rl_control.tasks.reach import (
    ReachConfig,
    goal_values,
    home_inertia,
    reach_cost,
    reach_schedule,
)
from rl_control.types import Array, Goal, JointLimits


@runtime_checkable
class Weighable(Protocol):
    """What the reach task's weights are known by to a planner."""

    def weighed(self, config: ReachConfig, limits: JointLimits) -> Objective:
        """Return the objective of the same cost with other weights and limits; quick."""
        ...


class ReachObjective:
    """The reach task's cost parameters for any goal.

    Args:
        robot: the arm, with the limits that control may use.
        config: the task's weights.
        steps: number of steps in the horizon.
        dt: length of a step in [s].
        hold: efforts [n] that hold the arm at q [n], for a cost whose equations are weightless.
    """

    def __init__(
        self,
        robot: RobotModel,
        config: ReachConfig,
        steps: int,
        dt: float,
        hold: Callable[[Array], Array] | None = None,
    ) -> None:
        self._robot, self._config, self._hold = robot, config, hold
        self._steps, self._dt = steps, dt
        self._kinematics = Kinematics(robot)
        self._inertia = home_inertia(robot)
        self._home = self.stay(robot.home)
        self._held = None if hold is None else hold(robot.home)
        self._schedule = self._scheduled(config)
        self._following = self._scheduled(follow_config(config))

    def weighed(self, config: ReachConfig, limits: JointLimits) -> ReachObjective:
        """Return the objective of the same cost with other weights and limits; quick.

        Raises:
            ShapeError: if a weight has neither one entry nor one a joint.
        """
        other = copy.copy(self)
        other._robot, other._config = replace(self._robot, limits=limits), config
        other._schedule = other._scheduled(config)
        other._following = other._scheduled(follow_config(config))
        return other

    def rows(self, goal: Goal) -> Array:
        """Cost parameters of every node, [N+1, np]."""
        values = goal_values(goal, self._config.weights)
        if self._hold is not None:
            values["effort.reference"] = self._hold(goal.posture)
        self._schedule.update(values)
        return self._schedule.rows

    def rows_along(self, nodes: GoalNodes) -> Array:
        """Cost parameters of every node for a goal that moves, [N+1, np]."""
        values = {"posture.target": nodes.posture, "tip_position.target": nodes.position}
        if self._hold is not None:
            values["effort.reference"] = self._hold(nodes.posture[0])
        self._following.update(values)
        return self._following.rows

    def stay(self, q: Array) -> Goal:
        """The goal of staying at joint positions `q` [n]."""
        return stay_goal(self._kinematics.tip(q), q)

    def _scheduled(self, config: ReachConfig) -> Schedule:
        # For some goal or other: rows are made for each that is asked for.
        return reach_schedule(
            self._robot, config, self._home, self._steps, self._dt, self._held, self._inertia
        )


def reweighed(
    mpc: RecedingHorizon, task: ReachConfig, limits: JointLimits, config: MpcConfig
) -> Callable[[], None]:
    """Prepare other weights, limits and budgets; return what makes the next plan by them.

    Nothing is compiled: weights, speed and effort limits are numbers to the planner.

    Args:
        mpc: plans a reach.
        task: the weights.
        limits: of speed and effort; position limits stay as they are.
        config: of the planner; what is not live stays as it is.

    Raises:
        ShapeError: if a weight has neither one entry nor one a joint.
    """
    objective = mpc.objective
    assert isinstance(objective, Weighable), "this planner reaches for nothing"
    pursuit = objective.weighed(task, limits)
    return lambda: mpc.pursue(pursuit, limits, config)


def reach_mpc(
    robot: RobotModel, config: MpcConfig | None = None, task: ReachConfig | None = None
) -> Mpc:
    """Return a planner that reaches goals with `robot`.

    Args:
        robot: the arm, with the limits that control may use.
        config: the planner's horizon and budget.
        task: weights of the reach.
    """
    config, task = config or MpcConfig(), task or ReachConfig()
    body = RigidBody(robot)
    q, v, u = (ca.SX.sym(letter, robot.n) for letter in "qvu")
    gravity = compile_batch(
        ca.Function(f"{robot.identifier}_gravity", [q], [ca.cse(body.gravity_torque(q))])
    )
    acceleration = compile_batch(
        ca.Function(
            f"{robot.identifier}_fd", [q, v, u], [ca.cse(body.forward_dynamics(q, v, u, 0.005))]
        )
    )
    mass = ca.Function("mass", [q], [body.mass_matrix(q)])  # asked for by a hold only
    return Mpc(
        FusedProblem(body, reach_cost(robot), config.dt),
        ReachObjective(robot, task, config.horizon, config.dt),
        robot.limits,
        ArmFunctions(
            gravity_torque=lambda position: gravity(position)[0][0],
            mass_matrix=lambda position: np.asarray(mass(position).full()),
            acceleration=acceleration,
        ),
        config,
    )
