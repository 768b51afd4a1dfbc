"""A training run in its folder: everything that went in and came out, and where it stands.

    config.json                   what was asked for, by which code, on which machine
    state.json                    figures of all iterations; written last, it tells of nothing that
                                  is not there
    checkpoint-0003/              the state after the newest iteration
    policies/0003.safetensors     the policy after each iteration
    policy.safetensors            the newest of them
    rollouts/0003.safetensors     the motion of each iteration, as `rl_control fit` reads it
    metrics.csv, events.*         the figures again, for a spreadsheet and for TensorBoard

What a run does next follows from this alone: every random draw has a generator of its own, made of
the seed and of what it is for. So a run that was stopped, in whatever way, goes on as if it had not
been.
"""

from __future__ import annotations

import json
import math
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator

from rl_control.data.store import save_transitions
from rl_control.data.transitions import TransitionDataset
from rl_control.errors import ConfigError, DataError
from rl_control.policy.store import save_policy
from rl_control.policy.training import Policy
from rl_control.run.environment import machine, revision, versions
from rl_control.run.output import write_json
from rl_control.run.train_settings import TrainSettings, as_plain, differences, of_plain
from rl_control.types import Trajectory

CONFIG, STATE, RESULT = "config.json", "state.json", "result.json"
POLICY = "policy.safetensors"
SCHEMA = 1
# What a generator is for.
START, ITERATE, TRIAL, TEST = range(4)

Row = Mapping[str, float]


@dataclass(frozen=True)
class TrainRun:
    """Where a run stands.

    Attributes:
        folder: where it is kept.
        settings: what it is about.
        rows: figures of each iteration, by name.
        wall_s: time that the iterations have taken in [s].
        wanted: number of iterations that were asked for; what they are does not depend on it.
    """

    folder: Path
    settings: TrainSettings
    rows: tuple[Row, ...] = ()
    wall_s: float = 0.0
    wanted: int = 0

    @staticmethod
    def begin(folder: Path, settings: TrainSettings, wanted: int = 0) -> TrainRun:
        """A run without iterations so far, in a folder that exists."""
        about = {
            "schema": SCHEMA,
            "settings": as_plain(settings),
            "revision": revision(),
            "software": versions((*_LIBRARIES,)),
            "machine": machine(),
        }
        run = TrainRun(folder, settings, wanted=wanted)._saved()
        write_json(folder / CONFIG, about)  # from now on there is a run
        return run

    def wanting(self, wanted: int) -> TrainRun:
        """The run with another number of iterations asked for, kept on disk."""
        return self if wanted == self.wanted else replace(self, wanted=wanted)._saved()

    @property
    def iterations(self) -> int:
        """Number of iterations made."""
        return len(self.rows)

    @property
    def checkpoint(self) -> Path:
        """Folder of the state after the newest iteration."""
        return self.folder / f"checkpoint-{self.iterations:04d}"

    @property
    def policy(self) -> Path:
        """File of the policy after the newest iteration."""
        return self.folder / "policies" / f"{self.iterations:04d}.safetensors"

    @property
    def rollouts(self) -> Path:
        """File of the motion of the newest iteration."""
        return self.folder / "rollouts" / f"{self.iterations:04d}.safetensors"

    def rng(self, use: int, number: int = 0) -> Generator:
        """The generator for draw `number` of a kind."""
        return np.random.default_rng(np.random.SeedSequence([self.settings.seed, use, number]))

    def after(
        self,
        row: Row,
        motion: Sequence[Trajectory],
        policy: Policy,
        save: Callable[[Path], None],
        wall_s: float,
    ) -> TrainRun:
        """The run after one more iteration, kept on disk.

        Args:
            row: figures of the iteration.
            motion: its rollouts.
            policy: after it.
            save: writes the trainer's state into a folder.
            wall_s: time that it took in [s].

        Raises:
            DataError: if something cannot be kept; the folder still holds the run before.
        """
        run = replace(self, rows=(*self.rows, row), wall_s=self.wall_s + wall_s)
        for folder in (run.checkpoint, run.policy.parent, run.rollouts.parent):
            folder.mkdir(exist_ok=True)
        save_transitions(run.rollouts, _joined(motion, f"iteration {run.iterations}"))
        save_policy(run.policy, policy, run.about())
        save(run.checkpoint)
        run._saved()
        for old in self.folder.glob("checkpoint-*"):
            if old != run.checkpoint:
                shutil.rmtree(old)
        run.finished(policy)
        return run

    def about(self) -> dict[str, Any]:
        """What a policy's file says of the run it comes from."""
        return {"run": as_plain(self.settings), "iterations": self.iterations}

    def report(self, trials: Mapping[str, float]) -> dict[str, Any]:
        """Return what came out, with figures of the final policy's trials."""
        return {
            "settings": as_plain(self.settings),
            "iterations": self.iterations,
            "seconds": self.rows[-1]["seconds"] if self.rows else 0.0,
            "wall_s": self.wall_s,
            "last": dict(self.rows[-1]) if self.rows else {},
            **trials,
        }

    def finished(self, policy: Policy) -> Path:
        """Keep the newest policy under a name of its own; return its file."""
        path = self.folder / POLICY
        save_policy(path, policy, self.about())
        return path

    def _saved(self) -> TrainRun:
        state = {
            "schema": SCHEMA,
            "wanted": self.wanted,
            "wall_s": self.wall_s,
            "rows": self.rows,
        }
        write_json(self.folder / STATE, state)
        return self


_LIBRARIES = ("numpy", "scipy", "casadi", "llvmlite", "numba", "pybullet", "torch")


def resume(folder: Path) -> TrainRun:
    """Return the run in a folder.

    Raises:
        DataError: if there is none, or a file of it is damaged.
        RlControlError: if its settings are none of this version.
    """
    path = folder / CONFIG
    try:
        given = json.loads(path.read_text(encoding="utf-8"))["settings"]
        path = folder / STATE
        state = json.loads(path.read_text(encoding="utf-8"))
        rows = state["rows"]
        wall_s, wanted = float(state["wall_s"]), int(state["wanted"])
        numbers = [{name: _number(value) for name, value in row.items()} for row in rows]
    except (FileNotFoundError, NotADirectoryError):
        raise DataError(
            folder, f"no training run there (no {path.name})", "Name the folder of a run."
        ) from None
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(path, f"not of a training run ({error})", "Train anew.") from None
    settings = of_plain(given, str(folder / CONFIG))
    run = TrainRun(folder, settings, tuple(numbers), wall_s, wanted)
    if run.iterations and not run.checkpoint.is_dir():
        raise DataError(folder, f"it lacks {run.checkpoint.name}", "Restore it, or train anew.")
    return run


def check_same(run: TrainRun, asked: TrainSettings) -> None:
    """Refuse to go on with a run in another way than it began.

    Raises:
        ConfigError: naming every setting that differs.
    """
    found = differences(run.settings, asked)
    if found:
        raise ConfigError(
            str(run.folder),
            "--resume",
            f"the run has other settings than asked for now: {'; '.join(found)}",
            "Leave these flags away, or begin a new run.",
        )


def _number(value: float | None) -> float:
    """A figure as it was: JSON knows no NaN."""
    return math.nan if value is None else value


def _joined(motion: Sequence[Trajectory], source: str) -> TransitionDataset:
    parts = [
        TransitionDataset.of(one, float(one.times[1] - one.times[0]), f"{source}, rollout {k}")
        for k, one in enumerate(motion, 1)
    ]
    return reduce(TransitionDataset.join, parts)
