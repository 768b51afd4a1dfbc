"""Messages read before they are needed, on a thread of its own and within a bound of memory."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rosbags.interfaces import Connection

Entry = tuple["Connection", int, bytes]

_MOST_BYTES = 32_000_000
_PAUSE = 0.002  # [s] between two looks whether there is room again


class ReadAhead:
    """The messages of an iterator, of which some are always ready.

    Unpacking a chunk of a bag takes many milliseconds; who publishes on time cannot wait for it.

    Args:
        messages: as `Bag.messages` yields them.
        most_bytes: of messages held ready.
    """

    def __init__(self, messages: Iterator[Entry], most_bytes: int = _MOST_BYTES) -> None:
        self._messages, self._most = messages, most_bytes
        self._ready: deque[Entry] = deque()
        # Each is written by one thread only, so that taking needs no lock.
        self._bytes_read = self._bytes_taken = 0
        self._error: Exception | None = None
        self._ended = self._closed = False
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._read, name="read ahead", daemon=True)
        self._thread.start()

    def first(self) -> Entry | None:
        """The next message, which stays; None after the last one.

        Raises:
            DataError: what reading raised.
        """
        if not self._ready:
            with self._changed:
                self._changed.wait_for(lambda: self._ready or self._ended)
            if not self._ready:
                if self._error is not None:
                    raise self._error
                return None
        return self._ready[0]

    def take(self) -> Entry:
        """Remove and return the next message; `first` has shown that there is one."""
        entry = self._ready.popleft()
        self._bytes_taken += len(entry[2])
        return entry

    def close(self) -> None:
        """End the thread."""
        self._closed = True
        self._thread.join()

    def _read(self) -> None:
        try:
            for entry in self._messages:
                while self._bytes_read - self._bytes_taken >= self._most and not self._closed:
                    time.sleep(_PAUSE)
                if self._closed:
                    return
                self._bytes_read += len(entry[2])
                was_empty = not self._ready
                self._ready.append(entry)
                if was_empty:
                    with self._changed:
                        self._changed.notify_all()
        except Exception as error:  # raised again in the thread that takes
            self._error = error
        finally:
            with self._changed:
                self._ended = True
                self._changed.notify_all()
