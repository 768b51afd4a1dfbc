"""A learning run in its folder: all motion, every version of the model, and what was decided.

    transitions.safetensors   all motion so far
    model-0001.safetensors    every version that was believed
    state.json                what happened; written last: it tells of nothing that is not there

What a run does next follows from this alone: every random draw has a generator of its own, made of
the seed and the number of what it is for. So a run that was stopped, in whatever way, goes on as
if it had not been.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import Generator

from rl_control.data.store import load_transitions, save_transitions
from rl_control.data.transitions import TransitionDataset
from rl_control.errors import DataError
from rl_control.models.learned import LearnedModel
from rl_control.models.store import load_model, save_model
from rl_control.robot.model import RobotModel
from rl_control.run.output import write_json

DATA, STATE = "transitions.safetensors", "state.json"
SCHEMA = 1
CONTROL_PERIOD = 0.005  # [s] between two states
# What a generator is for.
EXCITE, FIT, TARGET = range(3)


@dataclass(frozen=True)
class Version:
    """One fit.

    Attributes:
        number: of the version, from 1.
        seconds: of motion it was fitted to.
        error: its typical position error where the planner looks, on motion held out, in [rad]
            or [m].
        believed: whether it was taken over.
        reason: why, or why not.
    """

    number: int
    seconds: float
    error: float
    believed: bool
    reason: str


@dataclass(frozen=True)
class Episode:
    """One run of planning on the model.

    Attributes:
        version: of the model.
        final_error_m: distance of the tip from its target at the end in [m].
    """

    version: int
    final_error_m: float


@dataclass(frozen=True)
class LearnRun:
    """Where a run stands.

    Attributes:
        folder: where it is kept.
        seed: of all random draws.
        settings: what it was started with, as plain values.
        data: all motion.
        versions: every fit.
        episodes: every episode.
        current: number of the version in use; 0 before the first.
    """

    folder: Path
    seed: int
    settings: Mapping[str, Any]
    data: TransitionDataset
    versions: tuple[Version, ...] = ()
    episodes: tuple[Episode, ...] = ()
    current: int = 0

    @staticmethod
    def begin(
        folder: str | Path, names: Sequence[str], seed: int = 0, settings: Mapping[str, Any] = {}
    ) -> LearnRun:
        """A run of an arm of joints `names`, without motion so far, in a folder that exists."""
        data = TransitionDataset.empty(names, CONTROL_PERIOD)
        return LearnRun(Path(folder), seed, settings, data)

    def rng(self, use: int, number: int) -> Generator:
        """The generator for draw `number` of a kind."""
        return np.random.default_rng([self.seed, use, number])

    def with_motion(self, more: TransitionDataset, episode: Episode | None = None) -> LearnRun:
        """The run after one more rollout, kept on disk."""
        episodes = self.episodes if episode is None else (*self.episodes, episode)
        run = replace(self, data=self.data.join(more), episodes=episodes)
        save_transitions(run.folder / DATA, run.data)
        return run.saved()

    def with_version(self, version: Version, model: LearnedModel) -> LearnRun:
        """The run after a fit; the model is kept if it was believed."""
        if version.believed:
            save_model(self.model_path(version.number), model, asdict(version))
        current = version.number if version.believed else self.current
        return replace(self, versions=(*self.versions, version), current=current).saved()

    def back_to(self, number: int, reason: str) -> LearnRun:
        """The run after version `current` was given up for an older one."""
        versions = tuple(
            replace(v, believed=False, reason=reason) if v.number == self.current else v
            for v in self.versions
        )
        return replace(self, versions=versions, current=number).saved()

    def model_path(self, number: int) -> Path:
        """The file of a version."""
        return self.folder / f"model-{number:04d}.safetensors"

    def model(self, robot: RobotModel) -> LearnedModel:
        """The version in use, as it is on disk."""
        return load_model(self.model_path(self.current), robot)[0]

    def saved(self) -> LearnRun:
        """Write `state.json`."""
        write_json(
            self.folder / STATE,
            {
                "schema": SCHEMA,
                "seed": self.seed,
                "settings": self.settings,
                "rollouts": len(self.data.sources),
                "versions": self.versions,
                "episodes": self.episodes,
                "current": self.current,
            },
        )
        return self


def resume(folder: Path) -> LearnRun:
    """Return the run in a folder.

    Raises:
        DataError: if there is none, or a file of it is missing or damaged.
    """
    path = folder / STATE
    try:
        state = json.loads(path.read_text(encoding="utf-8"))
        data = load_transitions(folder / DATA)
        # A rollout that was saved before its state was: it will be made again.
        data = replace(
            data.where(data.rollouts < state["rollouts"]),
            sources=data.sources[: state["rollouts"]],
        )
        return LearnRun(
            folder=folder,
            seed=state["seed"],
            settings=state["settings"],
            data=data,
            versions=tuple(Version(**version) for version in state["versions"]),
            episodes=tuple(Episode(**episode) for episode in state["episodes"]),
            current=state["current"],
        )
    except FileNotFoundError as error:
        raise DataError(
            folder, f"no learning run there ({error.filename})", "Name the folder of a run."
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(path, f"not the state of a learning run ({error})", "Start anew.") from None
