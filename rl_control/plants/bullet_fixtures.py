"""Things that stand about a simulated arm, solid and fixed: a block with a hole, a table."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from rl_control.errors import NonFiniteError, PlantError, UnknownNameError
from rl_control.plants.bullet_client import World
from rl_control.types import Pose

_NORMAL_FORCE = 9  # where a contact point of PyBullet has it


class Fixtures:
    """Fixtures of a world; none is there before it is placed.

    Args:
        world: the arm's physics world.
        files: URDF file of each fixture, by its name.
        arm: number of the arm's body.

    Raises:
        PlantError: if a file is not there.
    """

    def __init__(self, world: World, files: Mapping[str, Path], arm: int) -> None:
        for name, path in files.items():
            if not path.is_file():
                raise PlantError(f"fixture '{name}': no file {path}. Give the path of a URDF file.")
        self._world, self._files, self._arm = world, dict(files), arm
        self._bodies: dict[str, int] = {}

    def place(self, scene: Mapping[str, Pose]) -> None:
        """Put fixtures at poses in the base frame; those that are not named are taken away.

        Raises:
            UnknownNameError: if a name is not that of a fixture.
            NonFiniteError: if a pose is not finite.
            PlantError: if PyBullet refuses a fixture.
        """
        for name, pose in scene.items():
            if name not in self._files:
                raise UnknownNameError("fixture", name, list(self._files))
            if not (np.isfinite(pose.position).all() and np.isfinite(pose.rotation).all()):
                raise NonFiniteError(f"pose of fixture '{name}'", pose.position.tolist())
        # Bodies made anew, in one order, remember no contact: the same scene acts the same.
        for name in sorted(self._bodies):
            self._world.removeBody(self._bodies.pop(name))
        for name in sorted(scene):
            self._bodies[name] = self._world.load_file(
                self._files[name], f"fixture '{name}'", scene[name], exact=True
            )

    def touched(self) -> bool:
        """Say whether the arm, as it stands, touches a fixture or is inside one."""
        bodies = self._bodies.values()
        return any(self._world.getClosestPoints(self._arm, body, 0.0) for body in bodies)

    def force(self) -> float:
        """Return the sum of the normal forces between arm and fixtures in [N]."""
        points = [
            point
            for body in self._bodies.values()
            for point in self._world.getContactPoints(bodyA=self._arm, bodyB=body)
        ]
        return float(sum(point[_NORMAL_FORCE] for point in points))
