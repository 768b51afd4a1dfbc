"""A slow, straight move between two joint vectors, and the rules it must keep; no ROS."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from rl_control.errors import PlantError
from rl_control.types import Array, JointLimits, JointState

LEAST_TIME = 1.0  # [s] that even the shortest move takes
BANDWIDTH = 20.0  # [rad/s] of the critically damped tracking error
CHECK_DISTANCE = 0.05  # [rad] or [m] between two places of a move that are looked at for collision
PEAK_SPEED = 15.0 / 8.0  # of the unit minimum-jerk move, at its middle

InverseDynamics = Callable[[Array, Array, Array], Array]


@dataclass(frozen=True)
class JointMove:
    """The straight minimum-jerk move from rest at one joint vector to rest at another.

    q(t) = start + (goal - start) (10 s^3 - 15 s^4 + 6 s^5) with s = t / duration.

    Attributes:
        start: joint positions it begins at, [n] in [rad] or [m].
        goal: joint positions it ends at, [n] in [rad] or [m].
        duration: time it takes in [s].

    Source: Flash and Hogan (1985), the coordination of arm movements.
    """

    start: Array
    goal: Array
    duration: float

    def at(self, time: float) -> tuple[Array, Array, Array]:
        """Return position, velocity and acceleration, [n] each, at `time` [s] from the start."""
        s = min(max(time / self.duration, 0.0), 1.0)
        way = self.goal - self.start
        position = self.start + way * s**3 * (10.0 - 15.0 * s + 6.0 * s**2)
        velocity = way * 30.0 * s**2 * (1.0 - s) ** 2 / self.duration
        acceleration = way * 60.0 * s * (1.0 - s) * (1.0 - 2.0 * s) / self.duration**2
        return position, velocity, acceleration

    def places(self) -> Iterator[Array]:
        """Yield joint positions [n] along the way, both ends included."""
        way = self.goal - self.start
        count = int(np.ceil(np.abs(way).max() / CHECK_DISTANCE))
        for share in np.linspace(0.0, 1.0, count + 1):
            yield self.start + share * way


def check_place(q: Array, limits: JointLimits) -> None:
    """Find a joint of `q` [n] outside its position limits.

    Raises:
        PlantError: if there is one, or one is not finite.
    """
    # Written so that a NaN is outside: every comparison with NaN is false.
    inside = (q >= limits.lower) & (q <= limits.upper) & np.isfinite(q)
    if not inside.all():
        i = int(inside.argmin())
        raise PlantError(
            f"move refused: {limits.names[i]} to {q[i]:.4g}, allowed {limits.lower[i]:.4g} to "
            f"{limits.upper[i]:.4g}. Choose a place within the limits."
        )


def joint_move(start: Array, goal: Array, limits: JointLimits, speed: float) -> JointMove:
    """Return the move from `start` [n] to `goal` [n] in which no joint goes too fast.

    Args:
        start: joint positions at rest, [n] in [rad] or [m].
        goal: joint positions wanted, [n] in [rad] or [m].
        limits: the arm's limits.
        speed: greatest speed of a joint, as a share of its velocity limit.
    """
    times = PEAK_SPEED * np.abs(goal - start) / (speed * limits.velocity)
    return JointMove(start, goal, max(LEAST_TIME, float(times.max())))


def tracking_effort(
    inverse_dynamics: InverseDynamics, move: JointMove, time: float, state: JointState
) -> Array:
    """Return the computed torque, [n], that keeps `state` on `move` at `time` [s].

    u = M(q) a + bias(q, v) with a = a* + 2 w (v* - v) + w^2 (q* - q).
    """
    q, v, a = move.at(time)
    wanted = a + 2 * BANDWIDTH * (v - state.velocity) + BANDWIDTH**2 * (q - state.position)
    return inverse_dynamics(state.position, state.velocity, wanted)


def check_tracking(move: JointMove, time: float, state: JointState, tolerance: float) -> None:
    """Find a joint that has left the move by more than `tolerance` [rad] or [m].

    Raises:
        PlantError: if there is one.
    """
    error = np.abs(move.at(time)[0] - state.position)
    i = int(error.argmax())
    if not error[i] <= tolerance:
        raise PlantError(
            f"move stopped: {state.names[i]} is {error[i]:.4g} from its path, allowed "
            f"{tolerance:.4g}. See whether the arm is blocked or carries what its model does not "
            "know; else raise reset_tolerance."
        )
