"""An arm in space as a viewer wants it: poses of its links along a motion, normals of shapes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rl_control.robot.model import Joint, RobotModel
from rl_control.robot.quaternions import quaternion_from_rotation
from rl_control.types import Array


@dataclass(frozen=True)
class LinkMotion:
    """Poses of a link in the one before (the base, before the first).

    Attributes:
        name: of the joint that moves it.
        translations: [T, 3] in [m].
        quaternions: (x, y, z, w), [T, 4].
    """

    name: str
    translations: Array
    quaternions: Array


def link_motions(robot: RobotModel, positions: Array) -> list[LinkMotion]:
    """Return how the link behind each joint moves at joint positions, [T, n] in [rad] or [m]."""
    return [
        LinkMotion(joint.name, *_motion(joint, positions[:, k]))
        for k, joint in enumerate(robot.joints)
    ]


def normals(vertices: Array, faces: NDArray[Any]) -> Array:
    """Return unit normals at the vertices of a surface, [V, 3]: those of its faces, by their area.

    Args:
        vertices: [V, 3] in [m].
        faces: three vertices each, [F, 3].
    """
    a, b, c = (vertices[faces[:, k]] for k in range(3))
    across = np.cross(b - a, c - a)
    total = np.zeros_like(vertices)
    for k in range(3):
        np.add.at(total, faces[:, k], across)
    lengths = np.linalg.norm(total, axis=1, keepdims=True)
    return total / np.where(lengths > 0.0, lengths, 1.0)


def _motion(joint: Joint, q: Array) -> tuple[Array, Array]:
    placement = joint.placement
    still = quaternion_from_rotation(placement.rotation)
    if joint.kind == "prismatic":
        along = placement.rotation @ joint.axis
        return placement.translation + q[:, None] * along, np.tile(still, (len(q), 1))
    turns = np.column_stack([np.sin(q / 2)[:, None] * joint.axis, np.cos(q / 2)])
    return np.tile(placement.translation, (len(q), 1)), _products(still, turns)


def _products(first: Array, second: Array) -> Array:
    """Return the rotations `second`, [T, 4], followed by `first`, [4], both as (x, y, z, w)."""
    a, s = first[:3], first[3]
    b, t = second[:, :3], second[:, 3:]
    vector = s * b + t * a + np.cross(a, b)
    return np.column_stack([vector, s * t - b @ a[:, None]])
