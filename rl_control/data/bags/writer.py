"""Writes a bag: an rosbag2 folder of MCAP files, of which a kill costs the last half second."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from errno import EIO
from pathlib import Path
from types import TracebackType

from rl_control.data.bags.file import RawFile, create
from rl_control.data.bags.folder import BagFolder, LittleSpace
from rl_control.data.bags.layout import DEFAULT, Qos
from rl_control.data.bags.types import definition_of
from rl_control.errors import DataError

RESERVE = 64 * 1024 * 1024
"""Free space at which a bag is ended, in bytes."""

_HURRY = 4 * 1024 * 1024  # bytes that make the disk's thread get up early
_MOST_WAITING = 64 * 1024 * 1024  # bytes in memory at which whoever adds has to wait


class BagWriter:
    """A bag while it is written.

    Messages are gathered in memory. A thread hands them to the operating system, a whole chunk at
    a time, at least every `flush_time`: whoever writes does not wait for the disk. metadata.yaml
    is there from the first moment on, and is exact at every split and at the end.

    When the disk is full, or the folder is taken away, the bag is ended: what was handed over
    before stays, with its index where that still fits, and every later `write`, and `close`,
    raises the same DataError, which says how much is kept.

    Args:
        folder: of the bag; it must not exist.
        split_bytes: size at which a file is ended and the next begun; 0 for one file.
        flush_time: longest time that a message is in memory only, in [s].
        reserve_bytes: free space on the disk at which the bag is ended.
        open_file: creates a file for writing.

    Raises:
        DataError: if the folder exists, cannot be written to, or has less than the reserve free.
    """

    def __init__(
        self,
        folder: str | Path,
        *,
        split_bytes: int = 0,
        flush_time: float = 0.5,
        reserve_bytes: int = RESERVE,
        open_file: Callable[[Path], RawFile] = create,
    ) -> None:
        self.folder = Path(folder)
        self._split_bytes = split_bytes
        self._flush_time = flush_time
        self._failure: DataError | None = None
        self._closed = False
        try:
            self._bag = BagFolder(self.folder, reserve_bytes, open_file)
        except FileExistsError:
            raise DataError(
                folder, "there is something of that name", "Name a folder that does not exist."
            ) from None
        except OSError as error:
            with suppress(OSError):
                self.folder.rmdir()
            raise DataError(
                folder,
                f"no bag can be made there ({error.strerror})",
                "Name a folder that may be written to, on a disk with space left.",
            ) from None
        self._disk = threading.Lock()  # taken before the bag's own where both are
        self._wake = threading.Event()
        self._drained = threading.Condition(self._bag.lock)
        self._thread = threading.Thread(target=self._run, name="bag writer", daemon=True)
        self._thread.start()

    @property
    def size(self) -> int:
        """Number of bytes on the disk."""
        return self._bag.size

    @property
    def counts(self) -> dict[str, int]:
        """Number of messages by topic."""
        return self._bag.counts

    @property
    def failure(self) -> DataError | None:
        """Why the bag has been ended early; None if it has not."""
        return self._failure

    def topic(
        self,
        name: str,
        kind: str,
        qos: Qos | tuple[Qos, ...] = DEFAULT,
        definition: tuple[str, str] | None = None,
    ) -> None:
        """Make a topic known, before its first message; one that is known already stays as it is.

        Args:
            name: of the topic.
            kind: type of its messages, such as "sensor_msgs/msg/JointState".
            qos: what its publishers offer.
            definition: of the type, with its hash; looked up if not given.

        Raises:
            ConfigError: if no definition of the type can be found.
            DataError: if the bag has been ended.
        """
        text, digest = definition or definition_of(kind)
        with self._bag.lock:
            self._require_open()
            offered = (qos,) if isinstance(qos, Qos) else tuple(qos)
            self._bag.register(name, kind, text, digest, offered)

    def write(self, topic: str, cdr: bytes, received: int, published: int | None = None) -> None:
        """Add a message.

        Args:
            topic: one that has been made known.
            cdr: the message as ROS sends it.
            received: when it was received, in [ns], not negative.
            published: when it was published, in [ns]; as received if not known.

        Raises:
            DataError: if the topic is not known, or the bag has been ended.
        """
        bag = self._bag
        with bag.lock:
            self._require_open()
            if bag.closed:
                return  # it is being ended, and the next write will tell why
            if received < 0:
                raise DataError(
                    self.folder,
                    f"a message on {topic} was received at {received} ns",
                    "Stamp messages on a clock that is not negative.",
                )
            try:
                bag.add(topic, cdr, received, received if published is None else published)
            except KeyError:
                raise DataError(
                    self.folder,
                    f"there is no topic {topic} in it; known: {', '.join(bag.topics) or 'none'}",
                    "Make a topic known before its messages.",
                ) from None
            if bag.waiting > _HURRY:
                self._wake.set()
                self._drained.wait_for(lambda: bag.closed or bag.waiting < _MOST_WAITING)

    def flush(self) -> None:
        """Hand all that has been written to the operating system.

        Raises:
            DataError: if the bag has been ended.
        """
        with self._disk:
            self._require_open()
            self._guarded(self._bag.put)
        self._require_open()

    def split(self) -> None:
        """End the present file and begin the next.

        Raises:
            DataError: if the bag has been ended.
        """
        with self._disk:
            self._require_open()
            self._guarded(self._bag.split)
        self._require_open()

    def close(self) -> None:
        """End the bag; calling it twice is harmless.

        Raises:
            DataError: if not all of it could be written.
        """
        if not self._closed:
            self._closed = True
            self._wake.set()
            self._thread.join()
            with self._disk:
                if self._failure is None:
                    self._guarded(self._bag.end)
        if self._failure is not None:
            raise self._failure

    def __enter__(self) -> BagWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _run(self) -> None:
        while not self._closed and self._failure is None:
            self._wake.wait(self._flush_time)
            self._wake.clear()
            with self._disk:
                if not self._closed and self._failure is None:
                    self._guarded(self._bag.put)
                if self._failure is None and 0 < self._split_bytes <= self._bag.file_size:
                    self._guarded(self._bag.split)

    def _guarded(self, action: Callable[[], None]) -> None:
        """Do something with the disk; if that fails, end the bag."""
        try:
            action()
        except LittleSpace as error:
            try:
                self._bag.end()
            except OSError as worse:
                self._fail(worse, self._bag.rescue())
            else:
                self._fail(error, whole=True)
        except OSError as error:
            self._fail(error, self._bag.rescue())
        # Else the thread would end in silence, and whoever writes would wait for it.
        except Exception as error:
            self._fail(OSError(EIO, f"{type(error).__name__}: {error}"), self._bag.rescue())
        with self._bag.lock:
            self._drained.notify_all()

    def _fail(self, error: OSError, whole: bool) -> None:
        count = self._bag.kept
        state = "and can be read" if whole else "but their index is missing"
        self._failure = DataError(
            self.folder,
            f"the recording has ended ({error.strerror}); {count:,} message{'s' * (count != 1)}, "
            f"{self.size / 1e6:.1f} MB, are kept {state}",
            "Make space, or record to another disk."
            if whole
            else f"Make space, then run `rl_control bag recover {self.folder}`.",
        )

    def _require_open(self) -> None:
        if self._failure is not None:
            raise self._failure
        if self._closed:
            raise DataError(self.folder, "the bag is closed", "Open another one.")
