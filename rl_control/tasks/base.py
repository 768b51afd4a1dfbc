"""What every task of an arm has; a task of your own is a subclass with three methods.

    class Wave(ArmTask):
        name = "wave"
        cost, draw, rows

`examples/own_task.py` is one from start to finish.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar

import numpy as np
from numpy.random import Generator

from rl_control.costs.sum import CostSum
from rl_control.robot.kinematics import Kinematics
from rl_control.robot.model import RobotModel
from rl_control.tasks.task_settings import EpisodeConfig
from rl_control.types import Array, Condition, Goal, Trajectory


class ArmTask(ABC):
    """A `Task` of one arm: episodes of a fixed length, judged by where the tip is at their end.

    Args:
        robot: the arm.
        dt: time step of the cost and of controllers in [s].
        duration: of an episode in [s].
        tolerance: greatest distance of the tip from its goal that is a success, in [m].

    Attributes:
        name: what it is called.
        settings: class of its settings; an instance is the second argument of every task.
        observation: parts of what a policy sees of it, see `policy/observation.py`.
        weights: of its cost, by name, where they differ from those usual for a robot.
        dwell: time at the end of an episode during which the tip must be there, in [s].
        cost: residual costs, the same expression in every condition.
        fixtures: description of each thing that stands about the arm, by its name.
    """

    name: ClassVar[str]
    settings: ClassVar[type[EpisodeConfig]] = EpisodeConfig
    observation: ClassVar[tuple[str, ...]] = (
        "position",
        "velocity",
        "posture_error",
        "target",
        "tip_error",
    )
    weights: ClassVar[Mapping[str, float]] = MappingProxyType({})
    dwell: ClassVar[float] = 0.25
    cost: CostSum

    def __init__(self, robot: RobotModel, dt: float, duration: float, tolerance: float) -> None:
        self.robot, self.dt, self.tolerance = robot, dt, tolerance
        self.steps = max(1, round(duration / dt))
        self.fixtures: Mapping[str, Path] = {}
        self._kinematics = Kinematics(robot)

    @property
    def duration(self) -> float:
        """Length of an episode in [s]."""
        return self.steps * self.dt

    @abstractmethod
    def draw(self, rng: Generator) -> Condition:
        """Draw where an episode starts and what is wanted in it."""

    def training(self, rng: Generator, count: int) -> list[Condition]:
        """Return situations to train on; drawn, unless a task has some of its own."""
        return [self.draw(rng) for _ in range(count)]

    @abstractmethod
    def rows(self, condition: Condition) -> Array:
        """Return the cost's parameters along an episode, [T+1, np]."""

    def goal(self, condition: Condition, time: float) -> Goal:
        """Return what is wanted `time` [s] into an episode; always the same here."""
        return condition.goal

    def error(self, condition: Condition, trajectory: Trajectory) -> float:
        """Return the greatest distance of the tip from its goal during the dwell, in [m]."""
        times = trajectory.times - trajectory.times[0]
        late = times >= times[-1] - self.dwell - 1e-9
        goals = [self.goal(condition, float(time)).position for time in times[late]]
        away = np.linalg.norm(self.tips(trajectory)[late] - np.array(goals), axis=1)
        return float(away.max())

    def succeeded(self, condition: Condition, trajectory: Trajectory) -> bool:
        """Say whether the tip was where it should be."""
        return self.error(condition, trajectory) <= self.tolerance

    def tips(self, trajectory: Trajectory) -> Array:
        """Return where the tip was, [T+1, 3] in [m]."""
        return self._kinematics.tips(trajectory.positions)[0]
