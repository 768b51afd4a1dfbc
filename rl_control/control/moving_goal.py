"""A goal that moves along a joint path in time."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from rl_control.control.retime_curve import TimedPath
from rl_control.robot.kinematics import Kinematics
from rl_control.types import Array, Goal

STEP = 0.005  # [s] between two entries of the table


@dataclass(frozen=True)
class GoalNodes:
    """What is wanted at every node of a horizon.

    Attributes:
        posture: joint positions, [N+1, n] in [rad] or [m].
        position: tip positions, [N+1, 3] in [m].
    """

    posture: Array
    position: Array


@dataclass(frozen=True, kw_only=True)
class MovingGoal(Goal):
    """A path that the arm is to keep to in time; as a `Goal`, it is where the path ends.

    Attributes:
        start: time at which the path begins in [s], on the clock of the states' stamps.
        step: time between two entries of the table in [s].
        table: (q, v, tip position, tip velocity) along the path, [K, 2n + 6].
    """

    start: float
    step: float
    table: Array

    @property
    def duration(self) -> float:
        """Time the path takes in [s]."""
        return self.step * (len(self.table) - 1)

    def moves(self, time: float) -> bool:
        """Say whether the path is yet to come, or not over, at `time` [s]."""
        return time < self.start + self.duration

    def at(self, time: float) -> tuple[Array, Array, Array]:
        """Return joint positions [n], joint velocities [n] and tip position [3] at `time` [s]."""
        n = len(self.posture)
        row = self._rows(time, 0, 1)[0]
        return row[:n], row[n : 2 * n], row[2 * n : 2 * n + 3]

    def nodes(self, time: float, dt: float, steps: int) -> GoalNodes:
        """Return what is wanted at the nodes time + k dt, k = 0 ... steps.

        A planner that steps by v' = v + dt a, q' = q + dt v' and keeps to the path's velocities
        is at q(t) + dt/2 (v(t) - v(time)), not at q(t). That is what it is asked for, so that it
        commands the path's accelerations.

        Args:
            time: of the first node in [s].
            dt: time between nodes in [s].
            steps: number of steps N.
        """
        rows, n = self._rows(time, round(dt / self.step), steps + 1), len(self.posture)
        rows[:, :n] += 0.5 * dt * (rows[:, n : 2 * n] - rows[0, n : 2 * n])
        tip, speed = rows[:, 2 * n : 2 * n + 3], rows[:, 2 * n + 3 :]
        tip += 0.5 * dt * (speed - speed[0])
        return GoalNodes(rows[:, :n], tip)

    def starting(self, start: float) -> MovingGoal:
        """Return the same path begun at `start` [s]."""
        return replace(self, start=start)

    def _rows(self, time: float, stride: int, count: int) -> Array:
        """The table at time + k stride step, k = 0 ... count - 1, interpolated, [count, 2n + 6]."""
        progress = (time - self.start) / self.step
        before = math.floor(progress)
        share = progress - before
        index = before + stride * np.arange(count)
        low = self.table.take(index, axis=0, mode="clip")
        high = self.table.take(index + 1, axis=0, mode="clip")
        rows: Array = low + share * (high - low)
        return rows


def moving_goal(path: TimedPath, kinematics: Kinematics, start: float = 0.0) -> MovingGoal:
    """Return the goal that goes along `path` from `start` [s] on.

    Args:
        path: of the arm's joints.
        kinematics: of the arm.
        start: time at which it begins in [s].
    """
    count = int(np.ceil(path.duration / STEP))
    q, v, _ = path.at(STEP * np.arange(count + 1, dtype=np.float64))
    v[[0, -1]] = 0.0
    tips = tip_columns(q, v, kinematics)
    return MovingGoal(
        position=tips[-1, :3],
        posture=q[-1],
        start=start,
        step=STEP,
        table=np.hstack([q, v, tips]),
    )


def tip_columns(q: Array, v: Array, kinematics: Kinematics) -> Array:
    """Return tip positions and tip velocities along joint positions and velocities, [K, 6]."""
    tips, _, jacobians = kinematics.batch(q)
    return np.hstack([tips, np.einsum("kij,kj->ki", jacobians[:, :3], v)])
