"""Hears an arm and its controller without being heard: best effort, and only when looked at.

Nothing runs on an executor. The middleware keeps the newest messages, and `poll` takes them.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from diagnostic_msgs.msg import DiagnosticArray
from geometry_msgs.msg import PoseStamped
from lifecycle_msgs.msg import TransitionEvent
from rcl_interfaces.msg import Log
from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from rclpy.serialization import deserialize_message
from sensor_msgs.msg import JointState as JointStateMessage
from std_msgs.msg import String

from rl_control.ros import qos
from rl_control.ros.top_watch import Watch

NAME = "top"  # of our nodes, with the process's number behind it
STATES_KEPT = 200  # what comes between two looks at an arm of 1 kHz
FEW = 20
GRAPH_PERIOD = 1.0  # [s]
JOINT_STATE = "sensor_msgs/msg/JointState"
PATH = "nav_msgs/msg/Path"
NANO = 1e-9

Take = Callable[[Any, float], None]  # a message, and when it came in [s]


class TopTopics:
    """The topics of one arm; all of it on the thread that calls `poll`.

    Args:
        node: where to subscribe.
        namespace: of the arm's nodes, "" for none.
        controller: name of the controller's node.
    """

    def __init__(self, node: Node, namespace: str, controller: str) -> None:
        self._node, self._controller = node, controller
        self._prefix = f"/{namespace.strip('/')}" if namespace.strip("/") else ""
        self.state_topic = f"{self._prefix}/joint_states"
        self.domain = int(os.environ.get("ROS_DOMAIN_ID", "0") or "0")
        self.watch = Watch(controller, self.state_topic, self.domain)
        self._graph_at = -GRAPH_PERIOD
        self._nodes: list[str] = []
        self._topics: dict[str, list[str]] = {}
        own = f"{self._prefix}/{controller}"
        self._states = self._listen(JointStateMessage, self.state_topic, newest(STATES_KEPT))
        self._rare: list[tuple[Any, type, Take]] = []
        watch, joints, once = self.watch, self.watch.joints, qos.latched()
        self._hear(DiagnosticArray, "/diagnostics", newest(FEW), watch.report)
        self._hear(Log, "/rosout", newest(FEW), self._log)
        self._hear(TransitionEvent, f"{own}/transition_event", newest(FEW), self._transition)
        self._hear(PoseStamped, f"{own}/goal", once, lambda m, _: watch.goal(m))
        self._hear(JointStateMessage, f"{own}/goal_joints", once, lambda m, _: joints.goal(m))
        self._hear(String, f"{own}/settings", once, lambda m, _: joints.settings(m.data))
        described = f"{self._prefix}/robot_description"
        self._hear(String, described, once, lambda m, _: joints.description(m.data))

    def poll(self) -> None:
        """Take what has come."""
        self._take_states()
        for subscription, kind, take in self._rare:
            for data, received in _taken(subscription, kind):
                take(deserialize_message(data, kind), received)
        if time.monotonic() - self._graph_at >= GRAPH_PERIOD:
            self.look_around()

    def look_around(self) -> None:
        """See which nodes and topics there are."""
        self._graph_at = time.monotonic()
        found = self._node.get_node_names_and_namespaces()
        self._nodes = [f"{space.rstrip('/')}/{name}" for name, space in found]
        self._topics = dict(self._node.get_topic_names_and_types())

    @property
    def nodes(self) -> Sequence[str]:
        """Full names of the nodes under the arm's namespace."""
        return [name for name in self._nodes if name.startswith(f"{self._prefix}/")]

    def missing(self) -> list[str]:
        """Return what has not been heard yet, one sentence each."""
        if self.watch.complete:
            return []
        if all(name.startswith(f"/{NAME}_") for name in self._nodes):
            reach = os.environ.get("ROS_AUTOMATIC_DISCOVERY_RANGE", "SUBNET")
            return [f"no ROS node found in domain {self.domain} (ROS_DOMAIN_ID), range {reach}"]
        sentences = []
        if not self.watch.has_states:
            sentences.append(f"for joint states on {self.state_topic}{self._elsewhere()}")
        name = f"{self._prefix}/{self._controller}"
        if name not in self._nodes and not self.watch.has_reports:
            sentences.append(f"for the node {name}{self._another()}")
        elif not self.watch.has_reports:
            sentences.append(f"for reports of {self._controller} on /diagnostics")
        return sentences

    def _take_states(self) -> None:
        """Count all joint states; read the newest of each length: senders differ in it."""
        taken = list(_taken(self._states, JointStateMessage))
        if taken:
            counts = Counter(len(data) for data, _ in taken)
            last = {len(data): data for data, _ in taken}
            messages = [deserialize_message(data, JointStateMessage) for data in last.values()]
            self.watch.states(max(counts.values()), messages, taken[-1][1])

    def _log(self, message: Log, received: float) -> None:
        space = self._prefix.strip("/").replace("/", ".")
        if message.name.startswith(space):
            self.watch.log(message, time.strftime("%H:%M:%S", time.localtime(received)))

    def _transition(self, message: TransitionEvent, received: float) -> None:
        self.watch.lifecycle(message.goal_state.label)

    def _elsewhere(self) -> str:
        """Say where else there are joint states."""
        own = f"{self._prefix}/{self._controller}/"
        topics = [
            topic
            for topic, kinds in sorted(self._topics.items())
            if JOINT_STATE in kinds
            and topic.endswith("/joint_states")
            and topic != self.state_topic
            and not topic.startswith(own)
            and self._node.count_publishers(topic)
        ]
        if not topics:
            return ""
        space = topics[0].rpartition("/")[0] or "/"
        return f"; there are some on {', '.join(topics)} (--namespace {space})"

    def _another(self) -> str:
        """Say which other node plans."""
        plans = [
            topic.removesuffix("/tip_path")
            for topic, kinds in sorted(self._topics.items())
            if PATH in kinds and topic.endswith("/tip_path")
        ]
        if not plans:
            return ""
        space, _, name = plans[0].rpartition("/")
        given = f" --namespace {space}" if space != self._prefix else ""
        return f"; there is {', '.join(plans)} (--controller {name}{given})"

    def _hear(self, kind: type, topic: str, quality: QoSProfile, take: Take) -> None:
        self._rare.append((self._listen(kind, topic, quality), kind, take))

    def _listen(self, kind: type, topic: str, quality: QoSProfile) -> Any:
        return self._node.create_subscription(kind, topic, _never, quality)


def newest(depth: int) -> QoSProfile:
    """The newest messages as they come: a writer need not wait for us, nor send again."""
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=depth,
        reliability=ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.VOLATILE,
    )


def _taken(subscription: Any, kind: type) -> Iterator[tuple[bytes, float]]:
    """Yield the messages that wait, as bytes, with the time they came, in [s] since 1970."""
    while (taken := subscription.handle.take_message(kind, True)) is not None:
        data, about = taken
        yield data, NANO * about["received_timestamp"] or time.time()


def _never(message: Any) -> None:
    """Stand where an executor would call; there is none."""
