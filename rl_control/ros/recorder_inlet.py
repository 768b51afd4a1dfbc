"""One topic that is being recorded: its messages as bytes, and how many have been lost."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from rclpy.callback_groups import CallbackGroup
from rclpy.event_handler import SubscriptionEventCallbacks
from rclpy.node import Node
from rclpy.qos import QoSProfile

Take = Callable[[bytes, int, int | None], None]  # bytes, times of receipt and sending in [ns]


class Polled(CallbackGroup):
    """Keeps subscriptions from the executor: to ask them costs a hundredth of being called."""

    def can_execute(self, entity: Any) -> bool:
        """Never."""
        return False

    def beginning_execution(self, entity: Any) -> bool:
        """Never."""
        return False

    def ending_execution(self, entity: Any) -> None:
        """Nothing began."""


class Inlet:
    """A subscription that hands out messages as they came over the network.

    Args:
        node: what subscribes.
        topic: whole name.
        kind: class of its messages.
        request: quality of service asked for.
        group: keeps the subscription from the executor.
    """

    def __init__(
        self, node: Node, topic: str, kind: Any, request: QoSProfile, group: Polled
    ) -> None:
        self.request = request
        self.received = 0
        """Messages that have come."""
        self.lost = 0
        """Messages sent between two that have come; known while there is one publisher."""
        self.countable = False
        """Whether the numbers that the publisher gives its messages tell what has been lost."""
        self._last = 0
        self._node, self._kind = node, kind
        self._subscription = node.create_subscription(
            kind,
            topic,
            _never,
            request,
            callback_group=group,
            event_callbacks=SubscriptionEventCallbacks(use_default_callbacks=False),
            raw=True,
        )

    def drain(self, take: Take) -> None:
        """Hand every message that has come in to `take`."""
        handle, kind = self._subscription.handle, self._kind
        while True:
            found = handle.take_message(kind, True)
            if found is None:
                return
            raw, info = found
            self.received += 1
            # What a network or an older ROS 2 does not tell is missing or 0.
            self._count(info.get("publication_sequence_number") or 0)
            received = info.get("received_timestamp") or time.time_ns()
            take(raw, received, info.get("source_timestamp") or None)

    def count_anew(self, countable: bool) -> None:
        """Count from the next message on: the publishers have changed."""
        self.countable, self._last = countable, 0

    def close(self) -> None:
        """End the subscription."""
        self._node.destroy_subscription(self._subscription)

    def _count(self, number: int) -> None:
        if not self.countable:
            return
        if number <= self._last:
            # Another publisher, which discovery has not told of yet.
            self.countable = False
        elif self._last:
            self.lost += number - self._last - 1
        self._last = number


def _never(message: Any) -> None:
    """Stand for a callback: the subscription is asked instead."""
