"""A policy tried alone, or the planner in its place, in situations it was not trained on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rl_control.gps.episode import Actor, Collect, Episode
from rl_control.gps.task_model import TaskModel
from rl_control.safety.reasons import Reason
from rl_control.types import Array, Condition, Trajectory


@dataclass(frozen=True)
class Trials:
    """M situations and how they went.

    Attributes:
        conditions: [M].
        trajectories: [M].
        errors: by the task, [M] in [m].
        succeeded: by the task, [M].
        costs: by the task, [M].
    """

    conditions: tuple[Condition, ...]
    trajectories: tuple[Trajectory, ...]
    errors: Array
    succeeded: NDArray[np.bool_]
    costs: Array

    def figures(self, prefix: str) -> dict[str, float]:
        """Return share of successes, mean cost and median error, by name."""
        values = (self.succeeded.mean(), self.costs.mean(), np.median(self.errors))
        return {f"{prefix}_{name}": float(v) for name, v in zip(_FIGURES, values, strict=True)}


_FIGURES = ("success", "cost", "error")


def no_figures(prefix: str) -> dict[str, float]:
    """Return the figures of trials that were not made: NaN each."""
    return {f"{prefix}_{name}": math.nan for name in _FIGURES}


def stopped(trajectory: Trajectory) -> bool:
    """Say whether the safety filter stopped the motion of a rollout."""
    reasons = list(trajectory.extra.get("reason", []))
    last = str(reasons[-1]) if reasons else ""  # it stays stopped to the end
    return last != "" and Reason(last).stops


def tried(
    model: TaskModel, actor: Actor | None, conditions: Sequence[Condition], collect: Collect
) -> Trials:
    """Let an actor do the task without noise, once in each situation; see `tried_by`."""
    return tried_by(model, [actor] * len(conditions), conditions, collect)


def tried_by(
    model: TaskModel,
    actors: Sequence[Actor | None],
    conditions: Sequence[Condition],
    collect: Collect,
) -> Trials:
    """Let an actor of each situation do the task without noise.

    Args:
        model: of the task.
        actors: policies or controllers; None for the planner.
        conditions: the situations, as many.
        collect: makes rollouts.

    Raises:
        RlControlError: if a rollout cannot be made, or has numbers that are not finite.
    """
    pairs_of = zip(conditions, actors, strict=True)
    trajectories = collect([Episode(condition, actor) for condition, actor in pairs_of])
    pairs = list(zip(conditions, trajectories, strict=True))
    task = model.task
    return Trials(
        conditions=tuple(conditions),
        trajectories=tuple(trajectories),
        errors=np.array([task.error(*pair) for pair in pairs]),
        succeeded=np.array([task.succeeded(*pair) for pair in pairs], dtype=bool),
        costs=np.array([model.cost(*pair) for pair in pairs]),
    )
