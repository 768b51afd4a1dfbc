"""The files of a bag that is being written: one after another, described by metadata.yaml."""

from __future__ import annotations

import shutil
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from errno import ENOENT, ENOSPC
from pathlib import Path

from rl_control.data.bags.file import McapFile, RawFile
from rl_control.data.bags.layout import BagTopic, Qos, write_metadata


class LittleSpace(OSError):
    """The reserve of free space is touched: there is still room to end the bag."""


@dataclass
class _Topic:
    name: str
    kind: str
    definition: str
    digest: str
    qos: tuple[Qos, ...]
    channel: int  # the same in every file
    count: int = 0


class BagFolder:
    """A bag's folder and its open file.

    `register` and `add` work in memory; the other methods work on the disk, may raise OSError, and
    are called by one thread at a time.

    Args:
        folder: of the bag; it must not exist.
        reserve: free space in bytes below which `put` refuses.
        open_file: creates a file for writing.

    Raises:
        OSError: if the folder or its first file cannot be made.
    """

    def __init__(self, folder: Path, reserve: int, open_file: Callable[[Path], RawFile]) -> None:
        self.lock = threading.Lock()
        """Guards what is in memory; whoever registers or adds holds it."""
        self.closed = False
        """Whether nothing is taken any more."""
        self._folder, self._reserve, self._open_file = folder, reserve, open_file
        self._topics: dict[str, _Topic] = {}
        self._ended: list[McapFile] = []
        self._begun = 0  # files
        folder.mkdir(parents=True)
        self._require_space()
        self._file = self._next_file()
        self._write_metadata()

    @property
    def topics(self) -> list[str]:
        """Names of all topics."""
        return list(self._topics)

    @property
    def counts(self) -> dict[str, int]:
        """Number of messages by topic."""
        return {topic.name: topic.count for topic in list(self._topics.values())}

    @property
    def size(self) -> int:
        """Number of bytes on the disk."""
        return sum(file.size for file in [*self._ended, self._file])

    @property
    def file_size(self) -> int:
        """Number of bytes of the open file on the disk."""
        return self._file.size

    @property
    def waiting(self) -> int:
        """Number of bytes of whole chunks that wait for the disk."""
        return self._file.waiting

    @property
    def kept(self) -> int:
        """Number of messages in the files."""
        return sum(file.describe().count for file in [*self._ended, self._file])

    def register(
        self, name: str, kind: str, definition: str, digest: str, qos: tuple[Qos, ...]
    ) -> None:
        """Make a topic known, if it is not."""
        if name not in self._topics:
            channel = self._file.register(name, kind, definition, digest, qos)
            self._topics[name] = _Topic(name, kind, definition, digest, qos, channel)

    def add(self, topic: str, cdr: bytes, received: int, published: int) -> None:
        """Add a message of a known topic; times in [ns]."""
        there = self._topics[topic]
        there.count += 1
        self._file.add(there.channel, there.count, cdr, received, published)

    def put(self) -> None:
        """Hand all that has been added to the operating system.

        Raises:
            LittleSpace: if less than the reserve is free.
            OSError: if it cannot be written, or the file has been removed.
        """
        with self.lock:
            whole = self._file.take()
        self._file.put(whole)
        if self._file.removed:
            raise FileNotFoundError(ENOENT, "its file has been removed")
        self._require_space()

    def split(self) -> None:
        """End the open file and begin the next."""
        following = self._next_file()
        with self.lock:
            ended, self._file = self._file, following
            self._ended.append(ended)
            whole = ended.take_last(self._describe_topics())
            for topic in self._topics.values():
                following.register(
                    topic.name, topic.kind, topic.definition, topic.digest, topic.qos
                )
        try:
            ended.put(whole)
        except OSError:
            ended.rescue()
            raise
        finally:
            ended.close()
        self._write_metadata()

    def end(self) -> None:
        """End the open file and with it the bag."""
        with self.lock:
            self.closed = True
            whole = self._file.take_last(self._describe_topics())
        self._file.put(whole)
        self._file.close()
        if self._ended and not self._file.describe().count:
            # Nothing has come since the last split.
            self._file.path.unlink()
            self._file = self._ended.pop()
        self._write_metadata()

    def rescue(self) -> bool:
        """End a bag that cannot be written on with what is on the disk.

        Returns:
            Whether it is whole, with an index and metadata that are right.
        """
        with self.lock:
            self.closed = True
        indexed = self._file.rescue()
        self._file.close()
        try:
            self._write_metadata()
        except OSError:
            return False
        return indexed

    def _next_file(self) -> McapFile:
        """Begin a file; there is none if that fails."""
        path = self._folder / f"{self._folder.name}_{self._begun}.mcap"
        file = McapFile(path, self._open_file(path))
        try:
            file.put(file.take())
        except OSError:
            file.close()
            with suppress(OSError):
                path.unlink()
            raise
        self._begun += 1
        return file

    def _write_metadata(self) -> None:
        with self.lock:
            files = [file.describe() for file in [*self._ended, self._file]]
            topics = self._describe_topics()
        write_metadata(self._folder, files, topics)

    def _describe_topics(self) -> list[BagTopic]:
        counts: Counter[int] = Counter()
        for file in [*self._ended, self._file]:
            counts.update(file.counts)
        return [
            BagTopic(topic.name, topic.kind, topic.digest, topic.qos, counts[topic.channel])
            for topic in self._topics.values()
        ]

    def _require_space(self) -> None:
        free = shutil.disk_usage(self._folder).free
        if free < self._reserve:
            raise LittleSpace(
                ENOSPC,
                f"{free / 1e6:.0f} MB are free on its disk, and {self._reserve / 1e6:.0f} MB "
                "are left for others",
            )
