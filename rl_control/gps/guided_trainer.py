"""Guided policy search by a planner, as the loop that runs trainings wants it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from numpy.random import Generator

from rl_control.gps.episode import Collect
from rl_control.gps.guided import (
    Guide,
    GuidedMetrics,
    GuidedState,
    guided_iteration,
    start_guided,
)
from rl_control.gps.guided_store import load_guided, save_guided
from rl_control.gps.task_model import TaskModel
from rl_control.policy.training import Policy
from rl_control.types import Condition


class GuidedTrainer:
    """A `Trainer` for `gps/guided.py`.

    Args:
        guide: what is known of task and arm, and the settings.
    """

    def __init__(self, guide: Guide) -> None:
        self._guide = guide

    @property
    def model(self) -> TaskModel:
        """The task in numbers."""
        return self._guide.model

    def start(self, rng: Generator) -> GuidedState:
        """Return the state before the first iteration."""
        return start_guided(self._guide)

    def iterate(
        self, state: GuidedState, collect: Collect, rng: Generator
    ) -> tuple[GuidedState, GuidedMetrics]:
        """See `guided_iteration`."""
        return guided_iteration(state, self._guide, collect, rng)

    def policy(self, state: GuidedState) -> Policy | None:
        """Return the policy taught last."""
        return state.policy

    def conditions(self, state: GuidedState) -> Sequence[Condition]:
        """Return none: every iteration has new ones."""
        return ()

    def controller(self, condition: Condition) -> None:
        """Return none: the policy is compared with the planner that teaches it."""

    def finished(self, state: GuidedState) -> bool:
        """Say whether all iterations are made."""
        return state.iteration >= self._guide.config.iterations

    def save(self, folder: Path, state: GuidedState) -> None:
        """See `save_guided`."""
        save_guided(folder, state)

    def load(self, folder: Path) -> GuidedState:
        """See `load_guided`."""
        return load_guided(folder)
