"""Rollouts by several processes of this machine; the same whatever their number.

Each worker makes its runner once and then answers one episode at a time over a pipe. An episode
carries the seed of all that is random in it, and results are put in the order of the episodes.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any, Protocol

from rl_control.errors import RlControlError, WorkerError
from rl_control.gps.episode import Episode
from rl_control.run.episodes import EpisodeRunner, EpisodeSpec
from rl_control.types import Trajectory

MOST = 8  # workers unless more are asked for
_GRACE = 5.0  # [s] for a worker to end by itself

Make = Callable[[], Callable[[Episode], Trajectory]]
"""Makes what makes a rollout; it is called in the worker and must be picklable."""


class Rollouts(Protocol):
    """Whoever makes rollouts: this process, workers, or a cluster. A `Collect`."""

    def __call__(self, episodes: Sequence[Episode]) -> list[Trajectory]:
        """Make the rollouts; the first error of one ends all."""
        ...

    def close(self) -> None:
        """End what runs; calling it twice is harmless."""
        ...


class MakeRunner:
    """Makes the runner of a spec, wherever it is called."""

    def __init__(self, spec: EpisodeSpec) -> None:
        self._spec = spec

    def __call__(self) -> Callable[[Episode], Trajectory]:
        """Return what makes a rollout."""
        return EpisodeRunner(self._spec).run


def default_workers() -> int:
    """Return how many workers this machine has room for."""
    return min(len(os.sched_getaffinity(0)), MOST)


class Workers:
    """`Rollouts` by worker processes.

    Args:
        make: makes what makes a rollout, once in each worker.
        count: number of workers, at least one.
    """

    def __init__(self, make: Make, count: int) -> None:
        self._make = make
        # A forked child would share the parent's threads' locks and its simulation.
        self._context = multiprocessing.get_context("spawn")
        self._workers = [_Worker(self._context, make) for _ in range(count)]

    def __call__(self, episodes: Sequence[Episode]) -> list[Trajectory]:
        """Make the rollouts, in the order of the episodes.

        Raises:
            WorkerError: if a worker dies on an episode, and the next one on the same.
            RlControlError: what a rollout raised.
        """
        results: list[Trajectory | None] = [None] * len(episodes)
        waiting = list(range(len(episodes)))[::-1]
        died: set[int] = set()
        try:
            while waiting or any(worker.busy for worker in self._workers):
                self._hand_out(waiting, episodes)
                for index, answer in self._answers():
                    if isinstance(answer, _Death):
                        if index in died:
                            raise WorkerError(str(answer))
                        died.add(index)
                        waiting.append(index)
                    elif isinstance(answer, BaseException):
                        raise answer
                    else:
                        results[index] = answer
        except BaseException:
            self._restart()  # no answer of an old question may come back to a new one
            raise
        return [result for result in results if result is not None]

    def close(self) -> None:
        """End the workers."""
        for worker in self._workers:
            worker.end()
        self._workers = []

    def _hand_out(self, waiting: list[int], episodes: Sequence[Episode]) -> None:
        for worker in self._workers:
            if waiting and not worker.busy:
                index = waiting.pop()
                worker.ask(index, episodes[index])

    def _answers(self) -> list[tuple[int, Any]]:
        """Wait for at least one worker; replace those that have died."""
        busy = {worker.pipe: k for k, worker in enumerate(self._workers) if worker.busy}
        answers = []
        for pipe in wait(list(busy)):
            k = busy[pipe]  # type: ignore[index]
            worker = self._workers[k]
            index = worker.index
            assert index is not None
            answer = worker.answer()
            if isinstance(answer, _Death):
                self._workers[k] = _Worker(self._context, self._make)
            answers.append((index, answer))
        return answers

    def _restart(self) -> None:
        count = len(self._workers)
        self.close()
        self._workers = [_Worker(self._context, self._make) for _ in range(count)]


class _Death(Exception):
    """A worker is no more."""


class _Worker:
    """One process and the pipe to it."""

    def __init__(self, context: Any, make: Make) -> None:
        self.pipe, far = context.Pipe()
        self._process: BaseProcess = context.Process(
            target=_serve, args=(far, make), name="rl_control worker", daemon=True
        )
        self._process.start()
        far.close()
        self.index: int | None = None  # of the episode it works on

    @property
    def busy(self) -> bool:
        return self.index is not None

    def ask(self, index: int, episode: Episode) -> None:
        self.index = index
        with suppress(OSError):  # it has died: its answer will say so
            self.pipe.send(episode)

    def answer(self) -> Any:
        """What it says; `_Death` if it died instead."""
        self.index = None
        try:
            return self.pipe.recv()
        except (EOFError, OSError):
            self._process.join(_GRACE)
            return _Death(f"exit code {self._process.exitcode}")

    def end(self) -> None:
        self.pipe.close()  # a worker that waits sees this and leaves
        if self.busy:
            self._process.terminate()
        self._process.join(_GRACE)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def _serve(pipe: Connection, make: Make) -> None:
    """Answer episodes until the pipe closes: at the end, or because the parent has died."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us
    run: Callable[[Episode], Trajectory] | None = None
    while True:
        try:
            episode = pipe.recv()
        except (EOFError, OSError):
            return
        answer: Any
        try:
            run = run or make()
            answer = run(episode)
        except RlControlError as error:
            answer = error
        try:
            pipe.send(answer)
        except OSError:
            return


def rollouts_of(spec: EpisodeSpec, workers: int) -> Rollouts:
    """Return what makes rollouts: this process for 0 workers, else that many."""
    return EpisodeRunner(spec) if workers == 0 else Workers(MakeRunner(spec), workers)
