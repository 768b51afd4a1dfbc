"""Rooms put together: a planner for one arm and task."""

from __future__ import annotations

from collections.abc import Callable

import casadi as ca
import numpy as np

from rl_control.control.fused import FusedProblem
from rl_control.control.mpc import ArmFunctions, Mpc, MpcConfig
from rl_control.kernels import compile_batch
from rl_control.robot.kinematics import Kinematics
from rl_control.robot.model import RobotModel
from rl_control.robot.rigid_body import RigidBody
from rl_control.tasks.goal import stay_goal
from rl_control.tasks.reach import (
    ReachConfig,
    goal_values,
    reach_cost,
    reach_schedule,
)
from rl_control.types import Array, Goal


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
        self._kinematics = Kinematics(robot)
        goal = self.stay(robot.home)
        held = None if hold is None else hold(goal.posture)
        self._schedule = reach_schedule(robot, config, goal, steps, dt, held)

    def rows(self, goal: Goal) -> Array:
        """Cost parameters of every node, [N+1, np]."""
        values = goal_values(goal, self._config.weights)
        if self._hold is not None:
            values["effort.reference"] = self._hold(goal.posture)
        self._schedule.update(values)
        return self._schedule.rows

    def stay(self, q: Array) -> Goal:
        """The goal of staying at joint positions `q` [n]."""
        return stay_goal(self._kinematics.tip(q), q)


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
