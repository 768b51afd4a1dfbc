"""A way to train, a task and rollouts that need no arm: what is kept is what was drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.random import Generator

from rl_control.data.checkpoint import load_checkpoint, save_checkpoint
from rl_control.gps.episode import Collect, Episode
from rl_control.gps.task_model import TaskModel
from rl_control.policy.mlp import MlpPolicy, Normaliser
from rl_control.policy.observation import ObservationLayout
from rl_control.policy.policy import PolicyFacts, Seen
from rl_control.run.train_settings import TrainConfig, TrainSettings
from rl_control.types import Array, Condition, Goal, Trajectory

NAMES = ("a", "b")
DT, STEPS = 0.01, 4
SETTINGS = TrainSettings(robot="planar2", seed=5, train=TrainConfig(trials=3))


def condition(rng: Generator) -> Condition:
    return Condition(rng.normal(size=2), np.zeros(2), Goal(rng.normal(size=3), rng.normal(size=2)))


class FakeTask:
    """Judged by where the first joint is in the end."""

    name, dt, steps = "reach", DT, STEPS
    robot = SimpleNamespace(names=NAMES, n=2)

    def draw(self, rng: Generator) -> Condition:
        return condition(rng)

    def error(self, where: Condition, trajectory: Trajectory) -> float:
        return float(abs(trajectory.states[-1, 0]))

    def succeeded(self, where: Condition, trajectory: Trajectory) -> bool:
        return self.error(where, trajectory) < 1.0

    def tips(self, trajectory: Trajectory) -> Array:
        return np.pad(trajectory.positions, ((0, 0), (0, 1)))


class FakeModel(TaskModel):
    """All of a task's model that needs no arm."""

    def __init__(self) -> None:
        self.task = FakeTask()

    def expand(self, where: Condition, states: Array, controls: Array) -> tuple[None, Array]:
        return None, (states**2).sum(axis=(1, 2)) + (controls**2).sum(axis=(1, 2))


def collect(episodes: Sequence[Episode]) -> list[Trajectory]:
    """Rollouts that are noise of the episode's seed around what the policy has learned."""
    return [_rollout(episode) for episode in episodes]


def _rollout(episode: Episode) -> Trajectory:
    rng = np.random.default_rng(episode.seed or 0)
    steps = 2 * STEPS
    learned = 0.0 if episode.actor is None else float(episode.actor.biases[0][0])
    states = learned + rng.normal(size=(steps + 1, 4)) + episode.condition.q[0]
    extra = {"reason": np.array([""] * steps), "act_ms": np.ones(steps)}
    times = 0.5 * DT * np.arange(steps + 1)
    return Trajectory(NAMES, times, states, rng.normal(size=(steps, 2)), extra=extra)


@dataclass(frozen=True)
class FakeState:
    total: Array  # [2]
    iteration: int = 0


@dataclass(frozen=True)
class FakeMetrics:
    iteration: int
    seconds: float
    cost: float
    success: float
    gain: float  # NaN at first


class FakeTrainer:
    """Adds up what rollouts and its own draws give, so that a state tells of all before it."""

    model: Any = FakeModel()

    def __init__(self, rest_after: int = 1000) -> None:
        self._rest_after = rest_after
        self._known = [condition(np.random.default_rng(1))]

    def start(self, rng: Generator) -> FakeState:
        return FakeState(rng.normal(size=2))

    def iterate(
        self, state: FakeState, collect: Collect, rng: Generator
    ) -> tuple[FakeState, FakeMetrics]:
        seeds = rng.integers(2**31, size=2)
        motion = collect([Episode(self._known[0], None, int(seed)) for seed in seeds])
        total = state.total + 1e-3 * motion[1].states[-1, :2] + 1e-3 * rng.normal(size=2)
        gain = float("nan") if state.iteration == 0 else float(total[1])
        seconds = 0.08 * (state.iteration + 1)
        told = FakeMetrics(state.iteration, seconds, float(total[0]), 0.5, gain)
        return FakeState(total, state.iteration + 1), told

    def policy(self, state: FakeState) -> MlpPolicy | None:
        return policy(state.total) if state.iteration else None

    def conditions(self, state: FakeState) -> Sequence[Condition]:
        return self._known

    def controller(self, condition: Condition) -> None:
        return None

    def finished(self, state: FakeState) -> bool:
        return state.iteration >= self._rest_after

    def save(self, folder: Path, state: FakeState) -> None:
        document = {"iteration": state.iteration}
        save_checkpoint(folder / "state", "fake", document, {"total": state.total})

    def load(self, folder: Path) -> FakeState:
        document, arrays = load_checkpoint(folder / "state", "fake")
        return FakeState(arrays["total"], document["iteration"])


def policy(bias: Array) -> MlpPolicy:
    layout = ObservationLayout(NAMES, ("position", "velocity"))
    facts = PolicyFacts("reach", layout, DT, "none", np.eye(2), Seen(np.zeros(4), np.eye(4), 1.0))
    unit = Normaliser(np.zeros(4), np.ones(4))
    return MlpPolicy(facts, unit, (np.zeros((2, 4)),), (bias,), np.ones(2))
