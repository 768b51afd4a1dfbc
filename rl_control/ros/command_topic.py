"""The topic on which commands leave, and on which nobody else may command the arm."""

from __future__ import annotations

from rclpy.node import Node
from std_msgs.msg import Float64MultiArray

from rl_control.errors import CommandConflictError, ConfigError
from rl_control.ros import convert, qos
from rl_control.ros.control_loop import Answer
from rl_control.ros.controller_config import ControllerConfig
from rl_control.ros.joint_order import JointOrder
from rl_control.ros.node import ManagedNode
from rl_control.types import Array, Command


class CommandTopic:
    """Publishes commands on the interface that the arm takes.

    Args:
        node: on which it is opened.
        config: the topic and the interface.
        order: of the joints in a message.

    Raises:
        CommandConflictError: if somebody else publishes there.
    """

    def __init__(self, node: ManagedNode, config: ControllerConfig, order: JointOrder) -> None:
        self._node, self._order, self._interface = node, order, config.command_interface
        self._topic = node.resolve_topic_name(config.command_topic)
        refuse_conflict(node, self._topic, own=0)
        quality = qos.commands(qos.LOCK_STEP if config.lock_step else 1)
        self._commands = node.publisher(Float64MultiArray, config.command_topic, quality)

    def publish(self, answer: Answer) -> None:
        """Send a command.

        Raises:
            ConfigError: if the controller computes nothing for the arm's interface.
        """
        values = self._order.to_topic(command_vector(answer.command, self._interface))
        self._commands.publish(convert.command_message(values, answer.label))

    def deliver(self) -> None:
        """Wait until the last command has arrived."""
        self._node.deliver(self._commands)

    def refuse_conflict(self) -> None:
        """Look who else publishes commands.

        Raises:
            CommandConflictError: if anybody does.
        """
        refuse_conflict(self._node, self._topic, own=1)


def refuse_conflict(node: Node, topic: str, own: int) -> None:
    """Look who else publishes commands.

    Args:
        node: that asks.
        topic: its full name.
        own: number of the node's own publishers there.

    Raises:
        CommandConflictError: if anybody does.
    """
    ours = (node.get_name(), node.get_namespace())
    others: list[str] = []
    for info in node.get_publishers_info_by_topic(topic):
        if own and (info.node_name, info.node_namespace) == ours:
            own -= 1
        else:
            others.append(f"{info.node_namespace.rstrip('/')}/{info.node_name}")
    if others:
        raise CommandConflictError(topic, others)


def command_vector(command: Command, interface: str) -> Array:
    """Return what a command says on one interface, [n].

    Raises:
        ConfigError: if the controller computes nothing for that interface.
    """
    values: Array | None = getattr(command, interface)
    if values is None:
        raise ConfigError(
            "parameters",
            "command_interface",
            f"the controller computes no {interface} commands",
            "Use effort.",
        )
    return values
