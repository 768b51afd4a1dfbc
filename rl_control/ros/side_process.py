"""A process for work that must not hold up this one's threads: one question, one answer.

Python runs one thread at a time: what takes tens of milliseconds on a thread of a node holds up
its commands. The process comes last on a crowded processor, computes on one thread, and ends with
the process that started it, however that ends.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from rl_control.errors import ModelError, RlControlError
from rl_control.ros.priority import give_way
from rl_control.ros.worker import LatestWorker

Work = Callable[[Any], Any]

_ONE_THREAD = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class SideProcess:
    """Answers questions one at a time; it is started by the first, and again if it has died.

    Questions, answers and `arguments` are pickled.

    Args:
        name: of the process, named in errors.
        make: called there once with `arguments`; returns what answers a question. Must be a
            function or class of a module.
        arguments: as `make` takes them.
    """

    def __init__(self, name: str, make: Callable[..., Work], *arguments: Any) -> None:
        self.busy = False
        self._name, self._make, self._arguments = name, make, arguments
        self._process: multiprocessing.process.BaseProcess | None = None
        self._connection: Connection | None = None
        self._closed = False
        self._starting = threading.Lock()
        # A process that comes last may be slow to read and write: a thread waits for it.
        self._worker: LatestWorker[Any, _Answer] = LatestWorker(self._exchange, name)

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process is not None and self._process.is_alive()

    def ask(self, question: Any) -> None:
        """Send a question; only while not `busy`, and `take` makes it so again."""
        assert not self.busy, "the last question was not answered yet"
        self.busy = True
        self._worker.submit(question)

    def take(self, timeout: float = 0.0) -> Any | None:
        """Return the answer, or None if it is not there within `timeout` [s].

        Raises:
            RlControlError: what answering raised.
            ModelError: if the process has died or failed.
        """
        try:
            answer = self._worker.take(timeout)
        except Exception:
            self.busy = False
            raise
        if answer is None:
            return None
        self.busy = False
        return answer.value

    def close(self) -> None:
        """End the process; calling it twice is harmless."""
        with self._starting:
            self._closed = True
        # Its end wakes the thread that waits for an answer; only then may the connection go.
        self._end()
        if self._worker.close() and self._connection is not None:
            self._connection.close()

    def _exchange(self, question: Any) -> _Answer:
        with self._starting:
            if not (self.alive or self._closed):
                self._start()
        try:
            if self._connection is None:
                raise EOFError  # closed before it was started
            self._connection.send(question)
            answer = self._connection.recv()
        except (EOFError, OSError) as error:
            self._end()  # it may be dying still
            raise ModelError(
                f"process '{self._name}'",
                "it has died",
                "It is started again; if it dies again, see its last words in the node's output.",
            ) from error
        if isinstance(answer, Exception):
            raise answer
        return _Answer(answer)

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.join(1.0)

    def _start(self) -> None:
        if self._connection is not None:
            self._connection.close()
        context = multiprocessing.get_context("spawn")
        self._connection, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(theirs, self._make, self._arguments), name=self._name, daemon=True
        )
        # Libraries read these when they are loaded, which is before any line of ours runs there.
        before = {name: os.environ.get(name) for name in _ONE_THREAD}
        os.environ.update(dict.fromkeys(_ONE_THREAD, "1"))
        try:
            self._process.start()
        finally:
            for name, value in before.items():
                os.environ.pop(name) if value is None else os.environ.update({name: value})
        theirs.close()


class _Answer:
    """Tells an answer that is None from no answer."""

    def __init__(self, value: Any) -> None:
        self.value = value


def _serve(connection: Connection, make: Callable[..., Work], arguments: tuple[Any, ...]) -> None:
    """Answer until the other end is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides when to end
    give_way()
    work: Work | None = None
    while True:
        try:
            question = connection.recv()
        except (EOFError, OSError):
            return
        answer: Any
        try:
            work = work or make(*arguments)
            answer = work(question)
        except RlControlError as error:
            answer = error
        except Exception as error:  # whatever it was, the one who asked must hear of it
            traceback.print_exc()
            answer = ModelError(
                "work in a process of its own", f"it failed: {error!r}", "See the node's output."
            )
        try:
            connection.send(answer)
        except OSError:
            return
