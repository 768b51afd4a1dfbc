"""Where an arm's bodies are: each in the frame of the one before, and all in the base's."""

from __future__ import annotations

import numpy as np

from rl_control.robot.model import Joint, Placement, RobotModel
from rl_control.robot.quaternions import quaternion_from_rotation, rotation_from_quaternion
from rl_control.types import Array


def joint_pose(joint: Joint, position: float) -> tuple[Array, Array]:
    """Return the frame of the body behind a joint in that of the body before.

    Returns:
        Its rotation as a quaternion (w, x, y, z), and its origin, [3] in [m].
    """
    placement = joint.placement
    x, y, z, w = quaternion_from_rotation(placement.rotation)
    at = np.array([w, x, y, z])
    if joint.kind == "prismatic":
        return at, placement.translation + placement.rotation @ joint.axis * position
    half = 0.5 * position
    return _product(at, np.concatenate([[np.cos(half)], np.sin(half) * joint.axis])), (
        placement.translation
    )


def body_frames(robot: RobotModel, q: Array) -> list[Placement]:
    """Return the frames of the base, of the body behind each joint, and of the tip: n + 2.

    Args:
        robot: the arm.
        q: joint positions, [n] in [rad] or [m].
    """
    frames = [Placement.identity()]
    for joint, position in zip(robot.joints, q, strict=True):
        (w, x, y, z), origin = joint_pose(joint, float(position))
        turn = rotation_from_quaternion(np.array([x, y, z, w]), joint.name)
        frames.append(frames[-1] @ Placement(turn, origin))
    return [*frames, frames[-1] @ robot.tip_placement]


def _product(p: Array, q: Array) -> Array:
    """The rotation `q`, then `p`, both as (w, x, y, z)."""
    w = p[0] * q[0] - p[1:] @ q[1:]
    return np.concatenate([[w], p[0] * q[1:] + q[0] * p[1:] + np.cross(p[1:], q[1:])])
