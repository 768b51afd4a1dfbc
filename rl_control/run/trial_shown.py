"""What is to be seen of one trial of a policy at a time: the arm, its target, lines in space."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rl_control.report.plots import FAINT, LINE
from rl_control.robot.kinematics import Kinematics
from rl_control.tasks.base import ArmTask
from rl_control.types import Array, Condition, Goal, Pose, Trajectory

_AXIS = 0.07  # [m], drawn length of a frame's axes
_AXES = ("#cf222e", "#1a7f37", "#8250df")  # x, y, z
_WAY = 60  # places of a goal that are drawn


@dataclass(frozen=True)
class SpaceLine:
    """A line in the base frame.

    Attributes:
        points: that it goes through, [N, 3] in [m].
        color: such as "#24292f".
        width: in pixels.
    """

    points: Array
    color: str
    width: int = 2


class TrialShown:
    """One trial, looked at.

    Args:
        task: that was tried.
        condition: the situation.
        trajectory: what happened.

    Attributes:
        length: of the trial in [s].
        scene: poses of fixtures.
    """

    def __init__(self, task: ArmTask, condition: Condition, trajectory: Trajectory) -> None:
        self._task, self._condition = task, condition
        self._times = trajectory.times - trajectory.times[0]
        self._positions, self._tips = trajectory.positions, task.tips(trajectory)
        self._kinematics = Kinematics(task.robot)
        self.length = float(self._times[-1])
        self.scene: Mapping[str, Pose] = condition.scene
        places = [self.goal(time).position for time in np.linspace(0.0, self.length, _WAY)]
        self._way = np.array(places)

    def goal(self, time: float) -> Goal:
        """Return what is wanted."""
        return self._task.goal(self._condition, time)

    def arm(self, time: float) -> Array:
        """Return joint positions, [n]."""
        return np.asarray(self._positions[self._row(time)])

    def away(self, time: float) -> float:
        """Return the distance of the tip from its goal in [m]."""
        return float(np.linalg.norm(self._tips[self._row(time)] - self.goal(time).position))

    def lines(self, time: float) -> list[SpaceLine]:
        """Return where the tip should go (grey) and has been (blue).

        Where a rotation is wanted there are also its axes (thin) and those of the tip.
        """
        lines = [
            SpaceLine(self._way, FAINT),
            SpaceLine(self._tips[: self._row(time) + 1], LINE),
        ]
        goal = self.goal(time)
        if goal.rotation is not None:
            lines += _axes(Pose(goal.position, goal.rotation), 1)
            lines += _axes(self._kinematics.tip(self.arm(time)), 3)
        return lines

    def _row(self, time: float) -> int:
        return int(np.argmin(np.abs(self._times - time)))


def _axes(pose: Pose, width: int) -> list[SpaceLine]:
    ends = pose.position + _AXIS * pose.rotation.T
    return [
        SpaceLine(np.array([pose.position, end]), color, width)
        for end, color in zip(ends, _AXES, strict=True)
    ]
