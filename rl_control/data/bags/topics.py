"""Which topic of a bag is meant: the one that is named, the usual one, or the only one."""

from __future__ import annotations

from dataclasses import dataclass

from rl_control.data.bags.messages import Bag
from rl_control.errors import DataError

_TOLD = ("/goal_joints", "/goal_path", "/prediction")  # ends of topics that are no arm's


@dataclass(frozen=True)
class ChosenTopic:
    """A topic.

    Attributes:
        name: of the topic; "" if there is none.
        note: what to say about the choice; "" if it is the one that was named or the usual one.
    """

    name: str
    note: str = ""


def choose_topic(bag: Bag, kind: str, named: str, usual: str, what: str) -> ChosenTopic:
    """Return the topic of type `kind` that is named, else the usual one, else the only one.

    Args:
        bag: open.
        kind: type of its messages.
        named: by the user; "" for none.
        usual: its name in most bags.
        what: it tells, for messages, such as "joint states".

    Raises:
        DataError: if it is not there, or there are several and none of them is the usual one.
    """
    found = _try(bag, kind, named, usual, what)
    if found is None:
        raise DataError(
            bag.path,
            f"no {what}: no topic of type {kind} but those of goals and plans; topics: "
            f"{', '.join(sorted({c.topic for c in bag.connections}))}",
            "Record them too.",
        )
    return found


def choose_if_there(bag: Bag, kind: str, named: str, usual: str, what: str) -> ChosenTopic:
    """As `choose_topic`, but without a topic where the bag has none of that type.

    Raises:
        DataError: if the named one is not there, or there are several.
    """
    return _try(bag, kind, named, usual, what) or ChosenTopic("")


def _try(bag: Bag, kind: str, named: str, usual: str, what: str) -> ChosenTopic | None:
    there = [
        t for t in bag.of_kind(kind) if any(c.topic == t and c.msgcount for c in bag.connections)
    ]
    named = named if named.startswith("/") or not named else f"/{named}"
    if named and named not in there:
        raise DataError(
            bag.path,
            f"no {what} on {named}; topics of type {kind}: {', '.join(there) or 'none'}",
            "Name one of those.",
        )
    if named or usual in there:
        return ChosenTopic(named or usual)
    # A goal or a plan of a controller's own is not what the arm did.
    others = [topic for topic in there if not topic.endswith(_TOLD)]
    if len(others) == 1:
        return ChosenTopic(others[0], f"{what} are taken from {others[0]}, the only such topic")
    ending = [topic for topic in others if topic.endswith(usual)]
    if len(ending) == 1:
        return ChosenTopic(ending[0], f"{what} are taken from {ending[0]}")
    if others:
        flag = "--state-topic" if "state" in what else "--command-topic"
        raise DataError(
            bag.path,
            f"{what} on several topics: {', '.join(others)}",
            f"Name the arm's with {flag}.",
        )
    return None
