"""Reach as a task: from home to a target, one or many, with or without a rotation."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import numpy as np
from numpy.random import Generator

from rl_control.errors import ShapeError
from rl_control.robot.ik import InverseKinematics
from rl_control.robot.model import RobotModel
from rl_control.tasks.base import ArmTask
from rl_control.tasks.draw import draw_goal, goal_at, near_home
from rl_control.tasks.goal import stay_goal
from rl_control.tasks.reach import goal_values, reach_cost, reach_schedule
from rl_control.tasks.reach_config import ReachConfig
from rl_control.tasks.task_settings import ReachEpisodes
from rl_control.types import Array, Condition


class ReachTask(ArmTask):
    """Bring the tip to a point and hold it there.

    Args:
        robot: the arm, with the limits that control may use.
        episodes: length and targets.
        config: weights of the cost.
        collides: says whether joint positions, [n], are in collision; None to allow all.

    Raises:
        ShapeError: if the one target has not three numbers.
        UnreachableTargetError: if the tip cannot get there.
    """

    name: ClassVar[str] = "reach"
    settings = ReachEpisodes
    oriented: ClassVar[bool] = False

    def __init__(
        self,
        robot: RobotModel,
        episodes: ReachEpisodes | None = None,
        config: ReachConfig | None = None,
        collides: Callable[[Array], bool] | None = None,
    ) -> None:
        episodes, config = episodes or ReachEpisodes(), config or ReachConfig()
        super().__init__(robot, episodes.dt, episodes.duration, episodes.tolerance)
        self.cost = reach_cost(robot)
        self._spread, self._weights, self._collides = episodes.spread, config.weights, collides
        self._ik = InverseKinematics(robot)
        home = stay_goal(self._kinematics.tip(robot.home), robot.home)
        self._schedule = reach_schedule(robot, config, home, self.steps, self.dt)
        self._only = None
        if episodes.target:
            if len(episodes.target) != 3:
                raise ShapeError("target of the tip", len(episodes.target), "3 (x, y, z)")
            self._only = goal_at(self._ik, np.array(episodes.target), None, collides)

    def draw(self, rng: Generator) -> Condition:
        """Draw a start near home, and a target unless there is but one."""
        goal = self._only or draw_goal(
            self._ik, self._kinematics, rng, self.oriented, self._collides
        )
        q = near_home(self._ik, rng, self._spread)
        return Condition(q, np.zeros_like(q), goal)

    def rows(self, condition: Condition) -> Array:
        """Return the cost's parameters along an episode, [T+1, np]."""
        self._schedule.update(goal_values(condition.goal, self._weights))
        return self._schedule.rows.copy()


class ReachPoseTask(ReachTask):
    """Bring the tip to a point and a rotation, and hold it there."""

    name: ClassVar[str] = "reach_pose"
    oriented: ClassVar[bool] = True
    observation: ClassVar[tuple[str, ...]] = (*ReachTask.observation, "orientation_error")
