"""Effort commands to one arm, as long as nobody else sends any."""

from __future__ import annotations

import time
from collections.abc import Sequence

from rclpy.duration import Duration
from rclpy.node import Node
from std_msgs.msg import Float64MultiArray

from rl_control.errors import CommandConflictError
from rl_control.ros import qos
from rl_control.ros.convert import command_message
from rl_control.ros.joint_order import JointOrder
from rl_control.types import Array

CONFLICT_PERIOD = 0.25  # [s] between two looks who else commands the arm
DELIVERY_TIME = Duration(nanoseconds=200_000_000)


class CommandSender:
    """Publishes efforts in the topic's joint order.

    Args:
        node: sends.
        topic: of std_msgs/Float64MultiArray.
        order: joint order of the topic; empty for the arm's own.
        names: the arm's joints, [n].

    Raises:
        JointMismatchError: if the topic's order lacks a joint of the arm.
        ConfigError: if it has other joints, or one twice.
    """

    def __init__(self, node: Node, topic: str, order: Sequence[str], names: Sequence[str]) -> None:
        self._order = JointOrder(order, names, "command_joints")
        self._node = node
        self._publisher = node.create_publisher(Float64MultiArray, topic, qos.commands())
        self._look_due = 0.0

    @property
    def topic(self) -> str:
        """Full name of the topic."""
        return str(self._publisher.topic_name)

    @property
    def heard(self) -> bool:
        """Whether anybody listens."""
        return bool(self._publisher.get_subscription_count())

    def send(self, effort: Array, answers: str) -> Float64MultiArray:
        """Publish efforts [n], in the arm's joint order; return the message.

        Args:
            effort: [n] in [N m] or [N].
            answers: label of the state they were computed on.
        """
        message = command_message(self._order.to_topic(effort), answers)
        self._publisher.publish(message)
        return message

    def repeat(self, message: Float64MultiArray) -> None:
        """Publish a message of `send` once more."""
        self._publisher.publish(message)

    def deliver(self) -> None:
        """Wait until what was sent has arrived, so that it survives this process."""
        self._publisher.wait_for_all_acked(DELIVERY_TIME)

    def refuse_conflict(self) -> None:
        """Look from time to time who else publishes commands.

        Raises:
            CommandConflictError: if anybody does.
        """
        if time.monotonic() < self._look_due:
            return
        senders = [
            f"{info.node_namespace.rstrip('/')}/{info.node_name}"
            for info in self._node.get_publishers_info_by_topic(self.topic)
        ]
        own = self._node.get_fully_qualified_name()
        if own in senders:
            senders.remove(own)
        if senders:
            raise CommandConflictError(self.topic, senders)
        self._look_due = time.monotonic() + CONFLICT_PERIOD
