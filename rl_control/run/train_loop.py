"""The loop that every method of policy training runs in: iterate, try, keep, tell."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import asdict
from typing import Any

import numpy as np

from rl_control.gps.episode import Collect, Episode
from rl_control.gps.trainer import Trainer
from rl_control.run.metrics_log import MetricsLog
from rl_control.run.train_run import ITERATE, START, TRIAL, TrainRun
from rl_control.run.trials import no_figures, stopped, tried
from rl_control.types import Condition, Trajectory

Tell = Callable[[TrainRun], None]
Status = Callable[[str], AbstractContextManager[Any]]


def train(
    run: TrainRun,
    trainer: Trainer,
    collect: Collect,
    iterations: int,
    tell: Tell = lambda run: None,
    status: Status = nullcontext,
) -> tuple[TrainRun, Any]:
    """Take a run to a number of iterations in all, or to where there is nothing to gain.

    Args:
        run: a new one, or one to go on with.
        trainer: the method.
        collect: makes rollouts.
        iterations: of the whole run.
        tell: is given the run after each iteration, which is then kept on disk.
        status: makes a context around what takes long, of a few words about it.

    Returns:
        The run, and the trainer's state.

    Raises:
        RlControlError: if an iteration cannot be made; what was kept before stays.
    """
    state = trainer.load(run.checkpoint) if run.rows else trainer.start(run.rng(START))
    run = run.wanting(iterations)
    conditions = {
        "trained": trainer.conditions(state)[: run.settings.train.trials],
        "trial": trial_conditions(run, trainer),
    }
    log = MetricsLog(run.folder, "iteration")
    try:
        for row in run.rows:
            log(row)
        while run.iterations < iterations and not trainer.finished(state):
            number = run.iterations + 1
            began = time.monotonic()
            motion = _Motion(collect)
            with status(f"iteration {number} of {iterations}"):
                rng = run.rng(ITERATE, run.iterations)
                state, metrics = trainer.iterate(state, motion, rng)
                policy = trainer.policy(state)
                assert policy is not None  # there is one after every iteration
                row = asdict(metrics)
                row["stopped"] = float(np.mean([stopped(one) for one in motion.made]))
                for name, tasks in conditions.items():
                    if tasks and number % run.settings.train.every == 0:
                        row |= tried(trainer.model, policy, tasks, collect).figures(name)
                    else:
                        row |= no_figures(name)
                wall = time.monotonic() - began
                run = run.after(row, motion.made, policy, _saver(trainer, state), wall)
            log(row)
            tell(run)
    finally:
        log.close()
    return run, state


def trial_conditions(run: TrainRun, trainer: Trainer) -> list[Condition]:
    """Return the situations that a run tries its policies in, always the same."""
    count = run.settings.train.trials
    return [trainer.model.task.draw(run.rng(TRIAL, k)) for k in range(count)]


class _Motion:
    """A `Collect` that remembers what was made."""

    def __init__(self, collect: Collect) -> None:
        self._collect = collect
        self.made: list[Trajectory] = []

    def __call__(self, episodes: Sequence[Episode]) -> list[Trajectory]:
        made = self._collect(episodes)
        self.made += made
        return made


def _saver(trainer: Trainer, state: Any) -> Callable[[Any], None]:
    return lambda folder: trainer.save(folder, state)
