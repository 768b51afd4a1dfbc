"""A thread that always works on the newest item: the slot for the next one holds only one."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class LatestWorker(Generic[Item, Result]):
    """Runs a function on the newest item given, off the caller's thread.

    An item that arrives while another waits replaces it; the same holds for results.
    """

    def __init__(self, work: Callable[[Item], Result], name: str = "worker") -> None:
        """Start the thread.

        Args:
            work: computes a result; what it raises is raised again by `take`.
            name: of the thread.
        """
        self._work = work
        self._changed = threading.Condition()
        self._items: list[Item] = []
        self._results: list[Result | BaseException] = []
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def submit(self, item: Item) -> None:
        """Give `item` to the thread, in place of one that still waits."""
        with self._changed:
            self._items = [item]
            self._changed.notify_all()

    def take(self, timeout: float = 0.0) -> Result | None:
        """Return the newest result not yet taken, or None; raise what the work raised.

        Args:
            timeout: how long to wait for a result in [s].
        """
        with self._changed:
            if timeout > 0.0:
                self._changed.wait_for(lambda: bool(self._results), timeout)
            results, self._results = self._results, []
        if not results:
            return None
        if isinstance(results[0], BaseException):
            raise results[0]
        return results[0]

    def close(self, timeout: float = 0.2) -> bool:
        """End the thread; say whether it ended within `timeout` [s]."""
        with self._changed:
            self._closed, self._items = True, []
            self._changed.notify_all()
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: bool(self._items) or self._closed)
                if self._closed:
                    return
                item = self._items.pop()
            result: Result | BaseException
            try:
                result = self._work(item)
            except Exception as error:  # handed over to the thread that takes the result
                result = error
            with self._changed:
                if self._closed:
                    return
                self._results = [result]
                self._changed.notify_all()
