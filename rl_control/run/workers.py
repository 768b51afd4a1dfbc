"""Rollouts by several processes of this machine, each of which answers over a pipe."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from rl_control.errors import ConfigError, RlControlError
from rl_control.gps.episode import Episode
from rl_control.run.crew import Crew, Death, Make, Rollouts, Run, answered
from rl_control.run.episodes import EpisodeRunner, EpisodeSpec
from rl_control.run.ray_workers import RayWorkers
from rl_control.types import Trajectory

MOST = 8  # workers unless more are asked for
RAY = "ray"  # what is asked for instead of a number
_GRACE = 5.0  # [s] for a worker to end by itself
# One thread each: the workers share the cores.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class MakeRunner:
    """Makes the runner of a spec, wherever it is called."""

    def __init__(self, spec: EpisodeSpec) -> None:
        self._spec = spec

    def __call__(self) -> Run:
        """Return what makes a rollout."""
        return QuietRunner(self._spec).run


class QuietRunner(EpisodeRunner):
    """Makes rollouts in this process, without a line for each that is stopped.

    The rollout itself tells why it was, and an arm that learns is stopped often.
    """

    def run(self, episode: Episode) -> Trajectory:
        """Make one rollout; see `EpisodeRunner.run`."""
        log = logging.getLogger("rl_control.safety")
        before = log.level
        log.setLevel(logging.ERROR)
        try:
            return super().run(episode)
        finally:
            log.setLevel(before)


def default_workers() -> int:
    """Return how many workers this machine has room for."""
    return min(len(os.sched_getaffinity(0)), MOST)


def parse_workers(text: str | None) -> int | str:
    """Return what `--workers` asks for: a number of processes, or "ray".

    Raises:
        ConfigError: if it is neither.
    """
    if text is None:
        return default_workers()
    if text == RAY:
        return RAY
    if text.isdecimal():
        return int(text)
    raise ConfigError(
        "command line", "--workers", f"found '{text}'", f"Give 0, 1, 2, ... or '{RAY}'."
    )


def rollouts_of(spec: EpisodeSpec, workers: int | str) -> Rollouts:
    """Return what makes rollouts: this process for 0 workers, that many, or a Ray cluster.

    Raises:
        RlControlError: if robot or task cannot be used.
        MissingDependencyError: if Ray is asked for and not installed.
    """
    if workers == RAY:
        return RayWorkers(MakeRunner(spec))
    return Workers(MakeRunner(spec), int(workers)) if workers else QuietRunner(spec)


class Workers(Crew):
    """`Rollouts` by worker processes.

    They end when this process does, however it ends.

    Args:
        make: makes what makes a rollout, once in each worker.
        count: number of workers, at least one.
    """

    def __init__(self, make: Make, count: int) -> None:
        self._make = make
        # A forked child would share the parent's threads' locks and its simulation.
        self._context = multiprocessing.get_context("spawn")
        super().__init__(count)

    def hire(self) -> _Process:
        """Start a process and return it."""
        return _Process(self._context, self._make)

    def ready(self, busy: Sequence[_Process]) -> list[_Process]:
        """Wait until at least one has an answer or has died; return those."""
        pipes = {worker.pipe: worker for worker in busy}
        return [pipes[pipe] for pipe in wait(list(pipes))]  # type: ignore[index]


class _Process:
    """One process and the pipe to it."""

    def __init__(self, context: Any, make: Make) -> None:
        self.pipe, far = context.Pipe()
        self._process: BaseProcess = context.Process(
            target=_serve, args=(far, make), name="rl_control worker", daemon=True
        )
        with _one_thread():
            self._process.start()
        far.close()
        self._busy = False

    @property
    def pid(self) -> int:
        """Number of the process."""
        return int(self._process.pid or 0)

    def ask(self, episode: Episode) -> None:
        self._busy = True
        with suppress(OSError):  # it has died: its answer will say so
            self.pipe.send(episode)

    def answer(self) -> Trajectory | RlControlError | Death:
        self._busy = False
        try:
            answer: Trajectory | RlControlError = self.pipe.recv()
        except (EOFError, OSError):
            self._process.join(_GRACE)
            return Death(f"exit code {self._process.exitcode}")
        return answer

    def end(self) -> None:
        self.pipe.close()  # a worker that waits sees this and leaves
        if self._busy:
            self._process.terminate()
        self._process.join(_GRACE)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


@contextmanager
def _one_thread() -> Iterator[None]:
    """Let a process that is started meanwhile compute with one thread, unless told otherwise."""
    added = [name for name in _THREADS if name not in os.environ]
    os.environ.update(dict.fromkeys(added, "1"))
    try:
        yield
    finally:
        for name in added:
            del os.environ[name]


def _serve(pipe: Connection, make: Make) -> None:
    """Answer episodes until the pipe closes: at the end, or because the parent has died."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which ends us
    run: Run | None = None

    def made(episode: Episode) -> Trajectory:
        nonlocal run
        run = run or make()
        return run(episode)

    while True:
        try:
            pipe.send(answered(made, pipe.recv()))
        except (EOFError, OSError):
            return
