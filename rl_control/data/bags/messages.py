"""An open ROS bag, and the messages of its topics."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rl_control.data.bags.find import find_bag, remedy_for, storage_files
from rl_control.errors import DataError, MissingDependencyError

if TYPE_CHECKING:
    from rosbags.interfaces import Connection
    from rosbags.rosbag2 import Reader
    from rosbags.typesys.store import Typestore


class Bag:
    """An open bag; its messages are read one after another, never all into memory.

    Attributes:
        path: the bag's folder or its one file.
        connections: topics with type, count and qualities of service, as the bag lists them.
    """

    def __init__(self, path: Path, reader: Reader) -> None:
        """Take an open reader."""
        self.path = path
        self.connections: list[Connection] = list(reader.connections)
        self._reader = reader
        self._stores: dict[str, Typestore] = {}

    @property
    def message_count(self) -> int:
        """Number of messages."""
        return int(self._reader.message_count)

    @property
    def start_time(self) -> int:
        """Time of receipt of the first message in [ns]."""
        return int(self._reader.start_time)

    @property
    def end_time(self) -> int:
        """Time of receipt of the last message in [ns]."""
        return int(self._reader.end_time) - 1

    def of_kind(self, kind: str) -> list[str]:
        """Topics of type `kind`, sorted."""
        return sorted({c.topic for c in self.connections if c.msgtype == kind})

    def messages(
        self,
        connections: Sequence[Connection] = (),
        start: int | None = None,
        stop: int | None = None,
    ) -> Iterator[tuple[Connection, int, bytes]]:
        """Yield connection, time of receipt in [ns] and serialized message, in order of time.

        Args:
            connections: to read; all if there are none.
            start: first time to read in [ns].
            stop: time in [ns] before which reading ends.

        Raises:
            DataError: if the bag is cut or damaged.
        """
        chosen = list(connections) or self.connections
        try:
            yield from self._reader.messages(connections=chosen, start=start, stop=stop)
        # A damaged file makes its parsers raise whatever they meet.
        except Exception as error:
            raise damaged(self.path, error) from error

    def deserialize(self, raw: bytes, kind: str) -> Any:
        """The message of type `kind` in `raw`.

        The bag's own definition of the type counts; bags older than ROS 2 Iron have none, and for
        these the type must be one that ROS 2 itself defines.

        Raises:
            DataError: if neither knows the type.
            Exception: whatever a damaged message makes the parser raise.
        """
        if kind not in self._stores:
            self._stores[kind] = self._store(kind)
        return self._stores[kind].deserialize_cdr(raw, kind)

    def close(self) -> None:
        """Close the files."""
        self._reader.close()

    def _store(self, kind: str) -> Typestore:
        from rosbags.typesys import Stores, get_typestore

        known = get_typestore(Stores.ROS2_JAZZY)
        for connection in self.connections:
            if connection.msgtype == kind and connection.msgdef.data:
                store = get_typestore(Stores.EMPTY)
                # What is wrong with a definition shows in parsing or only in following its parts.
                with suppress(Exception):
                    store.register({**known.fielddefs, **_defined(connection)})
                    store.hash_rihs01(kind)
                    return store
        if kind in known.fielddefs:
            return known
        raise DataError(
            self.path,
            f"it does not define its type {kind}, which is not one of ROS 2's own",
            "Record with ROS 2 Iron or newer, which stores definitions.",
        )


def _defined(connection: Connection) -> dict[str, Any]:
    """The definitions of a connection's type and of what it is made of."""
    from rosbags.interfaces import MessageDefinitionFormat
    from rosbags.typesys import get_types_from_idl, get_types_from_msg

    text = connection.msgdef.data
    if connection.msgdef.format == MessageDefinitionFormat.MSG:
        return dict(get_types_from_msg(text, connection.msgtype))
    parts = text.split("=" * 80 + "\nIDL: ")
    bodies = [part.split("\n", 1)[1] for part in parts[1:]] or [text]
    return {name: fields for body in bodies for name, fields in get_types_from_idl(body).items()}


def open_bag(path: str | Path) -> Bag:
    """Open the bag that `path` means (see `find_bag`), MCAP or SQLite; the caller closes it.

    Raises:
        MissingDependencyError: if rosbags is not installed.
        DataError: if there is no bag, or it is empty, cut or damaged.
    """
    try:
        from rosbags.rosbag2 import Reader
    except ImportError as error:
        raise MissingDependencyError("rosbags", "reading a ROS bag", "") from error
    found = find_bag(path)
    try:
        for file in storage_files(found):
            if file.suffix == ".db3":
                _require_whole_pages(file)
        reader = Reader(found)
        reader.open()
    # A damaged file makes its parsers raise whatever they meet.
    except Exception as error:
        raise damaged(found, error) from error
    if not reader.message_count:
        reader.close()
        raise DataError(found, "the bag is empty", "Record while the arm moves.")
    _agree_on_qualities(reader)
    return Bag(found, reader)


def _agree_on_qualities(reader: Reader) -> None:
    """Let the files of a bag tell the same qualities of service as its metadata.

    Where they differ, because another publisher came later, rosbags would pass messages over.
    """
    listed = {(c.topic, c.msgtype): c for c in reader.connections}
    for storage in getattr(reader.storage, "storages", ()):
        storage.connections = [
            c._replace(ext=listed[c.topic, c.msgtype].ext, digest=listed[c.topic, c.msgtype].digest)
            if (c.topic, c.msgtype) in listed
            else c
            for c in storage.connections
        ]


def messages_of(
    bag: Bag,
    path: str | Path,
    topic: str,
    kind: str,
    start: int | None = None,
    stop: int | None = None,
) -> Iterator[tuple[int, Any]]:
    """Yield time of receipt in [ns] and content of every message on `topic`.

    Args:
        bag: the bag.
        path: of the bag, named in errors.
        topic: to read.
        kind: type of its messages, such as "sensor_msgs/msg/JointState".
        start: first time to read in [ns].
        stop: time in [ns] before which reading ends.

    Raises:
        DataError: if the bag has no such topic or no message on it, or is cut or damaged.
    """
    connections = [c for c in bag.connections if c.topic == topic and c.msgtype == kind]
    if not connections:
        raise DataError(
            path,
            f"no topic {topic} of type {kind}; topics of that type: "
            f"{', '.join(bag.of_kind(kind)) or 'none'}",
            "Name the topic that the arm uses, or record it too.",
        )
    count = 0
    for connection, received, raw in bag.messages(connections, start, stop):
        count += 1
        try:
            message = bag.deserialize(raw, connection.msgtype)
        except DataError:
            raise
        except Exception as error:
            raise undecodable(bag.path, topic, f"message {count}: {error}") from error
        yield received, message
    expected = sum(connection.msgcount for connection in connections)
    if start is None and stop is None and count < expected:
        raise damaged(bag.path, f"{count} of {expected} messages on {topic}")
    if not count:
        raise DataError(path, f"no message on {topic}", "Record while the arm is commanded.")


def damaged(path: Path, cause: str | Exception) -> DataError:
    """The error to raise for a bag that `cause` makes unreadable."""
    if isinstance(cause, DataError):
        return cause
    # Some parsers tell of a file over several lines.
    told = " ".join(str(cause).split()) or type(cause).__name__
    problem = f"not a ROS bag, or one that was cut or damaged ({told})"
    return DataError(path, problem, remedy_for(path))


def undecodable(path: Path, topic: str, cause: str) -> DataError:
    """The error to raise for a whole bag in which a message on `topic` is not of its type."""
    return DataError(
        path,
        f"on {topic} a message is not of its type ({cause})",
        "Record it again, or cut out what is before it with `rl_control bag trim`.",
    )


def _require_whole_pages(file: Path) -> None:
    """Refuse an SQLite file that ends within a page: SQLite would read zeros for the rest.

    Raises:
        EOFError: if it does.

    Source: The SQLite database file format, section 1.3, sqlite.org/fileformat.html.
    """
    with file.open("rb") as database:
        page = int.from_bytes(database.read(18)[16:], "big")
    size = file.stat().st_size
    page = 65536 if page == 1 else page
    if page and size % page:
        raise EOFError(f"the {size} bytes of {file.name} are not whole pages of {page}")
