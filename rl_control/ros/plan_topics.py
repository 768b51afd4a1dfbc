"""What a controller tells of its plan: the joint path and the tip path."""

from __future__ import annotations

from typing import Any

from nav_msgs.msg import Path
from trajectory_msgs.msg import JointTrajectory

from rl_control.robot.arm_model import ArmModel
from rl_control.robot.model import RobotModel
from rl_control.ros import convert, qos
from rl_control.ros.node import ManagedNode
from rl_control.ros.plan_frames import PlanFrames, frames_message


class PlanTopics:
    """Publishes plans to whoever listens, and frames of the arm at their end where tf2 is there."""

    def __init__(self, node: ManagedNode, robot: RobotModel, model: ArmModel) -> None:
        """Open the topics on `node`."""
        self._robot, self._model = robot, model
        self._plans = node.publisher(JointTrajectory, "~/plan", qos.events(1))
        self._paths = node.publisher(Path, "~/tip_path", qos.events(1))
        self._message = frames_message()
        if self._message is not None:
            self._frames = PlanFrames(robot)
            self._ghost = node.publisher(self._message, "/tf", qos.events(100))

    def publish(self, plan: Any) -> None:
        """Publish a plan with `stamp`, `dt` [s] and `states` [N+1, 2n or more]."""
        names, n = self._robot.names, self._robot.n
        stamp = convert.time_message(plan.stamp)
        q, v = plan.states[:, :n], plan.states[:, n : 2 * n]
        if self._plans.get_subscription_count():
            self._plans.publish(convert.trajectory_message(names, q, v, plan.dt, stamp))
        if self._paths.get_subscription_count():
            path = self._model.tip_positions(q)
            self._paths.publish(convert.path_message(path, self._robot.base, stamp))
        if self._message is not None and self._ghost.get_subscription_count():
            transforms = self._frames.transforms(q[-1], stamp)
            self._ghost.publish(self._message(transforms=transforms))
