"""Which topics are recorded, and with what quality of service they are asked for.

Source: rosbag2 asks in the same way, so that it hears whatever it is offered.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from fnmatch import fnmatchcase
from typing import Any

from rclpy.duration import Infinite
from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy
from rclpy.topic_endpoint_info import TopicEndpointInfo

from rl_control.data.bags.layout import Qos
from rl_control.errors import DataError


def is_wanted(
    topic: str, topics: Sequence[str], exclude: Sequence[str], hidden: bool, namespace: str
) -> bool:
    """Say whether a topic is to be recorded.

    Args:
        topic: its whole name.
        topics: names wanted, "*" standing for any letters; all if there are none. A name that
            does not begin with "/" is one in `namespace`.
        exclude: names not wanted, written in the same way.
        hidden: whether hidden topics are wanted where no name is given.
        namespace: of the node, "/" for none.
    """
    if any(_matches(topic, pattern, namespace) for pattern in exclude):
        return False
    if topics:
        return any(_matches(topic, pattern, namespace) for pattern in topics)
    return hidden or not any(part.startswith("_") for part in topic.split("/"))


def message_type(kind: str) -> Any:
    """Return the class of a message type, such as "sensor_msgs/msg/JointState".

    Raises:
        DataError: if it is no message type, or its package is not installed here.
    """
    package, _, name = kind.partition("/msg/")
    try:
        return getattr(importlib.import_module(f"{package}.msg"), name)
    except (ImportError, AttributeError, ValueError):
        raise DataError(
            kind,
            "messages of this type cannot be received: it is not installed here",
            f"Install the package {package.partition('/')[0]}, source its workspace, and start "
            "the recorder again.",
        ) from None


def request_for(publishers: Sequence[TopicEndpointInfo], depth: int) -> QoSProfile:
    """Return the strictest quality of service that all publishers of a topic offer.

    Without publishers it is what most will offer: reliable, and not latched.
    """
    offers = [publisher.qos_profile for publisher in publishers]
    reliable = all(offer.reliability == ReliabilityPolicy.RELIABLE for offer in offers)
    latched = bool(offers) and all(
        offer.durability == DurabilityPolicy.TRANSIENT_LOCAL for offer in offers
    )
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=depth,
        reliability=ReliabilityPolicy.RELIABLE if reliable else ReliabilityPolicy.BEST_EFFORT,
        durability=DurabilityPolicy.TRANSIENT_LOCAL if latched else DurabilityPolicy.VOLATILE,
    )


def offered_by(publishers: Sequence[TopicEndpointInfo]) -> tuple[Qos, ...]:
    """Return what the publishers of a topic offer, as far as the network tells it."""
    return tuple(Qos.like(publisher.qos_profile, _time) for publisher in publishers)


def _matches(topic: str, pattern: str, namespace: str) -> bool:
    whole = pattern if pattern.startswith("/") else f"{namespace.rstrip('/')}/{pattern}"
    return fnmatchcase(topic, whole)


def _time(duration: Any) -> int | None:
    return duration.nanoseconds if 0 < duration.nanoseconds < Infinite.nanoseconds else None
