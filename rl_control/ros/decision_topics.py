"""What a controller tells of its decisions: goals, settings, and why a command is what it is."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from builtin_interfaces.msg import Time
from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import Point, PoseStamped, Quaternion
from sensor_msgs.msg import JointState as JointStateMessage
from std_msgs.msg import Float64MultiArray, Header, String

from rl_control.data.bags.cdr_rows import NO_STAMP, label_stamp
from rl_control.data.bags.diagnostics_bytes import diagnostics_bytes
from rl_control.data.runs.goal_path import goal_path_bytes
from rl_control.data.runs.settings import settings_text
from rl_control.robot.model import RobotModel
from rl_control.ros import qos
from rl_control.ros.control_loop import Answer, ControlLoop
from rl_control.ros.convert import NANO, to_doubles
from rl_control.ros.goals import GoalWatch
from rl_control.ros.node import ManagedNode
from rl_control.run.decision import Tick
from rl_control.run.goal_told import goal_as_told, path_of
from rl_control.types import Array, Goal


class DecisionTopics:
    """Publishes what a run can be understood and repeated by.

    States are named by their label "seconds.nanoseconds"; "" is a controller's that has seen none.
    """

    def __init__(self, node: ManagedNode, robot: RobotModel) -> None:
        """Open the topics on `node`."""
        self._node, self._robot, self._late = node.get_name(), robot, 0
        self._goals = node.publisher(PoseStamped, "~/goal", qos.latched())
        self._joints = node.publisher(JointStateMessage, "~/goal_joints", qos.latched())
        self._paths = node.publisher(Float64MultiArray, "~/goal_path", qos.latched())
        self._settings = node.publisher(String, "~/settings", qos.latched())
        self._decisions = node.publisher(DiagnosticArray, "~/decisions", qos.events(qos.LOCK_STEP))

    @property
    def heard(self) -> bool:
        """Whether anybody listens to decisions."""
        return bool(self._decisions.get_subscription_count())

    def settings(self, config: object, after: str) -> None:
        """Tell of a configuration in force after the state `after`."""
        stamp = label_stamp(after) if after else NO_STAMP
        self._settings.publish(String(data=settings_text(config, stamp)))

    def goal(self, goal: Goal, after: str) -> Goal:
        """Tell of a goal taken after the state `after`; return it as told, to be aimed at."""
        told, quaternion = goal_as_told(goal)
        path = path_of(told)
        if path is not None:
            self._paths.publish(goal_path_bytes(path, after))
        stamp = max(label_stamp(after), 0)
        # The label tells a state stamped 0 from none.
        header = Header(stamp=Time(sec=stamp // NANO, nanosec=stamp % NANO), frame_id=after)
        pose = PoseStamped(header=Header(stamp=header.stamp, frame_id=self._robot.base))
        pose.pose.position = Point(**_numbers("xyz", told.position))
        pose.pose.orientation = Quaternion(**_numbers("xyzw", quaternion))
        self._goals.publish(pose)
        names, posture = list(self._robot.names), to_doubles(told.posture)
        joints = JointStateMessage(header=header, name=names, position=posture)
        if path is not None:  # it arrives at rest; how it gets there is told as a path
            joints.velocity = to_doubles(np.zeros_like(told.posture))
        self._joints.publish(joints)
        return told

    def tick(self, answer: Answer, loop: ControlLoop, watch: GoalWatch) -> Tick:
        """Return what there is to know of the newest state and the answer to it."""
        assert loop.state is not None  # it was answered
        late, self._late = loop.counters.late > self._late, loop.counters.late
        return Tick(
            label=answer.label,
            stamp=loop.state.stamp,
            sent=answer.command,
            asked=loop.asked,
            late=late,
            violation=loop.safety.violation,
            goal=watch.status,
            tip_error=watch.distance(loop.state),
        )

    def decision(self, tick: Tick, level: bytes, summary: str, values: Mapping[str, str]) -> None:
        """Tell why the command of `tick` is what it is."""
        self._decisions.publish(
            diagnostics_bytes(
                label_stamp(tick.label), self._node, self._robot.name, level[0], summary, values
            )
        )


def _numbers(letters: str, values: Array) -> dict[str, float]:
    return dict(zip(letters, values.tolist(), strict=True))
