"""JointTrajectory messages as goals that move."""

from __future__ import annotations

import math

import numpy as np
from trajectory_msgs.msg import JointTrajectory

from rl_control.control.moving_goal import MovingGoal
from rl_control.data.paths.joint_path import JointPath
from rl_control.errors import DataError, ShapeError
from rl_control.ros.convert import seconds_of
from rl_control.types import Array, Goal, JointState, joint_index

SOURCE = "target_trajectory"
START_TOLERANCE = 0.1  # [rad] or [m] a joint may be from where the path has it when it is taken
LEAD = 0.1  # [s] to the begin of a path that begins at once, in which the plan settles
STOPPING_TIME = 0.1  # [s] in which a moving arm comes to rest where it is told to stay


def path_of_message(message: JointTrajectory, state: JointState | None) -> JointPath:
    """Return the path of a message, the arm's joints in the arm's order.

    A first point later than time 0 is reached from where the arm is.

    Args:
        message: joints in any order, others among them or not.
        state: newest state of the arm.

    Raises:
        JointMismatchError: if a joint of the arm is missing.
        ShapeError: if a point has not one position (and velocity, if any) a joint.
        NonFiniteError: if a number is not finite.
        DataError: if there are no points or no state, or times do not increase.
    """
    if state is None:
        raise DataError(SOURCE, "no joint state has come yet", "Send it when the arm is there.")
    if not message.points:
        raise DataError(SOURCE, "found no points", "Give one or more.")
    names = tuple(message.joint_names)
    index = joint_index(names, state.names)
    times = [seconds_of(point.time_from_start) for point in message.points]
    positions = _table([point.positions for point in message.points], len(names))[:, index]
    rows = [point.velocities for point in message.points]
    velocities = _table(rows, len(names))[:, index] if any(map(len, rows)) else None
    if times[0] > 0.0:
        times = [0.0, *times]
        positions = np.vstack([state.position, positions])
        if velocities is not None:
            velocities = np.vstack([np.zeros_like(state.position), velocities])
    return JointPath(state.names, np.array(times), positions, velocities, SOURCE)


def start_of(message: JointTrajectory) -> float:
    """Return when a message's path begins in [s], on the clock of the states; NaN for at once."""
    stamp = seconds_of(message.header.stamp)
    return stamp if stamp > 0.0 else math.nan


def begun(goal: Goal | None, state: JointState | None) -> Goal | None:
    """Return a goal as it is to be aimed at: a path that begins at once begins at `state`.

    Raises:
        DataError: if the path is over, or the arm is not where it begins.
    """
    if not isinstance(goal, MovingGoal):
        return goal
    assert state is not None  # a path is taken only when there is one
    if math.isnan(goal.start):
        goal = goal.starting(state.stamp + LEAD)
    late = state.stamp - goal.start - goal.duration
    if late > 0.0:
        raise DataError(
            SOURCE,
            f"the path ended {late:.3f} s ago by its header.stamp",
            "Leave the stamp zero to begin at once.",
        )
    wanted = goal.at(state.stamp)[0]
    off = np.abs(wanted - state.position)
    i = int(off.argmax())
    if off[i] > START_TOLERANCE:
        raise DataError(
            SOURCE,
            f"{state.names[i]} is at {state.position[i]:.4g}, the path has it at {wanted[i]:.4g} "
            f"now: {off[i]:.4g} away, allowed {START_TOLERANCE:g}",
            "Begin it where the arm is, or leave out the point at time 0.",
        )
    return goal


def stopping_place(state: JointState, lower: Array, upper: Array) -> Array:
    """Return joint positions, [n], at which an arm that moves as in `state` can soon rest."""
    return np.clip(state.position + 0.5 * STOPPING_TIME * state.velocity, lower, upper)


def _table(rows: list[list[float]], width: int) -> Array:
    for row in rows:
        if len(row) != width:
            raise ShapeError(f"{SOURCE} point", found=len(row), expected=width)
    return np.array([list(row) for row in rows], dtype=np.float64).reshape(len(rows), width)
