"""The folder of a bag as rosbag2 lays it out: its metadata.yaml, and the QoS of its topics.

Source: rosbag2 for ROS 2 Jazzy, version 9 of its metadata (rosbag2_storage).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from rl_control.data.bags.find import METADATA

VERSION = 9
_DISTRIBUTION = "jazzy"
_NANO = 1_000_000_000
_NEVER = 2**63 - 1  # the start of a bag without messages in [ns]
_FOREVER = {"sec": 9223372036, "nsec": 854775807}
# Names of the numbers that versions before 9 wrote.
_HISTORY = ("system_default", "keep_last", "keep_all", "unknown")
_RELIABILITY = ("system_default", "reliable", "best_effort", "unknown")
_DURABILITY = ("system_default", "transient_local", "volatile", "unknown")
_LIVELINESS = ("system_default", "automatic", "manual_by_node", "manual_by_topic", "unknown")


@dataclass(frozen=True)
class Qos:
    """What a publisher offers.

    Attributes:
        reliability: "reliable" or "best_effort".
        durability: "volatile" or "transient_local" (late subscribers get the last messages).
        history: "keep_last" or "keep_all"; "unknown" where the network does not tell.
        depth: number of messages kept.
        deadline: longest time between two messages in [ns]; None for any.
        lifespan: how long a message is of use in [ns]; None for ever.
        liveliness: "automatic" or "manual_by_topic".
        lease: how long a publisher lives without a sign in [ns]; None for ever.
    """

    reliability: str = "reliable"
    durability: str = "volatile"
    history: str = "keep_last"
    depth: int = 10
    deadline: int | None = None
    lifespan: int | None = None
    liveliness: str = "automatic"
    lease: int | None = None

    @staticmethod
    def like(offer: Any, time: Callable[[Any], int | None]) -> Qos:
        """Return the QoS that a library's own object of it tells.

        Args:
            offer: has the attributes that ROS 2 gives it, enumerations by name.
            time: makes [ns] of a duration as that library has it; None for ever.
        """
        return Qos(
            reliability=offer.reliability.name.lower(),
            durability=offer.durability.name.lower(),
            history=offer.history.name.lower(),
            depth=offer.depth,
            deadline=time(offer.deadline),
            lifespan=time(offer.lifespan),
            liveliness=offer.liveliness.name.lower(),
            lease=time(offer.liveliness_lease_duration),
        )


DEFAULT = Qos()
LATCHED = Qos(durability="transient_local", depth=1)


@dataclass(frozen=True)
class BagTopic:
    """One topic of a bag.

    Attributes:
        name: of the topic.
        kind: type of its messages, such as "sensor_msgs/msg/JointState".
        digest: RIHS01 hash of that type.
        qos: what its publishers offered.
        count: number of its messages.
    """

    name: str
    kind: str
    digest: str
    qos: tuple[Qos, ...]
    count: int


@dataclass(frozen=True)
class BagFile:
    """One file of a bag.

    Attributes:
        name: of the file in the bag's folder.
        count: number of its messages.
        start: least time of receipt in [ns]; None if it has no message.
        end: greatest time of receipt in [ns]; None if it has no message.
    """

    name: str
    count: int
    start: int | None = None
    end: int | None = None


def qos_profiles(qos: Sequence[Qos]) -> list[dict[str, Any]]:
    """Return QoS as rosbag2 writes it, the keys in its order."""
    return [
        {
            "history": one.history,
            "depth": one.depth,
            "reliability": one.reliability,
            "durability": one.durability,
            "deadline": _duration(one.deadline),
            "lifespan": _duration(one.lifespan),
            "liveliness": one.liveliness,
            "liveliness_lease_duration": _duration(one.lease),
            "avoid_ros_namespace_conventions": False,
        }
        for one in qos
    ]


def qos_text(qos: Sequence[Qos]) -> str:
    """Return QoS as the text that stands in a channel's metadata."""
    return _dump(qos_profiles(qos))


def qos_of(text: str) -> tuple[Qos, ...]:
    """Return the QoS in a channel's metadata, as any version of rosbag2 wrote it.

    What cannot be understood is left out.
    """
    try:
        listed = yaml.safe_load(text) or []
        return tuple(_qos_of(one) for one in listed)
    except (yaml.YAMLError, AttributeError, KeyError, TypeError, ValueError):
        return ()


def bag_information(
    files: Sequence[BagFile],
    topics: Sequence[BagTopic],
    custom_data: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return what rosbag2 says of a bag, the keys in its order."""
    starts = [file.start for file in files if file.start is not None]
    ends = [file.end for file in files if file.end is not None]
    start = min(starts, default=_NEVER)
    return {
        "version": VERSION,
        "storage_identifier": "mcap",
        "duration": {"nanoseconds": max(ends, default=start) - start},
        "starting_time": {"nanoseconds_since_epoch": start},
        "message_count": sum(file.count for file in files),
        "topics_with_message_count": [
            {
                "topic_metadata": {
                    "name": topic.name,
                    "type": topic.kind,
                    "serialization_format": "cdr",
                    "offered_qos_profiles": qos_profiles(topic.qos),
                    "type_description_hash": topic.digest,
                },
                "message_count": topic.count,
            }
            for topic in topics
        ],
        "compression_format": "",
        "compression_mode": "",
        "relative_file_paths": [file.name for file in files],
        "files": [
            {
                "path": file.name,
                "starting_time": {
                    "nanoseconds_since_epoch": _NEVER if file.start is None else file.start
                },
                "duration": {"nanoseconds": (file.end or 0) - (file.start or 0)},
                "message_count": file.count,
            }
            for file in files
        ],
        "custom_data": dict(custom_data) if custom_data else None,
        "ros_distro": _DISTRIBUTION,
    }


def write_metadata(
    folder: Path,
    files: Sequence[BagFile],
    topics: Sequence[BagTopic],
    custom_data: Mapping[str, str] | None = None,
) -> None:
    """Write metadata.yaml of the bag in `folder`, which is then the new or still the old one.

    Args:
        folder: of the bag.
        files: in their order.
        topics: in any order.
        custom_data: what somebody wanted to be kept with the bag.

    Raises:
        OSError: if it cannot be written.
    """
    document = {"rosbag2_bagfile_information": bag_information(files, topics, custom_data)}
    draft = folder / f".{METADATA}.{os.getpid()}"
    try:
        draft.write_text(_dump(document), "utf-8")
        os.replace(draft, folder / METADATA)
    finally:
        with suppress(OSError):
            draft.unlink()


def information_text(files: Sequence[BagFile], topics: Sequence[BagTopic]) -> str:
    """Return what one file of a bag says of itself in its metadata record "rosbag2"."""
    return _dump(bag_information(files, topics))


def _qos_of(one: dict[str, Any]) -> Qos:
    return Qos(
        reliability=_named(one["reliability"], _RELIABILITY),
        durability=_named(one["durability"], _DURABILITY),
        history=_named(one["history"], _HISTORY),
        depth=int(one["depth"]),
        deadline=_time(one["deadline"]),
        lifespan=_time(one["lifespan"]),
        liveliness=_named(one["liveliness"], _LIVELINESS),
        lease=_time(one["liveliness_lease_duration"]),
    )


def _named(value: int | str, names: Sequence[str]) -> str:
    if isinstance(value, int):
        return names[value] if 0 <= value < len(names) else "unknown"
    return str(value)


def _time(duration: dict[str, int]) -> int | None:
    return None if duration["sec"] >= 2**31 - 1 else duration["sec"] * _NANO + duration["nsec"]


def _duration(time: int | None) -> dict[str, int]:
    if time is None:
        return dict(_FOREVER)
    return {"sec": time // _NANO, "nsec": time % _NANO}


def _dump(document: Any) -> str:
    quick = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    return yaml.dump(document, Dumper=quick, sort_keys=False)
