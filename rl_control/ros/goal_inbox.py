"""The goal topics: messages in, goals out, with the inverse kinematics on a thread of its own."""

from __future__ import annotations

from collections.abc import Callable

from geometry_msgs.msg import PoseStamped
from sensor_msgs.msg import JointState as JointStateMessage

from rl_control.errors import ConfigError
from rl_control.ros.convert import pose_of
from rl_control.ros.goals import GoalFinder
from rl_control.ros.worker import LatestWorker
from rl_control.types import Goal, JointState


class GoalInbox:
    """Takes targets and gives back the newest goal found for them."""

    def __init__(self, finder: GoalFinder, frame: str) -> None:
        """Start the thread; poses are to be given in `frame`."""
        self._finder, self._frame = finder, frame
        self._worker: LatestWorker[Callable[[], Goal], Goal] = LatestWorker(
            lambda find: find(), "goals"
        )

    def pose(self, message: PoseStamped, state: JointState | None) -> None:
        """Look for a goal at a tip pose, reached soonest from `state`.

        Raises:
            ConfigError: if the pose is malformed, or there is no state to start from.
            NonFiniteError: if a number is not finite.
        """
        position, rotation = pose_of(message, self._frame, "target_pose")
        if state is None:
            raise ConfigError(
                "target_pose",
                "joint states",
                "none has come yet",
                "Send the target when the arm is there.",
            )
        q = state.position
        self._worker.submit(lambda: self._finder.pose(position, rotation, q))

    def joints(self, message: JointStateMessage) -> None:
        """Look for the goal at a joint vector."""
        self._worker.submit(lambda: self._finder.joints(message))

    def path(self, find: Callable[[], Goal]) -> None:
        """Look for the goal that goes along a path, by `find`."""
        self._worker.submit(find)

    def take(self) -> Goal | None:
        """Return the newest goal found and not yet taken, or None.

        Raises:
            RlControlError: why there is none for the newest target.
        """
        return self._worker.take()

    def close(self) -> None:
        """End the thread."""
        self._worker.close()
