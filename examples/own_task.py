"""Write a task of your own: what it costs, where it starts, when it has succeeded.

Draws a line: the tip goes straight from one point to another, both drawn at random. The file is
named wherever a task is: `examples/own_task.py:Line`.

    python examples/own_task.py
"""

from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from rl_control.costs import CostSum, Effort, Posture, Schedule, TipPosition, Velocity
from rl_control.robot.description import load_robot
from rl_control.robot.ik import InverseKinematics
from rl_control.robot.model import RobotModel
from rl_control.tasks.base import ArmTask
from rl_control.tasks.catalog import make_task
from rl_control.tasks.draw import goal_at
from rl_control.tasks.reach import effort_units
from rl_control.tasks.reach_config import ReachConfig
from rl_control.tasks.task_settings import EpisodeConfig
from rl_control.types import Array, Condition, Goal, Trajectory

REACH = 0.15  # [m] along each axis, from the tip at home to either end of a line


class Line(ArmTask):
    """Keep the tip on a straight line from one point to another, at constant speed."""

    name = "line"

    def __init__(
        self,
        robot: RobotModel,
        episodes: EpisodeConfig | None = None,
        config: ReachConfig | None = None,
        collides: Callable[[Array], bool] | None = None,
    ) -> None:
        """Lay out the cost; its numbers come later, with a condition."""
        episodes = episodes or EpisodeConfig()
        super().__init__(robot, episodes.dt, episodes.duration, episodes.tolerance)
        self._ik, self._collides = InverseKinematics(robot), collides
        n = robot.n
        self.cost = CostSum([TipPosition(), Posture(n), Velocity(n), Effort(n)])
        values = {
            "tip_position.weight": 500.0,
            "tip_position.target": np.zeros(3),
            "posture.weight": 1.0,
            "posture.target": robot.home,
            "velocity.weight": 0.01,
            "effort.weight": 0.01 / effort_units(robot) ** 2,
        }
        self._schedule = Schedule(self.cost, self.steps, self.dt, values)

    def draw(self, rng: Generator) -> Condition:
        """Draw the ends of a line; the arm starts at the first."""
        home = self._kinematics.tip(self.robot.home).position
        ends = home + REACH * rng.uniform(-1.0, 1.0, (2, 3))
        start = goal_at(self._ik, ends[0], None, self._collides)
        goal = goal_at(self._ik, ends[1], None, self._collides, near=start.posture)
        return Condition(start.posture, np.zeros(self.robot.n), goal)

    def goal(self, condition: Condition, time: float) -> Goal:
        """Return where the tip should be `time` [s] into an episode."""
        share = min(time / self.duration, 1.0)
        start = self._kinematics.tip(condition.q).position
        position = (1.0 - share) * start + share * condition.goal.position
        posture = (1.0 - share) * condition.q + share * condition.goal.posture
        return Goal(position, posture)

    def rows(self, condition: Condition) -> Array:
        """Return the cost's parameters along an episode, [T+1, np]."""
        goals = [self.goal(condition, t * self.dt) for t in range(self.steps + 1)]
        self._schedule.update(
            {
                "tip_position.target": np.array([goal.position for goal in goals]),
                "posture.target": np.array([goal.posture for goal in goals]),
            }
        )
        return self._schedule.rows.copy()

    def error(self, condition: Condition, trajectory: Trajectory) -> float:
        """Return the greatest distance of the tip from its place on the line, in [m]."""
        times = trajectory.times - trajectory.times[0]
        wanted = [self.goal(condition, float(time)).position for time in times]
        return float(np.linalg.norm(self.tips(trajectory) - np.array(wanted), axis=1).max())


def main() -> None:
    """Make the task as every verb does, and say what an episode is about."""
    task = make_task(f"{__file__}:Line", load_robot("arm7"), {"duration": 2.0})
    condition = task.draw(np.random.default_rng(0))
    for time in (0.0, 1.0, 2.0):
        print(f"tip at {time:.0f} s: {np.round(task.goal(condition, time).position, 3)} m")
    print(f"cost parameters: {task.rows(condition).shape}")


if __name__ == "__main__":
    main()
