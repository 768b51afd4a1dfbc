"""Two series of commands on the same states: how far apart they are, and when."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from rl_control.data.bags.cdr_rows import NO_STAMP
from rl_control.data.runs.log import RunLog
from rl_control.run.counterfactual import Counterfactual
from rl_control.run.counterfactual_controller import limits_of
from rl_control.run.counterfactual_pairing import places_of
from rl_control.run.counterfactual_settings import recorded_config
from rl_control.types import Array

AT_LIMIT = 1.0 - 1e-6  # share of an effort limit that counts as the limit


@dataclass(frozen=True)
class Comparison:
    """What a counterfactual controller does differently.

    Attributes:
        names: joints, [n].
        limits: the arm's greatest efforts, [n] in [N m] or [N].
        states: number of states.
        compared: of these, those whose command was recorded.
        same: of these, those with the same command to the bit.
        first: time at which the first command differs in [s] from the first state; NaN if none.
        rms: root mean square of the difference, [n] in [N m] or [N].
        greatest: greatest difference, [n] in [N m] or [N].
        greatest_at: when that is in [s] from the first state, [n].
        recorded_at_limit: share of recorded commands at the planner's effort limit, [n].
        at_limit: the same of the counterfactual ones and their planner's limit.
        cost: mean cost of the counterfactual plans: over the states where both costs are known,
            or over all if none was told; NaN if there was no plan.
        recorded_cost: mean cost that was told of the recorded plans, over the same states; NaN if
            none was.
        reasons: how often a command is not just the planner's, by reason.
        lock_step: whether the run can be repeated to the bit.
        missing: states that were not recorded.
        whole: whether the controller's first goal was recorded, and so its beginning.
    """

    names: tuple[str, ...]
    limits: Array
    states: int
    compared: int
    same: int
    first: float
    rms: Array
    greatest: Array
    greatest_at: Array
    recorded_at_limit: Array
    at_limit: Array
    cost: float
    recorded_cost: float
    reasons: Mapping[str, int]
    lock_step: bool
    missing: int
    whole: bool

    @property
    def identical(self) -> bool:
        """Whether all commands are the same to the bit."""
        return self.same == self.compared


def compared(found: Counterfactual, log: RunLog) -> Comparison:
    """Return how the commands of a counterfactual controller differ from those recorded.

    Args:
        found: the commands.
        log: of the run.
    """
    inputs, made = found.inputs, found.deciders
    _, bound = limits_of(made.arm, made.config)
    _, recorded_bound = limits_of(made.arm, recorded_config(log, 0, {}))
    known = np.flatnonzero(np.isfinite(inputs.commands).all(axis=1))
    times = inputs.times - inputs.times[0]
    recorded, own = inputs.commands[known], found.commands[known]
    difference = np.abs(own - recorded)
    differs = (difference != 0.0).any(axis=1)
    worst = difference.argmax(axis=0)
    cost, recorded_cost = _mean_costs(found, log)
    return Comparison(
        names=inputs.names,
        limits=made.arm.robot.limits.effort,
        states=len(inputs),
        compared=len(known),
        same=int((~differs).sum()),
        first=float(times[known[differs.argmax()]]) if differs.any() else float("nan"),
        rms=np.sqrt((difference**2).mean(axis=0)),
        greatest=difference.max(axis=0),
        greatest_at=times[known[worst]],
        recorded_at_limit=(np.abs(recorded) >= AT_LIMIT * recorded_bound.effort).mean(axis=0),
        at_limit=(np.abs(own) >= AT_LIMIT * bound.effort).mean(axis=0),
        cost=cost,
        recorded_cost=recorded_cost,
        reasons=dict(Counter(found.reasons.values())),
        lock_step=made.config.lock_step,
        missing=inputs.missing,
        whole=any(goal.stamp == NO_STAMP for goal in log.goals),
    )


def _mean_costs(found: Counterfactual, log: RunLog) -> tuple[float, float]:
    """Mean costs of the counterfactual plans and of the recorded ones, over the same states."""
    stamps, told = found.inputs.stamps, log.decisions.stamps()
    recorded = np.full(len(stamps), np.nan)
    # Times of receipt only tell apart what has one stamp.
    places = places_of(stamps, stamps, told, told)
    recorded[places[places >= 0]] = log.decisions.numbers("cost")[places >= 0]
    own = np.isfinite(found.costs)
    both = own & np.isfinite(recorded)
    if both.any():
        return float(found.costs[both].mean()), float(recorded[both].mean())
    return float(found.costs[own].mean()) if own.any() else math.nan, math.nan
