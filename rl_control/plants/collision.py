"""Tell whether an arm, at given joint positions, runs into itself or into the floor."""

from __future__ import annotations

from itertools import combinations

from rl_control.errors import PlantError
from rl_control.plants.bullet_client import World
from rl_control.plants.bullet_urdf import bullet_urdf
from rl_control.robot.model import RobotModel
from rl_control.types import Array, as_vector

_BASE = -1  # PyBullet's index of a body's base link


class CollisionChecker:
    """Checks the collision shapes of a robot; meshes count as their convex hulls.

    Two links are looked at if at least two moving joints lie between them; every link that moves
    is also held against the floor, z < 0 in the base frame. Since hulls are fatter than links,
    what touches at the home position is taken to be made so, and is not looked at. Meant for
    choosing targets: it guards nothing that moves.

    Args:
        robot: the arm.
        margin: distance in [m] at which two links, or a link and the floor, count as touching.
        floor: whether there is a floor.

    Raises:
        MissingDependencyError: if pybullet is not installed.
        PlantError: if PyBullet refuses the arm.
    """

    def __init__(self, robot: RobotModel, margin: float = 0.005, floor: bool = True) -> None:
        self.robot = robot
        self._margin = margin
        world = self._world = World()
        self._body = world.load_fixed(bullet_urdf(robot))
        infos = [world.getJointInfo(self._body, i) for i in range(world.getNumJoints(self._body))]
        joints = {info[1].decode(): info[0] for info in infos}
        self._index = [joints[name] for name in robot.names]
        self._names = {info[0]: info[12].decode() for info in infos}
        self._names[_BASE] = world.getBodyInfo(self._body)[0].decode()
        self._floor = -1
        self._place(robot.home)
        level = self._levels([(info[0], info[16]) for info in infos])
        self._pairs = [
            (a, b)
            for a, b in combinations(level, 2)
            if abs(level[a] - level[b]) >= 2 and not self._touch(a, b)
        ]
        self._above: list[int] = []
        if floor:
            plane = world.createCollisionShape(world.bullet.GEOM_PLANE)
            self._floor = world.createMultiBody(baseCollisionShapeIndex=plane)
            moving = [link for link, joints_below in level.items() if joints_below > 0]
            self._above = [link for link in moving if not self._touches_floor(link)]

    def collides(self, q: Array) -> bool:
        """Say whether the arm at `q`, [n] in [rad] or [m], touches itself or the floor.

        Raises:
            ShapeError: if q has the wrong length.
            PlantError: if the checker is closed.
        """
        self._place(as_vector(q, self.robot.n, "joint positions"))
        return any(self._touches_floor(link) for link in self._above) or any(
            self._touch(a, b) for a, b in self._pairs
        )

    def close(self) -> None:
        """Release the physics world; calling it twice is harmless."""
        self._world.close()

    def _place(self, q: Array) -> None:
        if self._world.closed:
            raise PlantError("the collision checker is closed. Make a new one.")
        for joint, position in zip(self._index, q, strict=True):
            self._world.resetJointState(self._body, joint, position)

    def _levels(self, tree: list[tuple[int, int]]) -> dict[int, int]:
        """Number of moving joints between the base and each link that has a collision shape."""
        levels = {_BASE: 0}
        for link, parent in tree:
            levels[link] = levels[parent] + (link in self._index)
        shapes = self._world.getCollisionShapeData
        return {link: level for link, level in levels.items() if shapes(self._body, link)}

    def _touch(self, a: int, b: int) -> bool:
        return bool(
            self._world.getClosestPoints(
                self._body, self._body, self._margin, linkIndexA=a, linkIndexB=b
            )
        )

    def _touches_floor(self, link: int) -> bool:
        return bool(
            self._world.getClosestPoints(
                self._body, self._floor, self._margin, linkIndexA=link, linkIndexB=_BASE
            )
        )
