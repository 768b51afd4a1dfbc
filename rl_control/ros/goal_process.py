"""The inverse kinematics in a process of its own.

A search for a goal keeps Python busy for some ten milliseconds. On a thread of the controller it
would hold up the commands of several joint states; a process of its own cannot.
"""

from __future__ import annotations

import importlib.util
import multiprocessing
import signal
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from rl_control.control.moving_goal import MovingGoal
from rl_control.data.paths.joint_path import JointPath
from rl_control.errors import GoalSearchError, RlControlError
from rl_control.robot.model import RobotModel
from rl_control.ros.priority import give_way
from rl_control.types import Array, Goal, JointLimits

_PATIENCE = 60.0  # [s] for an answer; the first one may wait for kernels to be compiled


class GoalProcess:
    """Finds goals at tip poses; one request at a time.

    The process ends with this object, or with this process however that ends.

    Args:
        robot: the arm, with the limits that goals must keep.
        avoid_collision: refuse goals that end in collision with the floor or the arm.
    """

    def __init__(self, robot: RobotModel, avoid_collision: bool) -> None:
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(theirs, robot, avoid_collision), name="goals", daemon=True
        )
        self._process.start()
        theirs.close()
        self._lock = threading.Lock()
        self._number = 0

    @property
    def alive(self) -> bool:
        """Whether the process can still answer."""
        return self._process.is_alive()

    def pose(self, position: Array, rotation: Array | None, q: Array) -> Goal:
        """Return the goal for a tip pose, reached soonest from joint positions `q` [n].

        Raises:
            UnreachableTargetError: if no joint vector brings the tip there as demanded.
            GoalSearchError: if the process is gone or does not answer.
        """
        return self._found((position, rotation, q))

    def path(self, recorded: JointPath, limits: JointLimits) -> MovingGoal:
        """Return the goal that goes along a path as it is timed, from time 0 on.

        Args:
            recorded: joints in any order, others among them or not.
            limits: of the arm's joints, that it must keep.

        Raises:
            JointMismatchError: if a joint of the arm is missing.
            DataError: if the path breaks a limit, or the arm touches something on it.
            GoalSearchError: if the process is gone or does not answer.
        """
        goal = self._found((recorded, limits))
        assert isinstance(goal, MovingGoal)
        return goal

    def close(self) -> None:
        """End the process; calling it twice is harmless."""
        # Its end wakes whoever waits for an answer; only then may the connection go.
        self._process.kill()
        self._process.join(1.0)
        with self._lock:
            self._connection.close()

    def _found(self, request: tuple[Any, ...]) -> Goal:
        with self._lock:
            self._number += 1
            try:
                answer = self._ask(self._number, request)
            except (EOFError, OSError) as error:
                raise GoalSearchError("its process is gone") from error
        if isinstance(answer, RlControlError):
            raise answer
        assert isinstance(answer, Goal)
        return answer

    def _ask(self, number: int, request: tuple[Any, ...]) -> object:
        """Send a request; return its own answer, not a late one of a request before."""
        self._connection.send((number, *request))
        deadline = time.monotonic() + _PATIENCE
        while self._connection.poll(max(0.0, deadline - time.monotonic())):
            answered, answer = self._connection.recv()
            if answered == number:
                return answer
        raise GoalSearchError(f"no answer within {_PATIENCE:g} s")


def goal_search(
    robot: RobotModel, avoid_collision: bool, warn: Callable[[str], None]
) -> GoalProcess:
    """Return a search for goals, which looks for collisions if it is to and can.

    Args:
        robot: the arm, with the limits that goals must keep.
        avoid_collision: refuse goals that end in collision with the floor or the arm.
        warn: told if that cannot be.
    """
    if avoid_collision and importlib.util.find_spec("pybullet") is None:
        warn("goals are not checked for collision: PyBullet is missing")
        avoid_collision = False
    return GoalProcess(robot, avoid_collision)


def _serve(connection: Connection, robot: RobotModel, avoid_collision: bool) -> None:
    """Answer requests until the other end is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to end
    give_way()
    finder = _Finder(robot, avoid_collision)
    while True:
        try:
            number, *request = connection.recv()
        except (EOFError, OSError):
            return
        try:
            goal = finder.path(*request) if len(request) == 2 else finder.pose(*request)
        except RlControlError as error:
            connection.send((number, error))
        else:
            connection.send((number, goal))


class _Finder:
    """What the process knows of the arm."""

    def __init__(self, robot: RobotModel, avoid_collision: bool) -> None:
        from rl_control.control.retime import Retimer
        from rl_control.plants.collision import CollisionChecker
        from rl_control.robot.ik import InverseKinematics
        from rl_control.robot.kinematics import Kinematics

        self._robot, self._ik = robot, InverseKinematics(robot)
        self._retimer, self._kinematics = Retimer(robot), Kinematics(robot)
        self._collides = CollisionChecker(robot).collides if avoid_collision else None

    def pose(self, position: Array, rotation: Array | None, q: Array) -> Goal:
        from rl_control.tasks.goal import resolve_goal

        collides = self._collides
        acceptable = None if collides is None else lambda q: not collides(q)
        return resolve_goal(self._ik, position, rotation, q, acceptable=acceptable)

    def path(self, recorded: JointPath, limits: JointLimits) -> MovingGoal:
        from rl_control.run.replay_path import goal_as_timed

        retimer = self._retimer.within(limits)
        return goal_as_timed(self._robot, recorded, retimer, self._kinematics, self._collides)
