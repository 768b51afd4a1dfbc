"""What of a bag is published again, under which names, and what is better left out."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any

from rl_control.data.bags.messages import Bag
from rl_control.errors import ConfigError, DataError, UnknownNameError

if TYPE_CHECKING:
    from rosbags.interfaces import Connection

CLOCK = "/clock"
SHARED = ("/diagnostics", "/rosout", "/parameter_events")
"""Topics on which every node publishes."""

_LEFT_TO_NODES = SHARED[1:]
_MOVING_KINDS = (
    "std_msgs/msg/Float64MultiArray",
    "trajectory_msgs/msg/JointTrajectory",
    "trajectory_msgs/msg/MultiDOFJointTrajectory",
    "control_msgs/msg/JointJog",
)
_TOLD_ONLY = ("plan", "prediction", "goal_path")  # topics of those types that nothing obeys
_MOVING_NAME = re.compile(
    r"(.*_)?(commands?|cmd|target|trajectory|jog|setpoints?|references?)(_.*)?", re.IGNORECASE
)
_NANO = 1_000_000_000


@dataclass(frozen=True)
class PlayedTopic:
    """A topic of a bag that is published again.

    Attributes:
        recorded: its name in the bag.
        name: under which it is published.
        kind: type of its messages.
        digest: RIHS01 hash of that type as recorded; "" if the bag does not tell.
        reliable: whether delivery is assured.
        latched: whether late subscribers get the last messages.
        depth: number of messages kept.
        connections: where they are in the bag.
    """

    recorded: str
    name: str
    kind: str
    digest: str
    reliable: bool
    latched: bool
    depth: int
    connections: tuple[Connection, ...]

    @property
    def moves(self) -> bool:
        """Whether an arm could move by it."""
        return moves_an_arm(self.recorded, self.kind) or moves_an_arm(self.name, self.kind)


@dataclass(frozen=True)
class Playlist:
    """What is published.

    Attributes:
        topics: sorted by name.
        left_out: why other topics of the bag are not, by name.
        start: time of receipt in the bag that comes first in [ns].
        end: time of receipt in the bag that comes last in [ns].
    """

    topics: tuple[PlayedTopic, ...]
    left_out: Mapping[str, str]
    start: int
    end: int

    @property
    def seconds(self) -> float:
        """Length in the bag's time in [s]."""
        return (self.end - self.start) / _NANO


def moves_an_arm(topic: str, kind: str) -> bool:
    """Whether messages on a topic are of the sort that arms and controllers obey."""
    last = topic.rsplit("/", 1)[-1]
    if last in _TOLD_ONLY:
        return False
    return kind in _MOVING_KINDS or bool(_MOVING_NAME.fullmatch(last))


def playlist(
    bag: Bag,
    start: float = 0.0,
    duration: float = 0.0,
    topics: Sequence[str] = (),
    remap: Sequence[str] = (),
    with_commands: bool = False,
    clock: bool = False,
) -> Playlist:
    """Choose what is published of a bag.

    Args:
        bag: open.
        start: offset into the bag in [s].
        duration: length in the bag's time in [s]; 0 for all that follows.
        topics: names or patterns such as "/mpc_controller/*"; all if there are none.
        remap: new names, each as "OLD:=NEW".
        with_commands: also topics that arms obey.
        clock: whether somebody keeps /clock instead of the bag.

    Raises:
        ConfigError: if `remap` cannot be used.
        UnknownNameError: if the bag lacks a topic that is named.
        DataError: if the bag ends before `start`, or nothing is left to publish.
    """
    known = sorted({c.topic for c in bag.connections})
    wanted = _wanted(known, topics)
    names = _new_names(known, remap)
    played: list[PlayedTopic] = []
    left_out: dict[str, str] = {}
    for topic in wanted:
        connections = [c for c in bag.connections if c.topic == topic]
        entry = _played(connections, names.get(topic, topic))
        reason = _reason(entry, connections, with_commands, clock, topic in topics)
        if reason:
            left_out[topic] = reason
        else:
            played.append(entry)
    if not played:
        told = "; ".join(f"{topic}: {reason}" for topic, reason in left_out.items())
        raise DataError(bag.path, f"nothing to publish ({told})", "Choose other topics.")
    begin, end = _span(bag, start, duration)
    return Playlist(tuple(sorted(played, key=lambda p: p.name)), left_out, begin, end)


def latched_before(bag: Bag, chosen: Playlist) -> list[tuple[PlayedTopic, bytes]]:
    """What late subscribers would have got at the start, in order of receipt."""
    latched = [topic for topic in chosen.topics if topic.latched]
    connections = [c for topic in latched for c in topic.connections]
    if not connections or chosen.start <= bag.start_time:
        return []
    owner = {c.id: topic for topic in latched for c in topic.connections}
    kept: dict[str, deque[tuple[int, int, PlayedTopic, bytes]]] = {
        topic.name: deque(maxlen=topic.depth) for topic in latched
    }
    before = bag.messages(connections, stop=chosen.start)
    for number, (connection, received, raw) in enumerate(before):
        topic = owner[connection.id]
        kept[topic.name].append((received, number, topic, raw))
    found = sorted((entry for entries in kept.values() for entry in entries), key=lambda e: e[:2])
    return [(topic, raw) for _, _, topic, raw in found]


def _wanted(known: Sequence[str], topics: Sequence[str]) -> list[str]:
    for pattern in topics:
        if not any(fnmatchcase(name, pattern) for name in known):
            raise UnknownNameError("topic", pattern, known)
    patterns = topics or ["*"]
    return [name for name in known if any(fnmatchcase(name, pattern) for pattern in patterns)]


def _new_names(known: Sequence[str], remap: Sequence[str]) -> dict[str, str]:
    names: dict[str, str] = {}
    for rule in remap:
        old, mark, new = rule.partition(":=")
        if not mark or not old or not new.startswith("/") or new.endswith("/"):
            raise ConfigError("replay", "remap", f"found '{rule}'", "Write /OLD:=/NEW.")
        if old not in known:
            raise UnknownNameError("topic", old, known)
        names[old] = new
    final = [names.get(name, name) for name in known]
    twice = sorted({name for name in final if final.count(name) > 1})
    if twice:
        problem = f"two topics would be published as {', '.join(twice)}"
        raise ConfigError("replay", "remap", problem, "Give each a name of its own.")
    return names


def _played(connections: Sequence[Connection], name: str) -> PlayedTopic:
    """The topic with the strongest of the recorded qualities: it reaches whoever heard the first.

    Deadlines and lifespans stay behind: they were promises at the recorded rate.
    """
    profiles: list[Any] = [q for c in connections for q in _offered(c)]
    depths = [q.depth for q in profiles if q.history.name == "KEEP_LAST" and q.depth > 0]
    reliable = [q.reliability.name != "BEST_EFFORT" for q in profiles]
    first = connections[0]
    return PlayedTopic(
        first.topic,
        name,
        first.msgtype,
        first.digest,
        any(reliable) or not reliable,
        any(q.durability.name == "TRANSIENT_LOCAL" for q in profiles),
        max(depths, default=10),
        tuple(connections),
    )


def _offered(connection: Connection) -> Sequence[Any]:
    return getattr(connection.ext, "offered_qos_profiles", ())


def _reason(
    topic: PlayedTopic,
    connections: Sequence[Connection],
    with_commands: bool,
    clock: bool,
    named: bool,
) -> str:
    """Why a topic is not published; "" if it is."""
    kinds = sorted({c.msgtype for c in connections})
    if len(kinds) > 1:
        return f"recorded with several types ({', '.join(kinds)})"
    if "/_" in topic.recorded:
        return "belongs to an action or a service"
    if topic.recorded in _LEFT_TO_NODES and not named:
        return "every node writes there; name it to have it"
    if topic.name == CLOCK and clock:
        return "the player keeps the clock"
    if topic.moves and not with_commands:
        return "an arm could move by it; see --with-commands"
    return ""


def _span(bag: Bag, start: float, duration: float) -> tuple[int, int]:
    begin = bag.start_time + round(start * _NANO)
    if begin > bag.end_time:
        lasts = (bag.end_time - bag.start_time) / _NANO
        raise DataError(
            bag.path, f"an offset of {start:g} s, but it lasts {lasts:.3f} s", "Start earlier."
        )
    end = begin + round(duration * _NANO) if duration else bag.end_time
    return begin, min(end, bag.end_time)
