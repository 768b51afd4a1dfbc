"""Where to stand to see the whole arm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rl_control.robot.model import Placement, RobotModel
from rl_control.types import Array

FIELD_OF_VIEW = 45.0  # [deg], vertical


@dataclass(frozen=True)
class Camera:
    """A viewpoint in the base frame.

    Attributes:
        eye: position of the camera, [3] in [m].
        target: point in the middle of the picture, [3] in [m].
        up: direction that is up in the picture, [3].
        far: distance beyond which nothing is drawn in [m].
    """

    eye: Array
    target: Array
    up: Array
    far: float


def camera_for(robot: RobotModel) -> Camera:
    """Return a view from the side and a little above that holds everything the arm can reach.

    An arm that moves in one plane is looked at square to that plane.
    """
    origins, axes = _zero_frames(robot)
    reach = float(np.sum(np.linalg.norm(np.diff(origins, axis=0), axis=1))) or 1.0
    down = robot.gravity / (np.linalg.norm(robot.gravity) or 1.0)
    up = -down if down.any() else np.array([0.0, 0.0, 1.0])
    if np.abs(np.abs(axes @ axes[0]) - 1.0).max() < 1e-6:
        side, target = -axes[0], origins[0]
    else:
        side = _horizontal(np.array([1.0, -1.2, 0.0]), up)
        target = origins[0] + 0.25 * reach * up
    if abs(side @ up) > 0.99:  # a plane seen from above: the arm's zero direction is up
        return Camera(target + 2.4 * reach * up, target, _horizontal(np.eye(3)[0], up), 10 * reach)
    direction = side + 0.25 * up
    eye = target + 2.1 * reach * direction / np.linalg.norm(direction)
    return Camera(eye, target, up, far=10.0 * reach)


def _horizontal(vector: Array, up: Array) -> Array:
    flat = vector - (vector @ up) * up
    if np.linalg.norm(flat) < 1e-6:
        flat = np.cross(up, np.array([0.0, 1.0, 0.0]))
    return np.asarray(flat / np.linalg.norm(flat))


def _zero_frames(robot: RobotModel) -> tuple[Array, Array]:
    """Origins of joints and tip, [n + 1, 3], and directions of the axes, [n, 3], at zero.

    Neither the distances along the chain nor whether all axes are parallel depends on the pose.
    """
    frame, origins, axes = Placement.identity(), [], []
    for joint in robot.joints:
        frame = frame @ joint.placement
        origins.append(frame.translation)
        axes.append(frame.rotation @ joint.axis)
    origins.append((frame @ robot.tip_placement).translation)
    return np.array(origins), np.array(axes)
