"""What ROS messages look like: their definitions, hashes, classes and bytes, without ROS."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rl_control.errors import ConfigError, nearest

if TYPE_CHECKING:
    from rosbags.typesys.store import Typestore

_KIND = re.compile(r"[A-Za-z]\w*/msg/[A-Za-z]\w*")


def definition_of(kind: str) -> tuple[str, str]:
    """Return the definition of a message type with all it is made of, and its RIHS01 hash.

    The definition is text as rosbag2 stores it under the schema encoding "ros2msg": the type's
    own fields first, then, each after a line of 80 "=" and its name, those of the types in it.

    Args:
        kind: type of a message, such as "sensor_msgs/msg/JointState".

    Raises:
        ConfigError: if no definition of it can be found.
    """
    return _definition(kind)


def message_class(kind: str) -> Any:
    """Return the class of a message type: a dataclass whose fields are those of the message.

    Arrays of numbers are numpy arrays of the field's type.

    Raises:
        ConfigError: if no definition of the type can be found.
    """
    return _store_with(kind).types[kind]


def serialize(kind: str, message: Any) -> bytes:
    """Return a message of `message_class(kind)` as the bytes ROS sends (CDR, little endian).

    Raises:
        ConfigError: if no definition of the type can be found.
    """
    return bytes(_store_with(kind).serialize_cdr(message, kind))


def deserialize(kind: str, cdr: bytes) -> Any:
    """Return the message of type `kind` that the bytes `cdr` are.

    Raises:
        ConfigError: if no definition of the type can be found.
    """
    return _store_with(kind).deserialize_cdr(cdr, kind)


@cache
def _definition(kind: str) -> tuple[str, str]:
    store = _store_with(kind)
    text, _ = store.generate_msgdef(kind, ros_version=2)
    return text, store.hash_rihs01(kind)


@lru_cache(maxsize=1)
def _store() -> Typestore:
    from rosbags.typesys import Stores, get_typestore

    return get_typestore(Stores.ROS2_JAZZY)


def _store_with(kind: str) -> Typestore:
    """The types of ROS 2 Jazzy, and `kind` with all that it is made of."""
    store = _store()
    if kind not in store.types:
        _require_name(kind, store)
        store.register(_read_types(kind, store))
    return store


def _require_name(kind: str, store: Typestore) -> None:
    if _KIND.fullmatch(kind):
        return
    best = nearest(kind, store.types) or "sensor_msgs/msg/JointState"
    raise ConfigError(
        "bag",
        "type of a topic",
        f"'{kind}' is no name of a message type",
        f"Write PACKAGE/msg/TYPE, such as {best}.",
    )


def _read_types(kind: str, store: Typestore) -> dict[str, Any]:
    """Types that `store` lacks for `kind`, out of the .msg files of installed packages."""
    from rosbags.typesys import get_types_from_msg

    found: dict[str, Any] = {}
    wanted = [kind]
    while wanted:
        name = wanted.pop()
        if name not in store.types and name not in found:
            found |= get_types_from_msg(_definition_file(name, kind).read_text("utf-8"), name)
            wanted += _named_types(found[name])
    return found


def _definition_file(name: str, wanted_by: str) -> Path:
    package, _, kind = name.split("/")
    for prefix in _prefixes():
        file = prefix / "share" / package / "msg" / f"{kind}.msg"
        if file.is_file():
            return file
    part = "" if name == wanted_by else f" (a part of {wanted_by})"
    raise ConfigError(
        "bag",
        "type of a topic",
        f"no definition of {name}{part} is known: no share/{package}/msg/{kind}.msg in the "
        "prefixes of AMENT_PREFIX_PATH",
        f"Install the package {package} and source its workspace's setup file, or leave this "
        "topic out.",
    )


def _prefixes() -> list[Path]:
    listed = os.environ.get("AMENT_PREFIX_PATH", "").split(os.pathsep)
    return [Path(prefix) for prefix in [*listed, sys.prefix] if prefix]


def _named_types(definition: Any) -> Iterator[str]:
    """Yield the names of the message types in a parsed definition's fields."""
    from rosbags.interfaces import Nodetype

    _, fields = definition
    for _, (node, inside) in fields:
        if node in (Nodetype.ARRAY, Nodetype.SEQUENCE):
            node, inside = inside[0]
        if node == Nodetype.NAME:
            yield inside
