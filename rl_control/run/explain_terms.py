"""Which cost term drives a command: the plan from one state, made again without each of them.

Each term's weight is set to zero in turn, and the plan from the same state to the same goal is made
until it changes no more. What the first command then lacks is what the term asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import numpy as np

from rl_control.control.moving_goal import MovingGoal
from rl_control.control.plan import Plan
from rl_control.run.assemble import reweighed
from rl_control.run.counterfactual import aimed_at
from rl_control.run.counterfactual_controller import (
    Deciders,
    deciders,
    limits_of,
    planner_config,
)
from rl_control.run.counterfactual_inputs import Change
from rl_control.run.explain_story import Story, effective
from rl_control.tasks.follow import follow_config
from rl_control.tasks.reach_config import ReachConfig, ReachWeights
from rl_control.types import Array, Goal, JointState

_ROUNDS = 40  # plans from one state, each going on from the one before
_SETTLED = 1e-6  # share of the effort limits that the first command changes no more by


@dataclass(frozen=True)
class Drivers:
    """What drives the command in one state.

    Attributes:
        plan: from it, with all terms.
        command: its first effort, [n] in [N m] or [N].
        gravity: efforts that hold the arm there, [n].
        shares: each term's part of the plan's cost.
        pulls: by term, what the command lacks without it, [n]: with it less without.
    """

    plan: Plan
    command: Array
    gravity: Array
    shares: Mapping[str, float]
    pulls: Mapping[str, Array]


def goal_at(story: Story, k: int) -> Goal | None:
    """Return what was aimed at in state `k`; None if no goal was recorded by then."""
    newest: Change | None = None
    for first, changes in sorted(story.inputs.changes.items()):
        if first <= k:
            newest = next((c for c in reversed(changes) if c.goal is not None), newest)
    if newest is None or newest.goal is None:
        return None
    return aimed_at(newest.goal, newest.path, story.arm)


def drivers_at(story: Story, k: int) -> Drivers:
    """Return what drives the command in state `k`; compiles and makes plans.

    Raises:
        DataError, ModelError: if the recorded model cannot be loaded.
    """
    config = effective(story, k)
    made = deciders(story.arm, replace(config, policy=""))
    state, goal = story.inputs.state(k), goal_at(story, k)
    made.mpc.set_goal(goal)
    plan = _settled(made, made.config.task, state)
    command, shares = plan.controls[0].copy(), made.mpc.cost_by_term()
    pulls = {
        term: command - _settled(made, without(config.task, term), state).controls[0]
        for term in _terms(config.task, goal)
    }
    return Drivers(plan, command, made.model.gravity_torque(state.position), shares, pulls)


def without(task: ReachConfig, term: str) -> ReachConfig:
    """Return a task in which one cost term counts nothing."""
    weight = getattr(task.weights, term)
    nothing = tuple(0.0 for _ in weight) if isinstance(weight, tuple) else 0.0
    follow = replace(task.follow, **{term: 0.0}) if hasattr(task.follow, term) else task.follow
    return replace(task, weights=task.weights.replaced({term: nothing}), follow=follow)


def _terms(task: ReachConfig, goal: Goal | None) -> list[str]:
    """The terms that count at all on the way to a goal."""
    weights = (follow_config(task) if isinstance(goal, MovingGoal) else task).weights
    names = [field.name for field in fields(ReachWeights)]
    return [name for name in names if np.any(np.asarray(getattr(weights, name)))]


def _settled(made: Deciders, task: ReachConfig, state: JointState) -> Plan:
    """The plan from a state, when it changes no more."""
    _, limits = limits_of(made.arm, made.config)
    made.mpc.reset()
    reweighed(made.mpc, task, limits, planner_config(made.config))()
    plan = made.mpc.plan(state, state.stamp)
    for _ in range(_ROUNDS):
        before, plan = plan, made.mpc.plan(state, state.stamp)
        change = np.abs(plan.controls[0] - before.controls[0]) / limits.effort
        if change.max() < _SETTLED:
            break
    return plan
