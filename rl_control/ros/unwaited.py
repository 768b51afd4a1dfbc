"""Topics of which only the newest message is wanted, and only now and then."""

from __future__ import annotations

from typing import Any

from rclpy.callback_groups import CallbackGroup
from rclpy.node import Node
from rclpy.qos import HistoryPolicy, QoSProfile, ReliabilityPolicy


class _Unwaited(CallbackGroup):
    """Entities that no executor waits for: their messages wake nobody up."""

    def can_execute(self, entity: Any) -> bool:
        """Say no."""
        return False

    def beginning_execution(self, entity: Any) -> bool:
        """Say no."""
        return False

    def ending_execution(self, entity: Any) -> None:
        """Do nothing."""


class Newest:
    """The newest message of a topic, fetched when it is asked for.

    It asks for no second sending of what was lost, so whoever publishes has no work with it;
    reliable and best-effort publishers are heard alike.

    Args:
        node: that lends its name to the subscription.
        kind: of the messages.
        topic: its name.
    """

    def __init__(self, node: Node, kind: type, topic: str) -> None:
        quality = QoSProfile(
            history=HistoryPolicy.KEEP_LAST, depth=1, reliability=ReliabilityPolicy.BEST_EFFORT
        )
        self._node, self._kind = node, kind
        self._subscription: Any = node.create_subscription(
            kind, topic, lambda message: None, quality, callback_group=_Unwaited()
        )

    def take(self) -> Any:
        """Return the newest message if it was not taken before; else None."""
        taken = self._subscription.handle.take_message(self._kind, False)
        return None if taken is None else taken[0]

    def close(self) -> None:
        """End the subscription."""
        self._node.destroy_subscription(self._subscription)
