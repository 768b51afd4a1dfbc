"""A goal as a message can say it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rl_control.control.moving_goal import MovingGoal, tip_columns
from rl_control.data.runs.goal_path import GoalPath
from rl_control.robot.kinematics import Kinematics
from rl_control.robot.quaternions import quaternion_from_rotation, rotation_from_quaternion
from rl_control.types import Array, Goal

FREE = np.zeros(4)
"""The quaternion that leaves the rotation free."""


def goal_as_told(goal: Goal) -> tuple[Goal, Array]:
    """Return the goal with the rotation that its quaternion says, and the quaternion, [4].

    Rotation matrix and quaternion (x, y, z, w) agree to the last bits only; whoever reads the
    message must find the goal that was aimed at, to the bit.
    """
    if goal.rotation is None:
        return goal, FREE
    quaternion = quaternion_from_rotation(goal.rotation)
    return replace(goal, rotation=rotation_from_quaternion(quaternion, "goal")), quaternion


def goal_of(position: Array, quaternion: Array | None, posture: Array) -> Goal:
    """Return the goal that was told.

    Args:
        position: of the tip, [3] in [m].
        quaternion: (x, y, z, w), [4]; None leaves the rotation free.
        posture: joint positions that bring the tip there, [n].
    """
    if quaternion is None:
        return Goal(position, posture)
    return Goal(position, posture, rotation_from_quaternion(quaternion, "goal"))


def moving_goal_of(goal: Goal, path: GoalPath, kinematics: Kinematics) -> MovingGoal:
    """Return the goal that moves along the path that was told, to where `goal` is."""
    n = len(goal.posture)
    tips = tip_columns(path.table[:, :n], path.table[:, n:], kinematics)
    return MovingGoal(
        goal.position, goal.posture, goal.rotation,
        start=path.start, step=path.step, table=np.hstack([path.table, tips]),
    )  # fmt: skip


def path_of(goal: Goal) -> GoalPath | None:
    """Return how a goal moves, as it is told; None for one that does not."""
    if not isinstance(goal, MovingGoal):
        return None
    return GoalPath(goal.start, goal.step, goal.table[:, : 2 * len(goal.posture)])
