"""A recorded joint path made ready for an arm: within its limits, free of collision, timed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rl_control.control.moving_goal import MovingGoal, moving_goal
from rl_control.control.receding import RecedingHorizon
from rl_control.control.retime import Retimer
from rl_control.control.retime_curve import TimedPath
from rl_control.data.paths.joint_path import JointPath
from rl_control.errors import DataError
from rl_control.interfaces import Controller
from rl_control.robot.kinematics import Kinematics
from rl_control.robot.model import RobotModel
from rl_control.types import ArmState, Array, Command

SLACK = 0.05  # share by which a curve through points that keep the limits may exceed them
CHECK_DISTANCE = 0.02  # [rad] or [m] a joint moves between two looks for collision
SAVED_STEP = 0.02  # [s] between two points of a path that is written down
LOOK_STEP = 0.002  # [s] between the instants that are compared for it
SHARE = 0.7
"""Share of the limits that control may use which a path may: the rest is for the feedback."""


@dataclass(frozen=True)
class ReadyPath:
    """A path that may be gone.

    Attributes:
        path: it, in time.
        goal: the same for the planner, from time 0 on.
        recorded: what it was made of, the arm's joints in the arm's order.
        ignored: joints of the recording that the arm does not have.
        slowed: its duration as a multiple of what was asked for, at least 1.
    """

    path: TimedPath
    goal: MovingGoal
    recorded: JointPath
    ignored: tuple[str, ...]
    slowed: float


def ready_path(
    robot: RobotModel,
    recorded: JointPath,
    collides: Callable[[Array], bool] | None = None,
    speed: float = 1.0,
    share: float = SHARE,
) -> ReadyPath:
    """Return a recorded path made ready for `robot`.

    Args:
        robot: the arm, with the limits that control may use.
        recorded: joints in any order, others among them or not.
        collides: whether the arm touches something at joint positions [n]; None to allow all.
        speed: multiple of the recorded speed that is asked for.
        share: of the speed and effort limits that may be used.

    Raises:
        JointMismatchError: if the recording lacks a joint of the arm.
        DataError: if a joint jumps or leaves its limits, the arm cannot be held somewhere on the
            path, or touches something there.
    """
    path = recorded.ordered(robot.names)
    path.check_jumps(robot.limits.velocity)
    timed = Retimer(robot, robot.limits.scaled(share, share)).retime(
        path.times, path.positions, path.velocities, speed, source=path.source
    )
    if collides is not None:
        check_free(timed, collides, path.source)
    return ReadyPath(
        path=timed,
        goal=moving_goal(timed, Kinematics(robot)),
        recorded=path,
        ignored=recorded.others(robot.names),
        slowed=max(1.0, timed.duration * speed / path.duration),
    )


def goal_as_timed(
    robot: RobotModel,
    recorded: JointPath,
    retimer: Retimer,
    kinematics: Kinematics,
    collides: Callable[[Array], bool] | None = None,
) -> MovingGoal:
    """Return the goal that goes along a path exactly as it is timed, from time 0 on.

    Args:
        robot: the arm.
        recorded: joints in any order, others among them or not.
        retimer: of the arm, with the limits that may be used.
        kinematics: of the arm.
        collides: whether the arm touches something at joint positions [n]; None to allow all.

    Raises:
        JointMismatchError: if a joint of the arm is missing.
        DataError: if the path breaks a limit, or the arm touches something on it.
    """
    path = recorded.ordered(robot.names)
    timed = retimer.as_recorded(path.times, path.positions, path.velocities)
    breach = retimer.breach(timed, SLACK)
    if breach is not None:
        raise DataError(
            path.source,
            str(breach),
            "Give it more time, or lead it elsewhere: rl_control replay trajectory retimes paths.",
        )
    if collides is not None:
        check_free(timed, collides, path.source)
    return moving_goal(timed, kinematics)


def check_free(path: TimedPath, collides: Callable[[Array], bool], source: str) -> None:
    """Look for a collision along a path, densely.

    Raises:
        DataError: naming the first place.
    """
    count = int(np.ceil(path.duration / LOOK_STEP)) + 1
    times = np.linspace(0.0, path.duration, count)
    positions = path.at(times)[0]
    last: Array | None = None
    for k, q in enumerate(positions):
        near = last is not None and np.abs(q - last).max() < CHECK_DISTANCE
        if near and k < count - 1:
            continue
        last = q
        if collides(q):
            raise DataError(
                source,
                f"at {times[k]:.3f} s the arm touches itself or the floor, with its joints at "
                f"{', '.join(f'{name} {x:.3f}' for name, x in zip(path.names, q, strict=True))}",
                "Lead the path elsewhere, or choose a part of it: --start and --end.",
            )


def sampled(path: TimedPath, step: float = SAVED_STEP) -> JointPath:
    """Return points of a path with their velocities, one every `step` [s] at most."""
    count = max(2, int(np.ceil(path.duration / step)) + 1)
    times = np.linspace(0.0, path.duration, count)
    q, v, _ = path.at(times)
    v[[0, -1]] = 0.0
    return JointPath(path.names, times, q, v)


class Following:
    """A `Controller` that goes along a path, from the first state on.

    Args:
        controller: acts.
        mpc: plans for it.
        goal: the path.
        lead: time in [s] from the first state to the path's begin.
    """

    def __init__(
        self, controller: Controller, mpc: RecedingHorizon, goal: MovingGoal, lead: float
    ) -> None:
        self._controller, self._mpc, self._goal, self._lead = controller, mpc, goal, lead
        self.start = 0.0

    @property
    def last_solve_ms(self) -> float:
        """Wall time of the newest solve in [ms]."""
        return self._mpc.last_solve_ms

    def reset(self, state: ArmState) -> None:
        """Begin the path at `state`."""
        self.start = state.joints.stamp + self._lead
        self._mpc.set_goal(self._goal.starting(self.start))
        self._controller.reset(state)

    def act(self, state: ArmState) -> Command:
        """Return the controller's command."""
        return self._controller.act(state)
