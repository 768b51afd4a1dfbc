"""Where a training's episodes are made."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from rl_control.run.crew import Rollouts
from rl_control.run.episodes import EpisodeSpec
from rl_control.run.train_settings import TrainSettings
from rl_control.run.workers import QuietRunner, rollouts_of
from rl_control.tasks.base import ArmTask

EPISODES = "episodes"  # folder in a run's: what an arm that is not simulated here did, one by one


class Place(Protocol):
    """An arm, simulated or not, and the task as it is there."""

    @property
    def task(self) -> ArmTask:
        """The task, of the arm as control knows it."""
        ...

    def rollouts(self, folder: Path) -> Rollouts:
        """Return what makes rollouts for the run in a folder."""
        ...

    def close(self) -> None:
        """Leave the arm safe and release what is held; calling it twice is harmless."""
        ...


MakePlace = Callable[[TrainSettings], Place]


class Simulation:
    """A `Place` on this machine, or on a cluster of such.

    Args:
        spec: what the episodes are about.
        workers: see `rollouts_of`.

    Raises:
        RlControlError: if robot or task cannot be used.
        MissingDependencyError: if Ray is asked for and not installed.
    """

    def __init__(self, spec: EpisodeSpec, workers: int | str) -> None:
        self._runner = QuietRunner(spec)
        self._rollouts = self._runner if workers == 0 else rollouts_of(spec, workers)

    @property
    def task(self) -> ArmTask:
        """The task, of the arm as control knows it."""
        return self._runner.task

    def rollouts(self, folder: Path) -> Rollouts:
        """Return what makes rollouts, the same for every folder."""
        return self._rollouts

    def close(self) -> None:
        """End the workers."""
        self._rollouts.close()
        self._runner.close()
