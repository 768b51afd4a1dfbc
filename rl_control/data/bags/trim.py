"""Cuts a part out of a bag: messages as they were recorded, and what was latched before."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Collection, Generator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rl_control.data.bags.find import storage_files
from rl_control.data.bags.layout import Qos
from rl_control.data.bags.messages import Bag, damaged, open_bag
from rl_control.data.bags.writer import BagWriter
from rl_control.errors import DataError, UnknownNameError

# Type, QoS, and definition with its hash, by the topic's name.
Described = dict[str, tuple[str, tuple[Qos, ...], "tuple[str, str] | None"]]
Message = tuple[str, bytes, int, int]  # topic, bytes, time of receipt and of publishing in [ns]

_NANO = 1_000_000_000


@dataclass(frozen=True)
class Trimmed:
    """What has been cut out of a bag.

    Attributes:
        folder: of the new bag.
        counts: number of messages by topic.
        latched: how many of them were received before the start and stand at the start.
    """

    folder: Path
    counts: dict[str, int]
    latched: int


def trim(
    path: str | Path,
    out: str | Path,
    start: int | None = None,
    end: int | None = None,
    topics: Collection[str] = (),
) -> Trimmed:
    """Write a part of a bag as a new one; messages keep their bytes and times.

    On a latched topic (durability "transient_local") the last messages before the start, as many
    as its publishers kept, are received at the start, so that whoever reads the part knows what
    a subscriber would have known.

    Args:
        path: of the bag, MCAP or SQLite: its folder, the folder of a run, or its one file.
        out: folder of the new bag; it must not exist.
        start: first time of receipt to keep, in [ns]; from the beginning if not given.
        end: time of receipt at which the part ends, in [ns]; to the end if not given.
        topics: to keep; all if there are none.

    Raises:
        UnknownNameError: if the bag has no such topic.
        ConfigError: if the bag does not define a type, and nobody else does.
        DataError: if the bag cannot be read, `out` exists or cannot be written, or no message is
            in the part.
    """
    with closing(open_bag(path)) as bag:
        described = _topics_of(bag, topics)
        latched = _latched_before(bag, described, start) if start is not None else []
        counts: Counter[str] = Counter()
        with closing(_messages(bag, sorted(described), start, end)) as messages:
            first = next(messages, None)
            if first is None and not latched:
                raise _empty(bag, start, end)
            with BagWriter(out) as writer:
                for name, (kind, qos, definition) in described.items():
                    writer.topic(name, kind, qos, definition)
                for topic, cdr, _, published in latched:
                    writer.write(topic, cdr, start or 0, published)
                if first is not None:
                    _write(writer, first)
                for message in messages:
                    _write(writer, message)
                counts.update(writer.counts)
    return Trimmed(Path(out), dict(counts), len(latched))


def _topics_of(bag: Bag, wanted: Collection[str]) -> Described:
    """The topics to keep."""
    known = sorted({connection.topic for connection in bag.connections})
    for name in wanted:
        if name not in known:
            raise UnknownNameError("topic", name, known)
    found: Described = {}
    for connection in bag.connections:
        if not wanted or connection.topic in wanted:
            text = connection.msgdef.data
            found[connection.topic] = (
                connection.msgtype,
                tuple(
                    Qos.like(one, _time)
                    for one in getattr(connection.ext, "offered_qos_profiles", ())
                ),
                (text, connection.digest) if text else None,
            )
    return found


def _latched_before(bag: Bag, described: Described, start: int) -> list[Message]:
    """The messages that a subscriber would have got at the start, in the order of receipt."""
    kept = {
        name: deque[Message](maxlen=sum(max(1, one.depth) for one in qos))
        for name, (_, qos, _) in described.items()
        if qos and all(one.durability == "transient_local" for one in qos)
    }
    if kept:
        with closing(_messages(bag, sorted(kept), None, start)) as messages:
            for message in messages:
                kept[message[0]].append(message)
    return sorted((one for row in kept.values() for one in row), key=lambda message: message[2])


def _messages(
    bag: Bag, topics: list[str], start: int | None, end: int | None
) -> Generator[Message, None, None]:
    files = storage_files(bag.path)
    if all(file.suffix == ".mcap" for file in files):
        try:
            yield from _mcap_messages(files, topics, start, end)
        # A damaged file makes its parsers raise whatever they meet.
        except Exception as error:
            raise damaged(bag.path, error) from error
        return
    connections = [connection for connection in bag.connections if connection.topic in topics]
    for connection, received, raw in bag.messages(connections, start, end):
        yield connection.topic, bytes(raw), received, received


def _mcap_messages(
    files: list[Path], topics: list[str], start: int | None, end: int | None
) -> Generator[Message, None, None]:
    """Messages with their times of publishing, which SQLite bags do not have."""
    from mcap.reader import make_reader

    for file in files:
        with file.open("rb") as stream:
            reader = make_reader(stream, validate_crcs=True)
            for _, channel, message in reader.iter_messages(
                topics, starting_at=start, ending_before=end
            ):
                yield channel.topic, message.data, message.log_time, message.publish_time


def _write(writer: BagWriter, message: Message) -> None:
    topic, cdr, received, published = message
    writer.write(topic, cdr, received, published)


def _time(duration: Any) -> int | None:
    """A duration in [ns]; None for what one of the ROS middlewares means by for ever."""
    return None if duration.sec >= 2**31 - 1 else duration.sec * _NANO + duration.nsec


def _empty(bag: Bag, start: int | None, end: int | None) -> DataError:
    def seconds(time: int | None, otherwise: str) -> str:
        return otherwise if time is None else f"{(time - bag.start_time) / _NANO:.3f} s"

    length = (bag.end_time - bag.start_time) / _NANO
    return DataError(
        bag.path,
        f"no message of these topics from {seconds(start, 'the start')} to "
        f"{seconds(end, 'the end')}",
        f"The bag lasts {length:.3f} s: name a part of it, and topics that are in that part.",
    )
