"""What a recorded topic is published with: its message class and its qualities of service."""

from __future__ import annotations

from importlib import import_module

from rclpy.qos import DurabilityPolicy, HistoryPolicy, QoSProfile, ReliabilityPolicy

from rl_control.data.bags.play import PlayedTopic

_LEAST_DEPTH = 1000  # messages a volatile topic keeps for a slow subscriber


def installed(kind: str) -> type | None:
    """Return the class of a type such as "sensor_msgs/msg/JointState"; None if it is not here."""
    package, _, name = kind.split("/")
    try:
        found: type = getattr(import_module(f"{package}.msg"), name)
    except (ImportError, AttributeError):
        return None
    return found


def quality_of(topic: PlayedTopic) -> QoSProfile:
    """Reliability and durability as recorded; never fewer messages kept."""
    durability = DurabilityPolicy.VOLATILE
    if topic.latched:
        durability = DurabilityPolicy.TRANSIENT_LOCAL
    return QoSProfile(
        history=HistoryPolicy.KEEP_LAST,
        depth=topic.depth if topic.latched else max(topic.depth, _LEAST_DEPTH),
        reliability=ReliabilityPolicy.RELIABLE if topic.reliable else ReliabilityPolicy.BEST_EFFORT,
        durability=durability,
    )
