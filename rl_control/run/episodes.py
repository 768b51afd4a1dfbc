"""Episodes in one process: a simulation made anew for each, so that each is the same every time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from rl_control.errors import ConditionError, ConfigError
from rl_control.gps.episode import Episode
from rl_control.models.guess import guessed_robot
from rl_control.plants.bullet import BulletPlant
from rl_control.plants.bullet_config import BulletConfig
from rl_control.plants.collision import CollisionChecker
from rl_control.policy.partial import PERFECT, ImpairedConfig
from rl_control.robot.description import load_robot
from rl_control.robot.settings import load_settings
from rl_control.rollout import rollout
from rl_control.run.episode_control import EpisodeControl, InTime
from rl_control.tasks.base import ArmTask
from rl_control.tasks.catalog import find_task, make_task
from rl_control.tasks.reach_config import ReachConfig
from rl_control.types import Array, Condition, Trajectory


@dataclass(frozen=True)
class EpisodeSpec:
    """What episodes are about, as plain data that another process can be told.

    Attributes:
        robot: name or description file of the arm.
        task: name of the task, see `tasks/catalog.py`.
        settings: of the task, where they differ from its defaults.
        plant: of the simulation.
        base: base link; None for the root of the tree.
        tip: tip link; None for the robot's own.
        cost: weights of the task's cost; None for the usual ones of robot and task.
        known: whether control may use the masses, inertias and friction of the description; else
            it takes every link for a ball of 1 kg.
        measured: how late and how often policies see what they observe.
    """

    robot: str
    task: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    plant: BulletConfig = field(default_factory=BulletConfig)
    base: str | None = None
    tip: str | None = None
    cost: ReachConfig | None = None
    known: bool = True
    measured: ImpairedConfig = PERFECT


def usual_cost(robot: str, task: str) -> ReachConfig:
    """Return the weights of a cost as they are usual for a robot and a task.

    Raises:
        ConfigError: if the robot's settings file cannot be used.
        UnknownNameError: if there is no such task.
    """
    config = ReachConfig()
    weights = config.weights.replaced(load_settings(robot).weights)
    return replace(config, weights=weights.replaced(find_task(task).weights))


class EpisodeRunner:
    """Makes rollouts of one task in this process.

    Args:
        spec: what they are about.
        in_time: makes a planner act in real time, on an arm that this process does not simulate.

    Attributes:
        robot: the arm as described.
        task: the task, of the arm as control knows it and with the limits that it may use.
        control: makes the controllers of episodes.
        collides: says whether joint positions, [n], are in collision.

    Raises:
        RlControlError: if robot or task cannot be used.
    """

    def __init__(self, spec: EpisodeSpec, in_time: InTime | None = None) -> None:
        self._spec = spec
        self.robot = load_robot(spec.robot, base=spec.base, tip=spec.tip)
        settings = load_settings(spec.robot)
        limits = self.robot.limits.scaled(settings.velocity_scale, settings.effort_scale)
        known = self.robot if spec.known else guessed_robot(self.robot)
        task_robot = replace(known, limits=limits)
        weights = spec.cost or usual_cost(spec.robot, spec.task)
        self._checker = CollisionChecker(self.robot)
        self.collides: Callable[[Array], bool] = self._checker.collides
        self.task: ArmTask = make_task(spec.task, task_robot, spec.settings, weights, self.collides)
        self._check_steps()
        period = spec.plant.period
        self.control = EpisodeControl(
            self.task, self.robot, known, weights, period, in_time, spec.measured
        )

    def __call__(self, episodes: Sequence[Episode]) -> list[Trajectory]:
        """Make the rollouts, one after the other; a `Collect`."""
        return [self.run(episode) for episode in episodes]

    def run(self, episode: Episode) -> Trajectory:
        """Make one rollout of the task's length.

        Raises:
            ConditionError: if it cannot start where it should.
            PlantError: if the simulation fails.
        """
        condition = episode.condition
        self.check(condition)
        plant = BulletPlant(self.robot, self._spec.plant, fixtures=self.task.fixtures)
        try:
            plant.place(condition.scene)
            plant.reset(condition.q, condition.v)
            if plant.touches_fixture():
                raise ConditionError(
                    self.task.name, "the arm touches a fixture", "Draw starts clear of it."
                )
            return rollout(
                self.control.controller(episode), plant, self.control.safety(), self.task.duration
            )
        finally:
            plant.close()

    def check(self, condition: Condition) -> None:
        """Refuse a start that the arm cannot or must not be brought to.

        Raises:
            ConditionError: if it is outside the limits or in collision.
        """
        limits, name = self.robot.limits, self.task.name
        for what, values, low, high in (
            ("position", condition.q, limits.lower, limits.upper),
            ("velocity", condition.v, -limits.velocity, limits.velocity),
        ):
            bad = np.flatnonzero(~((values >= low - 1e-9) & (values <= high + 1e-9)))
            if bad.size:
                j = int(bad[0])
                raise ConditionError(
                    name,
                    f"{what} {values[j]:g} of {self.robot.names[j]} is outside "
                    f"{low[j]:g} ... {high[j]:g}",
                    "Draw starts within the limits.",
                )
        if self.collides(condition.q):
            raise ConditionError(
                name,
                f"the arm is in collision at {np.round(condition.q, 3).tolist()}",
                "Draw starts clear of the floor and of the arm itself.",
            )

    def _check_steps(self) -> None:
        period, dt = self._spec.plant.period, self.task.dt
        stride = max(1, round(dt / period))
        if abs(stride * period - dt) > 1e-6 * dt:
            raise ConfigError(
                f"task {self.task.name}",
                "dt",
                f"{dt:g} s is no multiple of the arm's period of {period:g} s",
                f"Give {stride * period:g} s, for example.",
            )

    def close(self) -> None:
        """Release what is held."""
        self._checker.close()
