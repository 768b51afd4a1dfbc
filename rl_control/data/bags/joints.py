"""What the joint states of a bag name, and whether their stamps go back."""

from __future__ import annotations

import struct
from dataclasses import dataclass

from rl_control.data.bags.cdr_rows import CdrReader
from rl_control.data.bags.messages import Bag, undecodable

JOINT_STATE = "sensor_msgs/msg/JointState"
_NANO = 1_000_000_000


@dataclass(frozen=True)
class JointsTold:
    """What one topic of joint states tells.

    Attributes:
        topic: its name.
        names: all joints it names, in the order in which they appear first.
        orders: how many different lists of names there are.
        without_velocity: number of messages without velocities.
        back: how often a stamp is before the one before it.
        first_back: when it first is so, in [s] after the first message's receipt; None if never.
        deepest_back: greatest way back in [s].
        repeated: how often a stamp is the same as the one before it.
    """

    topic: str
    names: tuple[str, ...]
    orders: int
    without_velocity: int
    back: int
    first_back: float | None
    deepest_back: float
    repeated: int


def joints_told(bag: Bag, topic: str) -> JointsTold:
    """Read all joint states of a topic, without keeping them.

    Raises:
        DataError: if the bag is cut or damaged.
    """
    orders: set[tuple[str, ...]] = set()
    names: dict[str, None] = {}
    without = back = repeated = deepest = 0
    first_back, first, before = None, None, None
    connections = [c for c in bag.connections if c.topic == topic and c.msgtype == JOINT_STATE]
    for _, received, raw in bag.messages(connections):
        first = received if first is None else first
        try:
            stamp, listed, velocities = _heading(raw)
        except (ValueError, struct.error) as error:
            raise undecodable(bag.path, topic, str(error)) from error
        if listed not in orders:
            orders.add(listed)
            names.update(dict.fromkeys(listed))
        without += not velocities
        if before is not None and stamp <= before:
            repeated += stamp == before
            back += stamp < before
            deepest = max(deepest, before - stamp)
            if stamp < before and first_back is None:
                first_back = (received - first) / _NANO
        before = stamp
    return JointsTold(
        topic, tuple(names), len(orders), without, back, first_back, deepest / _NANO, repeated
    )


def _heading(raw: bytes) -> tuple[int, tuple[str, ...], int]:
    """Stamp in [ns], joint names, and number of velocities."""
    reader = CdrReader(raw)
    stamp = reader.number("i") * _NANO + reader.number("I")
    reader.text()
    listed = tuple(reader.text() for _ in range(reader.number("I")))
    reader.doubles()
    return stamp, listed, reader.doubles()[1]
