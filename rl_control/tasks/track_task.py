"""Track: follow a target that moves on a figure of eight."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import numpy as np
from numpy.random import Generator

from rl_control.robot.ik import InverseKinematics
from rl_control.robot.model import RobotModel
from rl_control.tasks.base import ArmTask
from rl_control.tasks.draw import goal_at, near_home
from rl_control.tasks.goal import stay_goal
from rl_control.tasks.reach import goal_values, reach_cost, reach_schedule
from rl_control.tasks.reach_config import ReachConfig
from rl_control.tasks.task_settings import TrackEpisodes
from rl_control.types import Array, Condition, Goal, Trajectory

_KNOTS = 48  # places of the figure whose joint positions are looked for


class TrackTask(ArmTask):
    """Keep the tip on a target that goes round a figure of eight in a plane of two axes.

        width / 2 sin(w t),   height / 2 sin(2 w t),   w = 2 pi / period

    The middle of the figure is drawn; it begins and ends there.

    Args:
        robot: the arm, with the limits that control may use.
        episodes: length and figure.
        config: weights of the cost.
        collides: says whether joint positions, [n], are in collision; None to allow all.
    """

    name: ClassVar[str] = "track"
    settings = TrackEpisodes

    def __init__(
        self,
        robot: RobotModel,
        episodes: TrackEpisodes | None = None,
        config: ReachConfig | None = None,
        collides: Callable[[Array], bool] | None = None,
    ) -> None:
        episodes, config = episodes or TrackEpisodes(), config or ReachConfig()
        super().__init__(robot, episodes.dt, episodes.duration, episodes.tolerance)
        self.cost = reach_cost(robot)
        self._episodes, self._weights, self._collides = episodes, config.weights, collides
        self._ik = InverseKinematics(robot)
        self._home = self._kinematics.tip(robot.home).position
        goal = stay_goal(self._kinematics.tip(robot.home), robot.home)
        self._schedule = reach_schedule(robot, config, goal, self.steps, self.dt)
        self._postures: dict[bytes, Array] = {}

    def draw(self, rng: Generator) -> Condition:
        """Draw the middle of the figure, and a start near home.

        Raises:
            UnreachableTargetError: if the figure leaves the workspace.
        """
        episodes = self._episodes
        middle = self._home + episodes.shift * rng.uniform(-1.0, 1.0, 3)
        q = near_home(self._ik, rng, episodes.spread)
        goal = goal_at(self._ik, middle, None, self._collides)
        condition = Condition(q, np.zeros_like(q), goal)
        self._round(condition)  # says so now if a part of it cannot be reached
        return condition

    def goal(self, condition: Condition, time: float) -> Goal:
        """Return where the target is `time` [s] into an episode."""
        phase = time / self._episodes.period % 1.0 * _KNOTS
        before, share = int(phase), phase - int(phase)
        knots = self._round(condition)
        posture = (1.0 - share) * knots[before] + share * knots[(before + 1) % _KNOTS]
        return Goal(condition.goal.position + self._offset(time), posture)

    def rows(self, condition: Condition) -> Array:
        """Return the cost's parameters along an episode, [T+1, np]."""
        goals = [self.goal(condition, t * self.dt) for t in range(self.steps + 1)]
        values = goal_values(condition.goal, self._weights)
        values["tip_position.target"] = np.array([goal.position for goal in goals])
        values["posture.target"] = np.array([goal.posture for goal in goals])
        self._schedule.update(values)
        return self._schedule.rows.copy()

    def error(self, condition: Condition, trajectory: Trajectory) -> float:
        """Return the greatest distance from the target once caught up, in [m]."""
        times = trajectory.times - trajectory.times[0]
        late = times >= self._episodes.catch_up
        wanted = condition.goal.position + np.array([self._offset(t) for t in times[late]])
        return float(np.linalg.norm(self.tips(trajectory)[late] - wanted, axis=1).max())

    def _offset(self, time: float) -> Array:
        episodes, angle = self._episodes, 2.0 * np.pi * time / self._episodes.period
        offset = np.zeros(3)
        offset["xyz".index(episodes.plane[0])] = 0.5 * episodes.width * np.sin(angle)
        offset["xyz".index(episodes.plane[1])] = 0.5 * episodes.height * np.sin(2.0 * angle)
        return offset

    def _round(self, condition: Condition) -> Array:
        """Joint positions along the figure, [knots, n]."""
        key = condition.goal.position.tobytes() + condition.goal.posture.tobytes()
        if key not in self._postures:
            times = np.arange(_KNOTS) * self._episodes.period / _KNOTS
            places = [condition.goal.position + self._offset(time) for time in times]
            # All nearest to the same joint positions, so that a round ends where it began.
            self._postures[key] = np.array(
                [
                    goal_at(self._ik, place, None, self._collides, condition.goal.posture).posture
                    for place in places
                ]
            )
        return self._postures[key]
