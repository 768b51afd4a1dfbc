"""All topics that are being recorded: found while they come, asked for with what is offered."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from rclpy.node import Node
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rclpy.topic_endpoint_info import TopicEndpointInfo

from rl_control.data.bags.layout import Qos
from rl_control.data.bags.types import definition_of
from rl_control.errors import RlControlError
from rl_control.ros.recorder_config import RecorderConfig
from rl_control.ros.recorder_inlet import Inlet, Polled, Take
from rl_control.ros.recorder_topics import is_wanted, message_type, offered_by, request_for


@dataclass
class Heard:
    """One topic that is listened to.

    Attributes:
        kind: type of its messages.
        message: class of its messages.
        inlet: the subscription.
        take: is given its messages.
        publishers: addresses on the network of those who publish.
        latched: whether late subscribers get the last messages.
    """

    kind: str
    message: Any
    inlet: Inlet
    take: Take
    publishers: frozenset[bytes] = frozenset()
    latched: bool = False


class Inlets:
    """The subscriptions of a recorder.

    Topics that only others listen to are subscribed, too: a message that is sent once may come as
    soon as its publisher does.

    Args:
        node: what subscribes.
        config: which topics, and how many messages may wait.
        take: is given the topic and a message.
        warn: is told what cannot be recorded, or only in part.
    """

    def __init__(
        self,
        node: Node,
        config: RecorderConfig,
        take: Callable[[str, bytes, int, int | None], None],
        warn: Callable[[str], None],
    ) -> None:
        self.heard: dict[str, Heard] = {}
        self._node, self._config, self._take, self._warn = node, config, take, warn
        self._group = Polled()
        self._passed_over: set[str] = set()
        self._lost_before = 0  # by subscriptions that have ended

    @property
    def lost(self) -> int:
        """Number of messages that were sent and did not come, as far as that can be known."""
        return self._lost_before + sum(one.inlet.lost for one in self.heard.values())

    def discover(self) -> None:
        """Subscribe to what is new; ask anew where publishers have come that offer less."""
        for topic, kinds in self._node.get_topic_names_and_types():
            if topic not in self.heard and topic not in self._passed_over:
                self._consider(topic, kinds)
        for topic, heard in self.heard.items():
            self._adapt(topic, heard)

    def drain(self) -> None:
        """Take all messages that have come in."""
        for heard in self.heard.values():
            heard.inlet.drain(heard.take)

    def offered(self, topic: str) -> tuple[Qos, ...]:
        """Return what the publishers of a topic offer at present."""
        return offered_by(self._node.get_publishers_info_by_topic(topic))

    def close(self) -> None:
        """End all subscriptions."""
        for heard in self.heard.values():
            heard.inlet.close()

    def _consider(self, topic: str, kinds: Sequence[str]) -> None:
        config, namespace = self._config, self._node.get_namespace()
        own = topic.startswith(f"{self._node.get_fully_qualified_name()}/")
        if own or not is_wanted(topic, config.topics, config.exclude, config.hidden, namespace):
            self._passed_over.add(topic)
        elif len(kinds) > 1:
            self._pass_over(topic, f"its publishers and subscribers mean {' and '.join(kinds)}")
        else:
            try:
                definition_of(kinds[0])
                message = message_type(kinds[0])
            except RlControlError as error:
                self._pass_over(topic, str(error))
                return
            publishers = self._node.get_publishers_info_by_topic(topic)
            inlet = self._open(topic, message, request_for(publishers, config.depth))
            self.heard[topic] = Heard(kinds[0], message, inlet, partial(self._take, topic))

    def _adapt(self, topic: str, heard: Heard) -> None:
        publishers = self._node.get_publishers_info_by_topic(topic)
        addresses = frozenset(bytes(one.endpoint_gid) for one in publishers)
        alone = len(publishers) == 1
        if not publishers or (addresses == heard.publishers and heard.inlet.countable == alone):
            return
        heard.publishers = addresses
        request = request_for(publishers, self._config.depth)
        if _offers_less(request, heard.inlet.request) or not heard.inlet.received:
            self._ask_anew(topic, heard, request, publishers)
        heard.latched = request.durability == DurabilityPolicy.TRANSIENT_LOCAL
        heard.inlet.count_anew(countable=alone)

    def _ask_anew(
        self,
        topic: str,
        heard: Heard,
        request: QoSProfile,
        publishers: Sequence[TopicEndpointInfo],
    ) -> None:
        if request == heard.inlet.request:
            return
        heard.inlet.drain(heard.take)
        heard.inlet.close()
        self._lost_before += heard.inlet.lost
        heard.inlet = self._open(topic, heard.message, request)
        offers = {one.qos_profile.reliability for one in publishers}
        if len(offers) > 1:
            self._warn(
                f"{topic}: some of its publishers send with best effort, so all are asked for it: "
                "messages of the others may be lost, too"
            )

    def _open(self, topic: str, message: Any, request: QoSProfile) -> Inlet:
        return Inlet(self._node, topic, message, request, self._group)

    def _pass_over(self, topic: str, problem: str) -> None:
        self._passed_over.add(topic)
        self._warn(f"{topic} is not recorded: {problem}")


def _offers_less(now: QoSProfile, before: QoSProfile) -> bool:
    """Say whether a subscription that asks as `before` would not hear all who offer `now`."""
    best_effort, volatile = ReliabilityPolicy.BEST_EFFORT, DurabilityPolicy.VOLATILE
    return (now.reliability == best_effort != before.reliability) or (
        now.durability == volatile != before.durability
    )
