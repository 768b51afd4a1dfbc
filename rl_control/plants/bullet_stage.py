"""An arm and what stands about it, posed and looked at from anywhere; nothing moves by itself."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from rl_control.plants.bullet_arm import load_arm
from rl_control.plants.bullet_client import World
from rl_control.plants.bullet_fixtures import Fixtures
from rl_control.plants.bullet_rods import with_rods
from rl_control.plants.bullet_scene import Scene
from rl_control.plants.bullet_urdf import Payload
from rl_control.plants.bullet_view import View
from rl_control.robot.model import RobotModel
from rl_control.types import Array, Pose

_NEAR = 0.01  # [m], distance within which nothing is drawn
_NOTHING = Payload(0.0, (0.0, 0.0, 0.0))


class Stage:
    """An arm in a world of its own, without physics.

    Args:
        robot: the arm.
        fixtures: URDF file of each thing that can be placed about it, by its name.

    Raises:
        MissingDependencyError: if pybullet is not installed.
        PlantError: if PyBullet refuses the arm, or a fixture's file is not there.
    """

    def __init__(self, robot: RobotModel, fixtures: Mapping[str, Path]) -> None:
        self._world = World()
        self._arm = load_arm(self._world, with_rods(robot), _NOTHING, np.zeros(robot.n), exact=True)
        self._fixtures = Fixtures(self._world, fixtures, self._arm.body)
        self._scene = Scene(self._world, robot, floor=True)

    def place(self, scene: Mapping[str, Pose]) -> None:
        """Put fixtures at poses in the base frame; those that are not named are taken away.

        Raises:
            UnknownNameError: if a name is not that of a fixture.
            NonFiniteError: if a pose is not finite.
        """
        self._fixtures.place(scene)

    def pose(self, q: Array, target: Array) -> None:
        """Bring the arm to joint positions, [n], and the red ball to a point, [3] in [m]."""
        for joint, position in zip(self._arm.joints, q, strict=True):
            self._world.resetJointState(self._arm.body, joint, position)
        self._scene.show_target(target)

    def picture(self, view: View, height: int) -> NDArray[np.uint8]:
        """Return a picture, [height, W, 3] with an even W, drawn by the processor."""
        width, height, pixels, _, _ = self._image(view, height)
        return np.asarray(pixels, dtype=np.uint8).reshape(height, width, 4)[:, :, :3].copy()

    def arm_in(self, view: View, height: int) -> NDArray[np.bool_]:
        """Return which pixels of a picture show the arm, [height, W]."""
        width, height, _, _, bodies = self._image(view, height)
        return np.asarray(bodies).reshape(height, width) == self._arm.body

    def close(self) -> None:
        """Release the world; calling it twice is harmless."""
        self._world.close()

    def _image(self, view: View, height: int) -> Any:
        """Width, height, colours, depths and bodies of a picture."""
        bullet, camera = self._world.bullet, view.camera
        width = 2 * max(1, round(0.5 * height * view.aspect))
        place = bullet.computeViewMatrix(
            camera.eye.tolist(), camera.target.tolist(), camera.up.tolist()
        )
        edges = [_NEAR * edge for edge in (view.left, view.right, view.bottom, view.top)]
        lens = bullet.computeProjectionMatrix(*edges, _NEAR, camera.far)
        return self._world.getCameraImage(
            width, height, place, lens, renderer=bullet.ER_TINY_RENDERER
        )
