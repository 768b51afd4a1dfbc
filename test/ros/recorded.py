"""Records what controller and arm say, for tests that read it back."""

import time

from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import PoseStamped
from sensor_msgs.msg import JointState
from std_msgs.msg import Float64MultiArray, String
from trajectory_msgs.msg import JointTrajectory

from rl_control.data.bags.writer import BagWriter
from rl_control.ros import qos


class Recorded:
    """Hears the topics of a run as bytes, and writes them as a bag."""

    def __init__(self, ros, node: str, decisions: bool = True) -> None:
        self._ros, self._heard, self._kinds = ros, [], {}
        self._subscriptions = []
        self._hear("joint_states", JointState, qos.states(depth=qos.LOCK_STEP))
        self._hear("effort_controller/commands", Float64MultiArray, qos.states(depth=qos.LOCK_STEP))
        self._hear(f"{node}/goal", PoseStamped, qos.latched())
        self._hear(f"{node}/goal_joints", JointState, qos.latched())
        self._hear(f"{node}/goal_path", Float64MultiArray, qos.latched())
        self._hear(f"{node}/settings", String, qos.latched())
        self._hear(f"{node}/plan", JointTrajectory, qos.events())
        self._hear("robot_description", String, qos.latched())
        if decisions:
            self._hear(f"{node}/decisions", DiagnosticArray, qos.states(depth=qos.LOCK_STEP))

    def _hear(self, topic, kind, quality) -> None:
        package = kind.__module__.partition(".")[0]
        self._kinds[f"/{topic}"] = f"{package}/msg/{kind.__name__}"

        def take(raw) -> None:
            self._heard.append((f"/{topic}", time.time_ns(), bytes(raw)))
            # All that waits: the probe's executor is slow.
            while (more := subscription.handle.take_message(kind, True)) is not None:
                self._heard.append((f"/{topic}", time.time_ns(), bytes(more[0])))

        subscription = self._ros.node.create_subscription(kind, topic, take, quality, raw=True)
        self._subscriptions.append(subscription)

    def count(self, topic: str) -> int:
        return sum(name == f"/{topic}" for name, _, _ in self._heard)

    def write(self, folder):
        """Stop, and write what was heard; return the folder of the bag."""
        for subscription in self._subscriptions:
            self._ros.node.destroy_subscription(subscription)
        with BagWriter(folder) as bag:
            for topic, kind in self._kinds.items():
                bag.topic(topic, kind)
            for topic, received, raw in self._heard:
                bag.write(topic, raw, received)
        return folder
