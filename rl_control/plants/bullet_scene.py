"""What is seen of the simulated arm: a floor, a target and pictures; none of it has substance."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from rl_control.plants.bullet_camera import FIELD_OF_VIEW, camera_for
from rl_control.plants.bullet_client import World
from rl_control.robot.model import RobotModel
from rl_control.types import Array

_MARKER_RADIUS = 0.03  # [m]


class Scene:
    """The visible surroundings of an arm.

    Args:
        world: the arm's physics world.
        robot: the arm.
        floor: draw a floor.
    """

    def __init__(self, world: World, robot: RobotModel, floor: bool) -> None:
        self._world = world
        self._camera = camera_for(robot)
        self._marker: int | None = None
        if floor:
            shape = world.createVisualShape(
                world.bullet.GEOM_BOX,
                halfExtents=[3.0, 3.0, 0.005],
                visualFramePosition=[0.0, 0.0, -0.01],
                rgbaColor=[0.75, 0.78, 0.8, 1.0],
            )
            world.createMultiBody(baseVisualShapeIndex=shape)

    def show_target(self, position: Array) -> None:
        """Draw a red ball at `position`, [3] in [m] in the base frame."""
        world = self._world
        if self._marker is None:
            shape = world.createVisualShape(
                world.bullet.GEOM_SPHERE, radius=_MARKER_RADIUS, rgbaColor=[1.0, 0.15, 0.1, 1.0]
            )
            self._marker = world.createMultiBody(baseVisualShapeIndex=shape)
        world.resetBasePositionAndOrientation(self._marker, position.tolist(), [0.0, 0.0, 0.0, 1.0])

    def frame(self, width: int, height: int) -> NDArray[np.uint8]:
        """Return a picture, [height, width, 3], drawn by the processor without a screen."""
        camera, bullet = self._camera, self._world.bullet
        view = bullet.computeViewMatrix(
            camera.eye.tolist(), camera.target.tolist(), camera.up.tolist()
        )
        lens = bullet.computeProjectionMatrixFOV(FIELD_OF_VIEW, width / height, 0.01, camera.far)
        image = self._world.getCameraImage(
            width, height, view, lens, renderer=bullet.ER_TINY_RENDERER
        )
        pixels = np.asarray(image[2], dtype=np.uint8).reshape(height, width, 4)
        return pixels[:, :, :3].copy()
