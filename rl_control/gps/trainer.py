"""What a method of policy training looks like to the loop that runs it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from numpy.random import Generator

from rl_control.gps.episode import Collect
from rl_control.gps.first import first_of
from rl_control.gps.mdgps import is_converged, mdgps_iteration, start_mdgps
from rl_control.gps.settings import MdgpsConfig
from rl_control.gps.state import MdgpsState, Metrics
from rl_control.gps.store import load_state, save_state
from rl_control.gps.task_model import TaskModel
from rl_control.policy.linear_gaussian import LinearGaussianController
from rl_control.policy.training import Policy
from rl_control.types import Condition


class Trainer(Protocol):
    """A method: from one state to the next. A state is never changed, and is all it knows."""

    @property
    def model(self) -> TaskModel:
        """The task in numbers."""
        ...

    def start(self, rng: Generator) -> Any:
        """Return the state before the first iteration."""
        ...

    def iterate(self, state: Any, collect: Collect, rng: Generator) -> tuple[Any, Any]:
        """Return the state after one more iteration, and its figures.

        The figures are a dataclass of numbers, always of the same names, among them "iteration"
        from 0, "seconds" of motion so far, "cost" and "success" of the rollouts.

        Raises:
            RlControlError: if the iteration cannot be made; the state is as it was.
        """
        ...

    def policy(self, state: Any) -> Policy | None:
        """Return the policy; None if there is none yet."""
        ...

    def conditions(self, state: Any) -> Sequence[Condition]:
        """Return the situations that are trained on, if they stay the same; else none."""
        ...

    def controller(self, condition: Condition) -> LinearGaussianController | None:
        """Return what a policy is compared with in a situation; None for the planner."""
        ...

    def finished(self, state: Any) -> bool:
        """Say whether there is nothing to gain by going on."""
        ...

    def save(self, folder: Path, state: Any) -> None:
        """Write a state into a folder, in the place of one before."""
        ...

    def load(self, folder: Path) -> Any:
        """Return the state in a folder, to the last bit.

        Raises:
            DataError: if there is none, or it is damaged.
        """
        ...


class MdgpsTrainer:
    """Guided policy search by mirror descent, see `gps/mdgps.py`.

    Args:
        model: of the task.
        count: number of situations to train on.
        config: see there.
    """

    def __init__(self, model: TaskModel, count: int, config: MdgpsConfig) -> None:
        self.model = model
        self._count, self._config = count, config

    def start(self, rng: Generator) -> MdgpsState:
        """Return first controllers for situations of the task."""
        conditions = self.model.task.training(rng, self._count)
        return start_mdgps(self.model, conditions, self._config)

    def iterate(
        self, state: MdgpsState, collect: Collect, rng: Generator
    ) -> tuple[MdgpsState, Metrics]:
        """See `mdgps_iteration`."""
        return mdgps_iteration(state, self.model, collect, self._config, rng)

    def policy(self, state: MdgpsState) -> Policy | None:
        """Return the policy taught last."""
        return state.policy

    def conditions(self, state: MdgpsState) -> Sequence[Condition]:
        """Return the situations that are trained on."""
        return state.conditions

    def controller(self, condition: Condition) -> LinearGaussianController | None:
        """Return the plan for the task's own cost, if a search begins with such plans."""
        planned = self._config.initial.kind == "plan"
        return first_of(self.model, condition, self._config) if planned else None

    def finished(self, state: MdgpsState) -> bool:
        """Say whether there is nothing to gain by going on."""
        return is_converged(state, self._config)

    def save(self, folder: Path, state: MdgpsState) -> None:
        """See `save_state`."""
        save_state(folder, state)

    def load(self, folder: Path) -> MdgpsState:
        """See `load_state`."""
        return load_state(folder)
