"""Several workers on a list of episodes: what is handed out, repeated, and put in order.

Who the workers are, processes of this machine or of a cluster, makes no difference here. An
episode carries the seed of all that is random in it, and results are put in the order of the
episodes: they are the same whatever the number of workers.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from rl_control.errors import RlControlError, WorkerError
from rl_control.gps.episode import Episode
from rl_control.types import Trajectory

Run = Callable[[Episode], Trajectory]
Make = Callable[[], Run]
"""Makes what makes a rollout; it is called in the worker and must be picklable."""


class Rollouts(Protocol):
    """Whoever makes rollouts: this process, workers, or a cluster. A `Collect`."""

    def __call__(self, episodes: Sequence[Episode]) -> list[Trajectory]:
        """Make the rollouts; the first error of one ends all."""
        ...

    def close(self) -> None:
        """End what runs; calling it twice is harmless."""
        ...


class Death(Exception):
    """A worker is no more."""


class Worker(Protocol):
    """Makes one rollout at a time, elsewhere."""

    def ask(self, episode: Episode) -> None:
        """Begin a rollout."""
        ...

    def answer(self) -> Trajectory | RlControlError | Death:
        """Wait for the rollout; return it, what it raised, or that the worker died."""
        ...

    def end(self) -> None:
        """End the worker, whatever it does."""
        ...


class Crew(ABC):
    """`Rollouts` by several workers. A worker that dies is replaced, and its episode repeated.

    Args:
        count: number of workers, at least one.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._workers: list[Any] = []  # they are started when there is work

    @abstractmethod
    def hire(self) -> Any:
        """Start a worker and return it."""

    @abstractmethod
    def ready(self, busy: Sequence[Any]) -> Sequence[Any]:
        """Wait until at least one of the workers has an answer; return those that have."""

    def __call__(self, episodes: Sequence[Episode]) -> list[Trajectory]:
        """Make the rollouts, in the order of the episodes.

        Raises:
            WorkerError: if a worker dies on an episode, and the next one on the same.
            RlControlError: what a rollout raised.
        """
        try:
            lacking = self._count - len(self._workers)
            self._workers += [self.hire() for _ in range(lacking)]
            return self._made(episodes)
        except BaseException:
            self._end()  # no answer of an old question may come back to a new one
            raise

    def close(self) -> None:
        """End the workers."""
        self._end()

    def _made(self, episodes: Sequence[Episode]) -> list[Trajectory]:
        results: dict[int, Trajectory] = {}
        waiting = list(range(len(episodes)))[::-1]
        idle: list[Worker] = list(self._workers)
        busy: dict[Worker, int] = {}
        died: set[int] = set()
        while len(results) < len(episodes):
            while waiting and idle:
                worker, index = idle.pop(), waiting.pop()
                worker.ask(episodes[index])
                busy[worker] = index
            for worker in self.ready(list(busy)):
                index, answer = busy.pop(worker), worker.answer()
                if isinstance(answer, Death):
                    if index in died:
                        raise WorkerError(str(answer))
                    died.add(index)
                    waiting.append(index)
                    worker = self._replaced(worker)
                elif isinstance(answer, RlControlError):
                    raise answer
                else:
                    results[index] = answer
                idle.append(worker)
        return [results[index] for index in range(len(episodes))]

    def _replaced(self, dead: Worker) -> Worker:
        hired: Worker = self.hire()
        self._workers[self._workers.index(dead)] = hired
        return hired

    def _end(self) -> None:
        workers, self._workers = self._workers, []
        for worker in workers:
            worker.end()


def answered(run: Run, episode: Episode) -> Trajectory | RlControlError:
    """Return a rollout, or the error of bad input that it raised: either travels as data."""
    try:
        return run(episode)
    except RlControlError as error:
        return error
