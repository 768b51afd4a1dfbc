"""The messages of one topic of a ROS bag."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rl_control.errors import DataError, MissingDependencyError

if TYPE_CHECKING:
    from rosbags.highlevel import AnyReader


def open_bag(path: Path) -> AnyReader:
    """Open a bag, MCAP or SQLite, by its folder or its one file; the caller closes it.

    Raises:
        MissingDependencyError: if rosbags is not installed.
        DataError: if there is no bag, or it is empty, cut or damaged.
    """
    try:
        from rosbags.highlevel import AnyReader
        from rosbags.typesys import Stores, get_typestore
    except ImportError as error:
        raise MissingDependencyError("rosbags", "reading a ROS bag", "learn") from error
    if not path.exists():
        raise DataError(path, "there is no such bag", "Check its name and folder.")
    if path.is_dir() and not (path / "metadata.yaml").is_file():
        raise DataError(
            path,
            "no bag there: the folder has no metadata.yaml",
            "Name a bag's own folder; if its recorder was broken off, run `ros2 bag reindex` "
            "on it.",
        )
    try:
        for file in [path] if path.is_file() else path.iterdir():
            if file.suffix == ".db3":
                _require_whole_pages(file)
        # Bags older than ROS 2 Iron do not describe their messages; these two never changed.
        reader = AnyReader([path], default_typestore=get_typestore(Stores.ROS2_JAZZY))
        reader.open()
    # A damaged file makes its parsers raise whatever they meet.
    except Exception as error:
        raise _damaged(path, error) from error
    if not reader.message_count:
        reader.close()
        raise DataError(path, "the bag is empty", "Record while the arm moves.")
    return reader


def messages_of(reader: AnyReader, path: Path, topic: str, kind: str) -> Iterator[tuple[int, Any]]:
    """Yield time of receipt in [ns] and content of every message on `topic`.

    Args:
        reader: the bag.
        path: of the bag, named in errors.
        topic: to read.
        kind: type of its messages, such as "sensor_msgs/msg/JointState".

    Raises:
        DataError: if the bag has no such topic or no message on it, or is cut or damaged.
    """
    connections = [c for c in reader.connections if c.topic == topic and c.msgtype == kind]
    if not connections:
        there = sorted({c.topic for c in reader.connections if c.msgtype == kind})
        raise DataError(
            path,
            f"no topic {topic} of type {kind}; topics of that type: {', '.join(there) or 'none'}",
            "Name the topic that the arm uses, or record it too.",
        )
    count = 0
    try:
        for connection, received, raw in reader.messages(connections=connections):
            count += 1
            yield received, reader.deserialize(raw, connection.msgtype)
    except Exception as error:
        raise _damaged(path, error) from error
    expected = sum(connection.msgcount for connection in connections)
    if count < expected:
        raise _damaged(path, f"{count} of {expected} messages on {topic}")
    if not count:
        raise DataError(path, f"no message on {topic}", "Record while the arm is commanded.")


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


def _damaged(path: Path, cause: str | Exception) -> DataError:
    return DataError(
        path,
        f"not a ROS bag, or one that was cut or damaged ({str(cause) or type(cause).__name__})",
        "Record it again, or try `ros2 bag reindex` on its folder.",
    )
