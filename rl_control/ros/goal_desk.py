"""A controller's goals: from targets on topics to whether the arm gets there."""

from __future__ import annotations

import time
from collections.abc import Callable

from geometry_msgs.msg import PoseStamped
from sensor_msgs.msg import JointState as JointStateMessage

from rl_control.errors import RlControlError
from rl_control.robot.arm_model import ArmModel
from rl_control.robot.model import RobotModel
from rl_control.ros import convert, qos
from rl_control.ros.controller_config import ControllerConfig
from rl_control.ros.goal_inbox import GoalInbox
from rl_control.ros.goal_process import GoalProcess
from rl_control.ros.goals import GoalFinder, GoalWatch
from rl_control.ros.log_once import LogOnce
from rl_control.ros.node import ManagedNode
from rl_control.ros.trajectory_goals import begun
from rl_control.tasks.reach import ReachConfig
from rl_control.types import Array, Goal, JointState, Pose


class GoalDesk:
    """Takes targets and gives back goals; who aims at them says so.

    Args:
        robot: the arm, with the limits that goals must keep.
        model: of the same arm.
        search: the inverse kinematics.
        task: when a goal is reached.
        log: told of trouble of the kind "tip".

    Attributes:
        goal: what is aimed at; None before the first.
        watch: whether the arm gets there.
    """

    def __init__(
        self,
        robot: RobotModel,
        model: ArmModel,
        search: GoalProcess,
        task: ReachConfig,
        log: LogOnce,
    ) -> None:
        self.goal: Goal | None = None
        self.watch = GoalWatch(robot, model, task)
        self._finder = GoalFinder(robot.limits, model, search.pose)
        self._inbox = GoalInbox(self._finder, robot.base)
        self._base, self._log = robot.base, log
        self._tip: Pose | None = None

    def open(
        self,
        node: ManagedNode,
        config: ControllerConfig,
        state: Callable[[], JointState | None],
        refuse: Callable[[RlControlError], None],
    ) -> None:
        """Hear targets and measured tip poses on `node`'s topics.

        Args:
            node: that hears them.
            config: the topics.
            state: returns the newest joint state.
            refuse: told why a target is refused at once.
        """

        def on_pose(message: PoseStamped) -> None:
            try:
                self._inbox.pose(message, state())
            except RlControlError as error:
                refuse(error)

        node.subscribe(PoseStamped, "~/target_pose", on_pose, qos.events())
        node.subscribe(JointStateMessage, "~/target_joint_state", self._inbox.joints, qos.events())
        if config.tip_pose_topic:
            source, tips = config.tip_pose_topic, qos.states(config.state_reliable, depth=1)
            node.subscribe(PoseStamped, source, lambda pose: self._on_tip(pose, source), tips)

    def here(self, q: Array) -> Goal:
        """Return the goal to stay at joint positions `q` [n]."""
        return self._finder.here(q)

    def look_for(self, find: Callable[[], Goal]) -> None:
        """Have a goal found by `find`, on the thread of all searches."""
        self._inbox.path(find)

    def take(self, state: JointState | None) -> Goal | None:
        """Return the newest goal found and not yet taken, to begin at `state`; or None.

        Raises:
            RlControlError: why there is none for the newest target.
        """
        return begun(self._inbox.take(), state)

    def aimed(self, goal: Goal) -> None:
        """Take note that `goal` is aimed at from now on."""
        self.goal = goal
        self.watch.start(goal, time.monotonic())

    def overdue(self, state: JointState | None) -> bool:
        """Look at the arm; say whether it has just failed to arrive in time."""
        return state is not None and self.watch.check(state, time.monotonic(), self._tip)

    def close(self) -> None:
        """End the thread of searches."""
        self._inbox.close()

    def _on_tip(self, message: PoseStamped, source: str) -> None:
        try:
            position, rotation = convert.pose_of(message, self._base, source)
        except RlControlError as error:
            self._log.say("tip", error)
            return
        if rotation is not None:
            self._tip = Pose(position, rotation)
