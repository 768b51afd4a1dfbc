"""Reach: bring the tip to a point (and a rotation, if one is given) and hold it there."""

from __future__ import annotations

from dataclasses import asdict

import casadi as ca
import numpy as np
from numpy.typing import ArrayLike

from rl_control.costs import (
    CostSum,
    Effort,
    EffortAbout,
    GivenVelocityLimits,
    PositionLimits,
    Posture,
    Schedule,
    TipOrientation,
    TipPosition,
    Velocity,
)
from rl_control.errors import ShapeError
from rl_control.robot.model import RobotModel
from rl_control.robot.rigid_body import RigidBody
from rl_control.tasks.goal import resolve_goal
from rl_control.tasks.reach_config import ReachConfig, ReachTerminal, ReachWeights
from rl_control.tasks.settle import SettleDetector
from rl_control.tasks.targets import sample_targets
from rl_control.types import Array, Goal

__all__ = [
    "ReachConfig",
    "ReachTerminal",
    "ReachWeights",
    "SettleDetector",
    "acceleration_units",
    "effort_units",
    "goal_values",
    "home_inertia",
    "reach_cost",
    "reach_schedule",
    "resolve_goal",
    "sample_targets",
    "settle_detector",
    "weight_values",
]

_RISE_TIME = 0.2  # [s] in which unit effort brings a joint from rest to its greatest speed


def reach_cost(robot: RobotModel, weightless: bool = False) -> CostSum:
    """Return the reach task's cost; the same for every goal, every weight and every speed limit.

    Args:
        robot: the arm.
        weightless: the arm's equations know nothing of gravity: what holds the arm at the goal
            is a parameter of its own, "effort.reference", [n].
    """
    n = robot.n
    return CostSum(
        [
            TipPosition(),
            TipOrientation(),
            Posture(n),
            Velocity(n),
            EffortAbout(n) if weightless else Effort(n),
            PositionLimits(),
            GivenVelocityLimits(joints=n),
        ]
    )


def weight_values(
    robot: RobotModel, weights: ReachWeights, inertia: Array | None = None
) -> dict[str, Array]:
    """Return the parameters "<term>.weight" of the cost, in SI units, but for the orientation's.

    Args:
        robot: the arm, with the limits that speeds and efforts are measured by.
        weights: of the task.
        inertia: see `effort_units`.

    Raises:
        ShapeError: if a weight has neither one entry nor one a joint.
    """
    units = {
        "velocity": _finite_or_one(robot.limits.velocity),
        "effort": effort_units(robot, inertia),
    }
    values: dict[str, Array] = {}
    for term in reach_cost(robot).terms:
        weight = np.atleast_1d(np.asarray(getattr(weights, term.name), dtype=float))
        if weight.size not in (1, term.weight_size):
            raise ShapeError(f"task weight '{term.name}'", weight.size, f"1 or {term.weight_size}")
        values[f"{term.name}.weight"] = weight / units.get(term.name, np.ones(1)) ** 2
    del values["tip_orientation.weight"]  # it depends on the goal
    return values


def acceleration_units(robot: RobotModel) -> Array:
    """Return the accelerations that bring each joint to its greatest speed in 0.2 s, [n]."""
    return _finite_or_one(robot.limits.velocity) / _RISE_TIME


def effort_units(robot: RobotModel, inertia: Array | None = None) -> Array:
    """Return the effort that counts as one in each joint, [n] in [N m] or [N].

    What brings the joint from rest to its greatest speed in 0.2 s at home against its damping, at
    most its limit. Shares of the limits alone would let a light wrist with a strong motor jerk
    about freely; without the damping, a light joint that moves in oil would hardly move at all.

    Args:
        robot: the arm.
        inertia: its `home_inertia`, which takes long to find; found if not given.
    """
    inertia = home_inertia(robot) if inertia is None else inertia
    damping = np.array([joint.damping for joint in robot.joints])
    rise = (inertia / _RISE_TIME + damping) * _finite_or_one(robot.limits.velocity)
    return np.minimum(rise, robot.limits.effort)


def home_inertia(robot: RobotModel) -> Array:
    """Return the inertia that each joint moves at home, [n] in [kg m^2] or [kg]."""
    q = ca.SX.sym("q", robot.n)
    inertia = ca.Function("inertia", [q], [ca.diag(RigidBody(robot).mass_matrix(q))])
    return np.array(inertia(robot.home)).reshape(-1)


def goal_values(goal: Goal, weights: ReachWeights) -> dict[str, Array]:
    """Return the parameters "<term>.target", and the weight of the orientation.

    That weight is zero where the goal leaves the orientation free.
    """
    free = goal.rotation is None
    return {
        "tip_position.target": goal.position,
        "tip_orientation.weight": np.array([0.0 if free else weights.tip_orientation]),
        "tip_orientation.target": (np.eye(3) if goal.rotation is None else goal.rotation),
        "posture.target": goal.posture,
    }


def reach_schedule(
    robot: RobotModel,
    config: ReachConfig,
    goal: Goal,
    steps: int,
    dt: float,
    hold: Array | None = None,
    inertia: Array | None = None,
) -> Schedule:
    """Return the cost's parameters along a horizon of `steps` steps of `dt` [s].

    For another goal or other weights, `update` it with `goal_values` and `weight_values`; with
    "effort.reference" too where `hold` was given.

    Args:
        robot: the arm.
        config: the task's weights.
        goal: what to reach.
        steps: number of steps N.
        dt: their length.
        hold: efforts that hold the arm at the goal, [n], for a cost whose equations are
            weightless.
        inertia: see `effort_units`.

    Raises:
        ShapeError: if a weight or the goal has the wrong length.
        NonFiniteError: if a number is not finite.
    """
    values = {
        **weight_values(robot, config.weights, inertia),
        **goal_values(goal, config.weights),
        "velocity_limits.slowness": 1.0 / robot.limits.velocity,
    }
    if hold is not None:
        values["effort.reference"] = hold
    return Schedule(
        cost=reach_cost(robot, weightless=hold is not None),
        steps=steps,
        running_scale=dt,
        values=values,
        terminal=asdict(config.terminal),
    )


def settle_detector(target: ArrayLike, robot: RobotModel, config: ReachConfig) -> SettleDetector:
    """Return a detector of the arm's coming to rest at `target`, [3] in [m]."""
    return SettleDetector(
        target, robot.limits.velocity, config.tolerance, config.speed_share, config.dwell
    )


def _finite_or_one(limits: Array) -> Array:
    return np.where(np.isfinite(limits), limits, 1.0)
