"""Follows a joint path through waypoints, as a joint trajectory controller does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from trajectory_msgs.msg import JointTrajectory

from rl_control.errors import ConfigError, ShapeError
from rl_control.robot.arm_model import ArmModel
from rl_control.ros.convert import require_finite, seconds_of
from rl_control.types import Array, JointState, joint_index

BANDWIDTH = 20.0  # [rad/s] of the critically damped tracking error


@dataclass(frozen=True)
class CubicPath:
    """A path of joint positions over time: cubic between waypoints.

    Attributes:
        times: of the waypoints from the start, [T] in [s], increasing.
        positions: [T, n] in [rad] or [m].
        velocities: [T, n] in [rad/s] or [m/s].
    """

    times: Array
    positions: Array
    velocities: Array

    def at(self, time: float) -> tuple[Array, Array, Array]:
        """Return position, velocity and acceleration, [n] each, at `time` [s]; rest at the end."""
        if time >= self.times[-1]:
            rest = np.zeros(self.positions.shape[1])
            return self.positions[-1], rest, rest
        k = max(int(np.searchsorted(self.times, time, side="right")) - 1, 0)
        h = self.times[k + 1] - self.times[k]
        s = max(time - self.times[k], 0.0) / h
        p0, p1 = self.positions[k], self.positions[k + 1]
        m0, m1 = h * self.velocities[k], h * self.velocities[k + 1]
        # Hermite's cubic, p(s) = c0 + c1 s + c2 s^2 + c3 s^3.
        c2 = 3 * (p1 - p0) - 2 * m0 - m1
        c3 = 2 * (p0 - p1) + m0 + m1
        position = p0 + s * (m0 + s * (c2 + s * c3))
        velocity = (m0 + s * (2 * c2 + 3 * s * c3)) / h
        return position, velocity, (2 * c2 + 6 * s * c3) / h**2


class PathFollower:
    """Computes the efforts that follow a path: u = M(q) a* + bias, a* with critical damping."""

    def __init__(self, model: ArmModel, path: CubicPath, start: float) -> None:
        """Follow `path` from time `start` [s] on."""
        self._model, self._path, self._start = model, path, start

    def effort(self, state: JointState, now: float) -> Array:
        """Return the effort, [n], for the arm's `state` at `now` [s]."""
        q, v, a = self._path.at(now - self._start)
        wanted = a + 2 * BANDWIDTH * (v - state.velocity) + BANDWIDTH**2 * (q - state.position)
        return self._model.inverse_dynamics(state.position, state.velocity, wanted)


def path_of(message: JointTrajectory, state: JointState) -> CubicPath:
    """Return the path of a trajectory message, from the present `state` on.

    Where the message gives no velocities, the slope through the neighbouring waypoints is taken.

    Raises:
        JointMismatchError: if a joint of the arm is missing.
        ShapeError: if a point has not one position (and velocity, if any) a joint.
        NonFiniteError: if a number is not finite.
        ConfigError: if there are no points, or their times do not increase.
    """
    index = joint_index(message.joint_names, state.names)
    if not message.points:
        raise ConfigError("trajectory", "points", "found none", "Give at least one point.")
    times = np.array([0.0] + [seconds_of(p.time_from_start) for p in message.points])
    rows = [p.positions for p in message.points]
    positions = np.vstack([state.position, _table(rows, message.joint_names, index)])
    given = [p.velocities for p in message.points]
    if times[1] <= 0.0:  # the first point is where the path begins
        times, positions = times[1:], positions[1:]
    if len(times) > 1 and not (np.diff(times) > 0.0).all():
        raise ConfigError(
            "trajectory", "time_from_start", "does not increase", "Order the points by time."
        )
    if any(len(row) for row in given):
        slopes = _table(given, message.joint_names, index)
        velocities = np.vstack([state.velocity, slopes])[-len(times) :]
    else:
        velocities = _slopes(times, positions)
        if len(times) > len(message.points):
            velocities[0] = state.velocity
    return CubicPath(times, positions, velocities)


def _table(rows: Sequence[Sequence[float]], names: Sequence[str], index: NDArray[np.intp]) -> Array:
    for row in rows:
        if len(row) != len(names):
            raise ShapeError("trajectory point", found=len(row), expected=len(names))
        require_finite(np.asarray(row, dtype=np.float64), "trajectory point", names)
    return np.array([list(row) for row in rows], dtype=np.float64)[:, index]


def _slopes(times: Array, positions: Array) -> Array:
    """Return velocities through the waypoints, [T, n]; rest at both ends."""
    slopes = np.zeros_like(positions)
    if len(times) > 2:
        slopes[1:-1] = (positions[2:] - positions[:-2]) / (times[2:] - times[:-2])[:, None]
    return slopes
