"""Rollouts that need no arm, for tests of the processes that make them."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from rl_control.errors import ConditionError
from rl_control.gps.episode import Episode
from rl_control.types import Condition, Goal, Trajectory


def episode(seed: int) -> Episode:
    return Episode(Condition(np.zeros(2), np.zeros(2), Goal(np.zeros(3), np.zeros(2))), None, seed)


def told(seed: int) -> Trajectory:
    """A rollout that is all noise of its seed."""
    rng = np.random.default_rng(seed)
    return Trajectory(("a", "b"), np.arange(6.0), rng.normal(size=(6, 4)), rng.normal(size=(5, 2)))


class Plain:
    """Answers with `told`, slowly at times so that answers come out of order."""

    def __call__(self) -> Callable[[Episode], Trajectory]:
        def run(asked: Episode) -> Trajectory:
            assert asked.seed is not None
            time.sleep(0.05 if asked.seed % 3 == 0 else 0.0)
            return told(asked.seed)

        return run


class Dying:
    """Dies on one seed: the first time only, or always."""

    def __init__(self, mark: Path, seed: int, always: bool) -> None:
        self._mark, self._seed, self._always = mark, seed, always

    def __call__(self) -> Callable[[Episode], Trajectory]:
        def run(asked: Episode) -> Trajectory:
            assert asked.seed is not None
            if asked.seed == self._seed and (self._always or not self._mark.exists()):
                self._mark.touch()
                os.kill(os.getpid(), signal.SIGKILL)
            return told(asked.seed)

        return run


class Refusing:
    """Refuses every start."""

    def __call__(self) -> Callable[[Episode], Trajectory]:
        def run(asked: Episode) -> Trajectory:
            raise ConditionError("reach", "it is in collision", "Draw another.")

        return run
