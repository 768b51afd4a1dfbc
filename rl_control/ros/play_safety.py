"""Who else is there while a bag is replayed: nothing may move an arm by surprise."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from rclpy.node import Node
from rclpy.topic_endpoint_info import TopicEndpointInfo

from rl_control.data.bags.play import SHARED, PlayedTopic, moves_an_arm
from rl_control.errors import CommandConflictError, ReplayConflictError

_TRAJECTORY = "To repeat the motion, use `rl_control replay trajectory`."


def check_replay(
    node: Node, topics: Sequence[PlayedTopic], heard_by: Sequence[str], anyway: bool
) -> None:
    """Refuse to publish where that could move an arm, or mix with what others publish.

    Args:
        node: that publishes.
        topics: what it publishes.
        heard_by: nodes that may hear commands, by name or pattern.
        anyway: states may be published beside others, and to controllers of an arm.

    Raises:
        CommandConflictError: if somebody else commands an arm on one of the topics.
        ReplayConflictError: if somebody listens to commands, publishes one of the other topics, or
            acts on them and commands an arm.
    """
    for topic in topics:
        if topic.moves:
            check_listeners(node, topic, heard_by)
            others = publishers(node, topic.name)
            if others:
                raise CommandConflictError(topic.name, others)
        elif not anyway and topic.name not in SHARED:
            refuse_others(node, topic.name)
    if not anyway:
        _check_controllers(node, topics)


def refuse_others(node: Node, topic: str) -> None:
    """Refuse to be a second source.

    Raises:
        ReplayConflictError: naming the first.
    """
    others = publishers(node, topic)
    if others:
        raise ReplayConflictError(
            topic,
            f"{', '.join(others)} publishes there: who listens would hear two sources",
            "Stop it, give the topic another name (--remap), or say --anyway.",
        )


def check_listeners(node: Node, topic: PlayedTopic, heard_by: Sequence[str]) -> None:
    """Refuse to publish commands that somebody unknown hears.

    Raises:
        ReplayConflictError: naming who listens.
    """
    strangers = [
        name
        for name in subscribers(node, topic.name)
        if not any(fnmatchcase(name.rsplit("/", 1)[-1], pattern) for pattern in heard_by)
    ]
    if strangers:
        raise ReplayConflictError(
            topic.name,
            f"{', '.join(strangers)} listens: replayed commands could move an arm",
            "Give the topic another name (--remap), or name the listener with --heard-by if it "
            f"moves nothing. {_TRAJECTORY}",
        )


def publishers(node: Node, topic: str) -> list[str]:
    """Full names of others who publish on a topic."""
    return _others(node, node.get_publishers_info_by_topic(topic))


def subscribers(node: Node, topic: str) -> list[str]:
    """Full names of others who listen to a topic."""
    return _others(node, node.get_subscriptions_info_by_topic(topic))


def _check_controllers(node: Node, topics: Sequence[PlayedTopic]) -> None:
    """Refuse to feed a controller that has an arm to command.

    Raises:
        ReplayConflictError: naming the controller.
    """
    hearing: dict[str, str] = {}
    for topic in topics:
        hearing.update(dict.fromkeys(subscribers(node, topic.name), topic.name))
    for name, kinds in node.get_topic_names_and_types():
        if not any(moves_an_arm(name, kind) for kind in kinds):
            continue
        listeners = set(subscribers(node, name))
        for controller in publishers(node, name):
            if controller in hearing and listeners - {controller}:
                raise ReplayConflictError(
                    hearing[controller],
                    f"{controller} acts on it and commands {', '.join(sorted(listeners))} on "
                    f"{name}: replayed states would move that arm",
                    "Stop the controller, give the topic another name (--remap), or say --anyway.",
                )


def _others(node: Node, found: Sequence[TopicEndpointInfo]) -> list[str]:
    names = [f"{info.node_namespace.rstrip('/')}/{info.node_name}" for info in found]
    own = node.get_fully_qualified_name()
    if own in names:
        names.remove(own)  # once: another node may have the same name
    return names
