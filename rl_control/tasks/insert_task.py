"""Insert: bring a peg into a hole that is less than a millimetre wider."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from itertools import product
from types import MappingProxyType
from typing import ClassVar

import numpy as np
from numpy.random import Generator

from rl_control.costs import (
    CostSum,
    Effort,
    PositionLimits,
    Posture,
    Schedule,
    TipPoints,
    Velocity,
    VelocityLimits,
)
from rl_control.errors import ConfigError
from rl_control.paths import data_dir
from rl_control.robot.model import RobotModel
from rl_control.tasks.base import ArmTask
from rl_control.tasks.posture import nearest_posture
from rl_control.tasks.reach import weight_values
from rl_control.tasks.reach_config import ReachConfig, ReachWeights
from rl_control.tasks.task_settings import InsertEpisodes
from rl_control.types import Array, Condition, Goal, Pose

_TOOL_TIP = "peg_end"
_TERMINAL = 0.1  # [s] of the running cost at the end: as if the episode went on
_POINTS = ((0.0, 0.0, 0.0), (0.0, 0.0, -0.1))  # the peg's end and its top in the tip frame


class InsertTask(ArmTask):
    """Bring a round peg of 20.0 mm into a square hole of 20.8 mm.

    The hole is drawn from a box; the arm starts above the middle of that box. Distances of the peg
    across the hole's axis cost much, and a lesser cost of the joint positions draws it down:
    whoever keeps the cost low is over the hole before it is at its height, at any time and from
    anywhere above, and a policy needs no clock. Neither the cost nor the arm's equations know of
    the block that the hole is in. Joint positions are the nearest ones to one standard posture, and
    so a smooth function of where the hole is.

    Args:
        robot: an arm that holds the peg, such as "iiwa7+peg", with the limits that control may use.
        episodes: where holes are.
        config: weights of the cost's other terms.
        collides: says whether joint positions, [n], are in collision; None to allow all.

    Raises:
        ConfigError: if the robot does not hold the peg, the box brings it into collision, or the
            positions to train on are not pairs.
        UnreachableTargetError: if a hole in a corner of the box cannot be reached.
    """

    name: ClassVar[str] = "insert"
    settings = InsertEpisodes
    observation = ("velocity", "posture_error")
    weights = MappingProxyType({"posture": 0.008, "velocity": 0.0, "effort": 0.001})

    def __init__(
        self,
        robot: RobotModel,
        episodes: InsertEpisodes | None = None,
        config: ReachConfig | None = None,
        collides: Callable[[Array], bool] | None = None,
    ) -> None:
        episodes = episodes or InsertEpisodes()
        config = config or ReachConfig(weights=ReachWeights().replaced(self.weights))
        if robot.tip != _TOOL_TIP:
            name = robot.name
            raise ConfigError("task insert", "robot", f"{name} holds no peg", f"Use '{name}+peg'.")
        if len(episodes.positions) % 2:
            found = f"{len(episodes.positions)} numbers"
            raise ConfigError("task insert", "positions", found, "Give x and y of each hole.")
        super().__init__(robot, episodes.dt, episodes.duration, episodes.tolerance)
        self.fixtures = {"hole": data_dir("urdf") / "hole.urdf"}
        self._episodes = episodes
        self._middle = np.array(episodes.middle)
        self._rotation = _pointing_down(self._kinematics.tip(robot.home).rotation)
        self._standard = robot.home
        self._standard = self._posture(self._place(0.0, 0.0, 0.0))
        self._start = self._posture(self._place(0.0, 0.0, episodes.height))
        self._refuse_corners(collides)
        self.cost = CostSum(
            [
                TipPoints(_POINTS),
                Posture(robot.n),
                Velocity(robot.n),
                Effort(robot.n),
                PositionLimits(),
                VelocityLimits(),
            ]
        )
        self._schedule = self._scheduled(config)

    def draw(self, rng: Generator) -> Condition:
        """Draw a hole in the box, and a start around that above its middle."""
        episodes = self._episodes
        offset = 0.5 * np.array(episodes.size) * rng.uniform(-1.0, 1.0, 2)
        return self._condition(offset, episodes.spread * rng.normal(size=self.robot.n))

    def training(self, rng: Generator, count: int) -> list[Condition]:
        """Return the holes to train on; what lacks to `count` is drawn."""
        pairs = np.array(self._episodes.positions).reshape(-1, 2)[:count]
        drawn = [self._condition(pair, np.zeros(self.robot.n)) for pair in pairs]
        return drawn + [self.draw(rng) for _ in range(count - len(drawn))]

    def rows(self, condition: Condition) -> Array:
        """Return the cost's parameters along an episode, [T+1, np]."""
        goal = condition.goal
        points = [goal.position + self._rotation @ np.array(point) for point in _POINTS]
        self._schedule.update(
            {"tip_points.target": np.hstack(points), "posture.target": goal.posture}
        )
        return self._schedule.rows.copy()

    def _condition(self, offset: Array, away: Array) -> Condition:
        """The hole at an offset from the box's middle, [2]; the start at one from its own, [n]."""
        hole, end = self._place(*offset, 0.0), self._place(*offset, -self._episodes.depth)
        goal = Goal(end, self._posture(end), self._rotation)
        limits = self.robot.limits
        q = np.clip(self._start + away, limits.lower, limits.upper)
        return Condition(q, np.zeros_like(q), goal, {"hole": Pose(hole, np.eye(3))})

    def _place(self, *offset: float) -> Array:
        """A point in the base frame, [3], from the box's middle."""
        return np.asarray(self._middle + np.array(offset))

    def _posture(self, end: Array) -> Array:
        """Joint positions with the peg upright and its end at a point."""
        return nearest_posture(self._kinematics, end, self._rotation, self._standard)

    def _refuse_corners(self, collides: Callable[[Array], bool] | None) -> None:
        episodes = self._episodes
        heights = (-episodes.depth, episodes.height)
        for *signs, height in product((-1.0, 1.0), (-1.0, 1.0), heights):
            offset = 0.5 * np.array(episodes.size) * signs
            q = self._posture(self._place(*offset, height))
            if collides is not None and collides(q):
                raise ConfigError(
                    "task insert",
                    "middle",
                    f"the arm is in collision in a corner of the box, {np.round(q, 3).tolist()}",
                    "Move the box, or make it smaller.",
                )

    def _scheduled(self, config: ReachConfig) -> Schedule:
        weights = weight_values(self.robot, config.weights)
        terms = [f"{term}.weight" for term in self.cost.names]
        values = {key: weights[key] for key in terms if key in weights}
        across = np.tile([1.0, 1.0, 0.0], len(_POINTS))
        values["tip_points.weight"] = self._episodes.points * across
        for key, place in self.cost.layout.items():
            values.setdefault(key, np.zeros(place.stop - place.start))
        multipliers = asdict(config.terminal)
        terminal = {key: share for key, share in multipliers.items() if key in self.cost.names}
        terminal["tip_points"] = _TERMINAL
        return Schedule(self.cost, self.steps, self.dt, values, terminal=terminal)


def _pointing_down(rotation: Array) -> Array:
    """The rotation whose z axis points down, by the shortest turn."""
    axis, down = rotation[:, 2], np.array([0.0, 0.0, -1.0])
    across, cosine = np.cross(axis, down), float(axis @ down)
    if cosine < -1.0 + 1e-9:  # straight up: any way over is as short
        return np.asarray(rotation @ np.diag([1.0, -1.0, -1.0]))
    skew = np.array(
        [
            [0.0, -across[2], across[1]],
            [across[2], 0.0, -across[0]],
            [-across[1], across[0], 0.0],
        ]
    )
    turn = np.eye(3) + skew + skew @ skew / (1.0 + cosine)
    return np.asarray(turn @ rotation)
