"""FollowJointTrajectory as an action server, where control_msgs is installed."""

from __future__ import annotations

import importlib
import math
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.task import Future
from trajectory_msgs.msg import JointTrajectory, JointTrajectoryPoint

from rl_control.control.follow_task import (
    GOAL_TIME_TOLERANCE,
    GOAL_TOLERANCE,
    INVALID_GOAL,
    FollowTask,
    Outcome,
    Progress,
    Tolerances,
    tolerance,
)
from rl_control.errors import ConfigError, JointMismatchError, RlControlError
from rl_control.ros.convert import duration_message, seconds_of, to_doubles
from rl_control.types import Goal, JointState

NAME = "~/follow_joint_trajectory"
CHECK_TIME = 10.0  # [s] in which a path is checked for limits and collisions

Begin = Callable[[JointTrajectory, FollowTask], None]


def follow_action() -> Any | None:
    """Return the action's generated class, or None where control_msgs is not installed."""
    try:
        return importlib.import_module("control_msgs.action").FollowJointTrajectory
    except ImportError:
        return None


class FollowServer:
    """Offers the action; a newer goal takes the place of the one before.

    Args:
        node: that offers it.
        action: the action's generated class.
        names: joints of the arm, [n].
        ready: says whether goals can be taken now.
        begin: has a path followed for a task; raises what is wrong with it.
        stop: brakes the arm.
        server: makes the action server.
    """

    def __init__(
        self,
        node: Any,
        action: Any,
        names: tuple[str, ...],
        ready: Callable[[], bool],
        begin: Begin,
        stop: Callable[[], None],
        server: Callable[..., Any] = ActionServer,
    ) -> None:
        self._action, self._names, self._logger = action, names, node.get_logger()
        self._ready, self._begin, self._stop = ready, begin, stop
        self._running: tuple[Any, FollowTask, Any] | None = None  # handle, task, its end
        self._last: FollowTask | None = None
        self._asked = 0.0
        self._server = server(
            node,
            action,
            NAME,
            execute_callback=self._execute,
            goal_callback=self._on_goal,
            cancel_callback=lambda handle: CancelResponse.ACCEPT,
        )

    @property
    def task(self) -> FollowTask | None:
        """The goal under way."""
        return None if self._running is None else self._running[1]

    def withdrawn(self, goal: Goal) -> bool:
        """Say whether nobody wants a goal any more that was looked for on somebody's behalf."""
        last = self._last
        return last is not None and last.outcome is not None and last.owns(goal)

    def turn(self, state: JointState | None) -> None:
        """Judge the arm's newest state; tell who waits."""
        if self._running is None or state is None:
            return
        handle, task, end = self._running
        if handle.is_cancel_requested and task.outcome is None:
            task.cancel()
            self._stop()
        if not task.begun and time.monotonic() - self._asked > CHECK_TIME:
            task.end(INVALID_GOAL, "another target took its place, or its check takes too long")
        progress = task.look(state)
        if task.outcome is None:
            if progress is not None:
                handle.publish_feedback(self._feedback(progress))
            return
        if task.outcome.code < INVALID_GOAL:  # the arm has left its path or missed its end
            self._stop()
        self._running = None
        end.set_result(task.outcome)

    def close(self, why: str) -> None:
        """End the goal under way."""
        if self._running is not None:
            _, task, end = self._running
            task.end(INVALID_GOAL, why)
            self._running = None
            end.set_result(task.outcome)

    def _on_goal(self, request: Any) -> GoalResponse:
        try:
            if not self._ready():
                raise ConfigError(
                    NAME, "controller", "it is not active, or sees no arm", "Activate it first."
                )
            tolerances_of(request, self._names)
        except RlControlError as error:
            self._logger.error(f"trajectory rejected: {error}")
            return GoalResponse.REJECT
        return GoalResponse.ACCEPT

    async def _execute(self, handle: Any) -> Any:
        self.close("a newer goal took its place")
        task, end = FollowTask(tolerances_of(handle.request, self._names)), Future()
        self._running, self._last, self._asked = (handle, task, end), task, time.monotonic()
        try:
            self._begin(handle.request.trajectory, task)
        except RlControlError as error:
            task.refused(error)
        outcome: Outcome = await end
        if outcome.cancelled:
            handle.canceled()
        elif outcome.code == 0:
            handle.succeed()
        else:
            handle.abort()
        result = self._action.Result()
        result.error_code, result.error_string = outcome.code, outcome.text
        return result

    def _feedback(self, progress: Progress) -> Any:
        feedback, since = self._action.Feedback(), duration_message(max(progress.time, 0.0))
        state = progress.state
        feedback.joint_names = list(self._names)
        for part, position, velocity in (
            ("desired", progress.wanted, progress.wanted_velocity),
            ("actual", state.position, state.velocity),
            ("error", progress.wanted - state.position, progress.wanted_velocity - state.velocity),
        ):
            point = JointTrajectoryPoint(
                positions=to_doubles(position),
                velocities=to_doubles(velocity),
                time_from_start=since,
            )
            setattr(feedback, part, point)
        return feedback


def tolerances_of(request: Any, names: tuple[str, ...]) -> Tolerances:
    """Return what a goal of the action demands; where it says nothing, the end within 0.01.

    Raises:
        JointMismatchError: if the trajectory lacks a joint of the arm, or names one it has not.
    """
    named = tuple(request.trajectory.joint_names)
    for missing, there in ((names, named), (named, names)):
        lacking = [name for name in missing if name not in there]
        if lacking:
            raise JointMismatchError(lacking, there)
    path, goal = np.full(len(names), math.inf), np.full(len(names), GOAL_TOLERANCE)
    for demands, row, default in (
        (request.path_tolerance, path, math.inf),
        (request.goal_tolerance, goal, GOAL_TOLERANCE),
    ):
        for demand in demands:
            if demand.name not in names:
                raise JointMismatchError([demand.name], names)
            row[names.index(demand.name)] = tolerance(demand.position, default)
    late = seconds_of(request.goal_time_tolerance)
    return Tolerances(path, goal, tolerance(late, GOAL_TIME_TOLERANCE))
