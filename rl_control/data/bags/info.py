"""What a bag holds, and whether it is whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from rl_control.data.bags.find import METADATA, find_bag, storage_files
from rl_control.data.bags.joints import JOINT_STATE, JointsTold, joints_told
from rl_control.data.bags.messages import Bag, open_bag
from rl_control.data.bags.times import FileTimes, Times, mcap_times, other_times, sqlite_times
from rl_control.errors import DataError

_NANO = 1e9


@dataclass(frozen=True)
class TopicInfo:
    """One topic.

    Attributes:
        name: of the topic.
        kind: type of its messages.
        count: number of messages.
        rate: mean number of messages a second; None with fewer than two.
        gap: longest time between two messages in [s]; None with fewer than two.
        gap_at: when it begins, in [s] after the bag's start.
        back: how often a message was received before the one before it in the file.
        quality: "reliable", "best effort" or "latched", as recorded; "" if the bag does not tell.
    """

    name: str
    kind: str
    count: int
    rate: float | None
    gap: float | None
    gap_at: float | None
    back: int
    quality: str = ""


@dataclass(frozen=True)
class BagInfo:
    """What a bag holds.

    Attributes:
        path: of the bag.
        storage: "mcap" or "sqlite3".
        compression: of its chunks or files; "" for none.
        files: number of its storage files.
        size: of these in bytes.
        start: time of receipt of the first message in [ns]; None without messages.
        duration: from the first message to the last in [s].
        count: number of messages.
        topics: sorted by name.
        checksums: in words: how many there are, and that they are right.
        joints: what the topics of joint states tell.
        problems: what is not whole, one sentence each; none if all is.
        remedy: what to do about the problems.
    """

    path: str
    storage: str
    compression: str
    files: int
    size: int
    start: int | None
    duration: float
    count: int
    topics: tuple[TopicInfo, ...]
    checksums: str
    joints: tuple[JointsTold, ...] = ()
    problems: tuple[str, ...] = ()
    remedy: str = ""

    @property
    def whole(self) -> bool:
        """Whether nothing is amiss."""
        return not self.problems


def bag_info(path: str | Path) -> BagInfo:
    """Read a whole bag, check it and say what it holds; a file that was cut is told of as well.

    Raises:
        DataError: if there is no bag, or it is so short that nothing in it can be read.
        MissingDependencyError: if rosbags is not installed.
    """
    found = find_bag(path)
    files = storage_files(found)
    bag, refusal = _opened(found)
    try:
        parts, storage = _files(files, bag)
        times = _joined([part.times for part in parts])
        kinds = {name: kind for part in parts for name, kind in part.kinds.items()}
        if not kinds and refusal is not None:
            raise refusal
        problems = _problems(files, parts, bag, times)
        remedy = _remedy(found, parts) if problems else ""
        if refusal is not None and not problems:
            problems, remedy = [refusal.problem], refusal.remedy
        joints = () if bag is None or problems else _joints(bag)
        info = _info(found, files, parts, storage, times, kinds, bag)
        return replace(info, joints=joints, problems=tuple(problems), remedy=remedy)
    finally:
        if bag is not None:
            bag.close()


def _opened(found: Path) -> tuple[Bag | None, DataError | None]:
    try:
        return open_bag(found), None
    except DataError as error:
        return None, error


def _files(files: Sequence[Path], bag: Bag | None) -> tuple[list[FileTimes], str]:
    if files and all(file.suffix == ".mcap" for file in files):
        return [mcap_times(file) for file in files], "mcap"
    if files and all(file.suffix == ".db3" for file in files):
        return [sqlite_times(file) for file in files], "sqlite3"
    return ([other_times(bag)] if bag is not None else []), "compressed files"


def _info(
    found: Path,
    files: Sequence[Path],
    parts: Sequence[FileTimes],
    storage: str,
    times: dict[str, Times],
    kinds: dict[str, str],
    bag: Bag | None,
) -> BagInfo:
    received = np.concatenate([np.empty(0, dtype=np.int64), *times.values()])
    start = int(received.min()) if len(received) else None
    qualities = {} if bag is None else {c.topic: _quality(c) for c in bag.connections}
    on_disk = files or [file for file in found.iterdir() if file.name != METADATA]
    return BagInfo(
        path=str(found),
        storage=storage,
        compression=next((part.compression for part in parts if part.compression), ""),
        files=len(on_disk),
        size=sum(file.stat().st_size for file in on_disk),
        start=start,
        duration=float(np.ptp(received)) / _NANO if len(received) else 0.0,
        count=len(received),
        topics=tuple(
            _topic(name, kinds[name], times[name], start or 0, qualities.get(name, ""))
            for name in sorted(times)
        ),
        checksums=_checksums(parts, storage),
    )


def _topic(name: str, kind: str, times: Times, start: int, quality: str) -> TopicInfo:
    ordered = np.sort(times)
    gaps = np.diff(ordered)
    rate = gap = gap_at = None
    if len(gaps):
        longest = int(np.argmax(gaps))
        span = float(ordered[-1] - ordered[0]) / _NANO
        rate = len(gaps) / span if span else None
        gap = float(gaps[longest]) / _NANO
        gap_at = float(ordered[longest] - start) / _NANO
    back = int(np.count_nonzero(np.diff(times) < 0))
    return TopicInfo(name, kind, len(times), rate, gap, gap_at, back, quality)


def _joined(parts: Sequence[dict[str, Times]]) -> dict[str, Times]:
    names = sorted({name for part in parts for name in part})
    return {name: np.concatenate([p[name] for p in parts if name in p]) for name in names}


def _problems(
    files: Sequence[Path], parts: Sequence[FileTimes], bag: Bag | None, times: dict[str, Times]
) -> list[str]:
    found = [
        f"{file.name}: {problem}"
        for file, part in zip(files, parts, strict=False)
        for problem in part.problems
    ]
    if bag is None or found:
        return found
    for topic in sorted({c.topic for c in bag.connections}):
        told = sum(c.msgcount for c in bag.connections if c.topic == topic)
        there = len(times.get(topic, ()))
        if told != there:
            found.append(f"{topic}: its index says {told} messages, {there} are there")
    return found


def _joints(bag: Bag) -> tuple[JointsTold, ...]:
    return tuple(joints_told(bag, topic) for topic in bag.of_kind(JOINT_STATE))


def _quality(connection: Any) -> str:
    profiles = getattr(connection.ext, "offered_qos_profiles", [])
    names = [
        "latched"
        if q.durability.name == "TRANSIENT_LOCAL"
        else q.reliability.name.lower().replace("_", " ")
        for q in profiles
    ]
    return ", ".join(dict.fromkeys(names))


def _checksums(parts: Sequence[FileTimes], storage: str) -> str:
    blocks = sum(part.blocks for part in parts)
    if storage != "mcap" or not blocks:
        return "none"
    have = sum(part.checksums for part in parts)
    lost = sum(len(part.problems) for part in parts)
    text = f"{have} of {blocks} chunks have one"
    return text + (", all right" if have and not lost else "")


def _remedy(found: Path, parts: Sequence[FileTimes]) -> str:
    if any(part.recovers for part in parts):
        return f"Save what is whole of it with `rl_control bag recover {found}`."
    return "Record it again, or try `ros2 bag reindex` on its folder."
