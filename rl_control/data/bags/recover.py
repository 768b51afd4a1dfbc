"""Makes a bag whole again whose recording was broken off: by a kill, a power cut, a full disk."""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from rl_control.data.bags.find import INSIDE_A_RUN, METADATA, storage_files
from rl_control.data.bags.layout import BagFile, BagTopic, qos_of, write_metadata
from rl_control.data.bags.mcap_index import message_counts, span_of
from rl_control.data.bags.mcap_mend import mend
from rl_control.data.bags.mcap_scan import Scan, scan
from rl_control.errors import DataError


@dataclass(frozen=True)
class Recovered:
    """What has been made of a bag.

    Attributes:
        folder: of the bag.
        files: its files that were written anew; the others were whole.
        originals: what those files were, under their new names.
        counts: number of messages by topic, in the whole bag.
        start: least time of receipt in [ns]; None without messages.
        end: greatest time of receipt in [ns]; None without messages.
        problems: what could not be read, by the name of the file.
    """

    folder: Path
    files: tuple[Path, ...]
    originals: tuple[Path, ...]
    counts: dict[str, int]
    start: int | None
    end: int | None
    problems: dict[str, tuple[str, ...]]

    @property
    def lines(self) -> list[str]:
        """The same in words."""
        span = ((self.end or 0) - (self.start or 0)) * 1e-9
        total = sum(self.counts.values())
        told = [f"{self.folder}: {total:,} messages of {len(self.counts)} topics, {span:.3f} s"]
        told += [f"  {count:>10,}  {topic}" for topic, count in sorted(self.counts.items())]
        if not self.files:
            told.append("Its files were whole.")
        for file, original in zip(self.files, self.originals, strict=True):
            told.append(f"{file.name} was written anew; it was what is {original.name} now.")
        for name, problems in self.problems.items():
            told += [f"{name}: {problem}." for problem in problems]
        return told


def recover(path: str | Path) -> Recovered:
    """Make a bag whole whose recording was broken off at any byte.

    Every file without its index, or with damage in it, is written anew: all whole chunks as they
    are, the whole messages of the last, torn one, and an index. It then takes the place of the
    file, which stays beside it as NAME.broken; at no moment is there neither of the two. Last,
    metadata.yaml is written. A bag that is whole stays as it is.

    Args:
        path: of the bag: its folder, the folder of the run, or one of its files, which is then
            the only one to be looked at.

    Raises:
        DataError: if there is no bag of MCAP files, it is being recorded, nothing in it can be
            read, or the disk has no space for what is written anew.
    """
    files = _files(Path(path))
    scans = {file: _scan(file) for file in files}
    if not any(found.parts for found in scans.values()):
        raise DataError(path, "nothing in it can be read", "Restore it from a copy.")
    broken = [file for file, found in scans.items() if not found.finished or found.problems]
    anew = _write_drafts({file: scans[file] for file in broken if scans[file].parts})
    originals = [_set_aside(file, file in anew) for file in broken]
    scans |= anew
    kept = {file: found for file, found in scans.items() if found.parts}
    topics, described = _describe(kept)
    if Path(path) != files[0]:
        _renew_metadata(files[0].parent, described, topics)
    span = span_of(part for found in kept.values() for part in found.parts)
    return Recovered(
        folder=files[0].parent,
        files=tuple(broken),
        originals=tuple(originals),
        counts={topic.name: topic.count for topic in topics},
        start=span[0] if span else None,
        end=span[1] if span else None,
        problems={file.name: tuple(s.problems) for file, s in scans.items() if s.problems},
    )


def _files(path: Path) -> list[Path]:
    """Return the MCAP files of a bag in the order of their numbers.

    Args:
        path: the bag's folder, the folder of a run with a bag in it, or one file.

    Raises:
        DataError: if there are none.
    """
    if path.is_file():
        if path.suffix == ".mcap":
            return [path]
        raise DataError(
            path, "not an MCAP file", "Name a bag's folder, or one of its files NAME.mcap."
        )
    for folder in (path, path / INSIDE_A_RUN):
        found = [file for file in storage_files(folder) if file.suffix == ".mcap"]
        if found:
            return found
    raise DataError(
        path,
        "no bag of MCAP files there" if path.is_dir() else "there is no such bag",
        "Name the folder of a bag, of a run that recorded one, or one file NAME.mcap.",
    )


def _scan(file: Path) -> Scan:
    try:
        with file.open("rb") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                raise DataError(
                    file, "it is being recorded", "Stop its recorder, then recover what is left."
                ) from None
            return scan(file)
    except OSError as error:
        raise DataError(
            file, f"cannot be read ({error.strerror})", "Check the file's rights and its disk."
        ) from None


def _write_drafts(broken: dict[Path, Scan]) -> dict[Path, Scan]:
    """Write files anew, as drafts beside them: all of them, or none."""
    try:
        return {file: mend(file, found, _draft(file)) for file, found in broken.items()}
    except OSError as error:
        for file in broken:
            with suppress(OSError):
                _draft(file).unlink()
        raise DataError(
            next(iter(broken)).parent,
            f"what is recovered cannot be written ({error.strerror}); nothing has been changed",
            "Make as much space as the bag takes, or copy it to another disk and recover it there.",
        ) from None


def _set_aside(file: Path, has_draft: bool) -> Path:
    """Put the draft of `file`, if it has one, into its place; return where the original is."""
    aside = file.with_name(file.name + ".broken")
    number = 2
    while aside.exists():
        aside = file.with_name(f"{file.name}.broken-{number}")
        number += 1
    if not has_draft:
        os.rename(file, aside)
        return aside
    try:
        os.link(file, aside)
    except OSError:  # some disks know no links
        os.rename(file, aside)
    os.replace(_draft(file), file)
    return aside


def _draft(file: Path) -> Path:
    return file.with_name(f".{file.name}.{os.getpid()}")


def _describe(scans: dict[Path, Scan]) -> tuple[list[BagTopic], list[BagFile]]:
    topics: dict[str, BagTopic] = {}
    files = []
    for file, found in scans.items():
        counts = message_counts(found.parts)
        first, last = span_of(found.parts) or (None, None)
        files.append(BagFile(file.name, counts.total(), first, last))
        for number, channel in found.channels.items():
            before = topics[channel.topic].count if channel.topic in topics else 0
            schema = found.schemas.get(channel.schema_id)
            topics[channel.topic] = BagTopic(
                name=channel.topic,
                kind=schema.name if schema else "",
                digest=channel.metadata.get("topic_type_hash", ""),
                qos=qos_of(channel.metadata.get("offered_qos_profiles", "")),
                count=before + counts[number],
            )
    return list(topics.values()), files


def _renew_metadata(folder: Path, files: list[BagFile], topics: list[BagTopic]) -> None:
    """Write metadata.yaml if it does not tell what the files hold; keep what others put there."""
    before = _information(folder)
    names = [file.name for file in files]
    count = sum(file.count for file in files)
    if before.get("relative_file_paths") == names and before.get("message_count") == count:
        return
    custom = before.get("custom_data")
    try:
        write_metadata(folder, files, topics, custom if isinstance(custom, dict) else None)
    except OSError as error:
        raise DataError(
            folder / METADATA,
            f"cannot be written ({error.strerror}); the bag's files are whole",
            "Make space, and recover the bag again.",
        ) from None


def _information(folder: Path) -> dict[str, Any]:
    """What metadata.yaml says; empty where it is missing or damaged."""
    try:
        text = (folder / METADATA).read_text(encoding="utf-8")
        return dict(yaml.safe_load(text)["rosbag2_bagfile_information"])
    except (OSError, UnicodeError, yaml.YAMLError, KeyError, TypeError, ValueError):
        return {}
