"""Where a teacher is asked: along motions, around them, and where no motion was made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from rl_control.gps.guided_settings import GuidedConfig
from rl_control.tasks.base import ArmTask
from rl_control.types import Array, Condition, Goal

_DECADES = 1.0  # that distances from states visited extend over
_STATES = 12  # of a situation that is only imagined
_NEAREST = 1e-3  # what is left of the way in the nearest of them


@dataclass(frozen=True)
class Questions:
    """What is to be done in some states.

    Attributes:
        goals: what is wanted in each, [M].
        states: x = (q, v), [M, 2n].
    """

    goals: tuple[Goal, ...]
    states: Array

    def and_also(self, others: Questions) -> Questions:
        """Return these and others."""
        return Questions(self.goals + others.goals, np.vstack([self.states, others.states]))


def visited(
    task: ArmTask,
    conditions: Sequence[Condition],
    states: Array,
    config: GuidedConfig,
    rng: Generator,
) -> Questions:
    """Return every `stride`-th state of motions, [N, T+1, 2n], and `nearby` states around each."""
    times = range(0, task.steps, config.stride)
    goals = [task.goal(condition, t * task.dt) for condition in conditions for t in times]
    at = states[:, : task.steps : config.stride].reshape(-1, states.shape[-1])
    n, top = task.robot.n, _speeds(task)
    spread = np.concatenate([np.full(n, config.spread), config.speed_spread * top])
    shape = (config.nearby, len(at), 1)
    far = spread * 10.0 ** rng.uniform(-_DECADES, 0.0, shape)
    around = at + far * rng.standard_normal((config.nearby, *at.shape))
    every = np.concatenate([at[None], around]).reshape(-1, 2 * n)
    return Questions(tuple(goals) * (1 + config.nearby), _allowed(task, every))


def imagined(task: ArmTask, config: GuidedConfig, rng: Generator) -> Questions:
    """Return states around the straight way of the joints, in situations drawn anew.

    Half of them are spread evenly over the logarithm of what is left of the way.
    """
    goals: list[Goal] = []
    parts = [np.zeros((0, 2 * task.robot.n))]
    for _ in range(config.imagined):
        condition = task.draw(rng)
        goal = task.goal(condition, 0.0)
        goals += [goal] * _STATES
        parts.append(_on_the_way(task, condition, goal.posture, config, rng))
    return Questions(tuple(goals), _allowed(task, np.vstack(parts)))


def _on_the_way(
    task: ArmTask, condition: Condition, posture: Array, config: GuidedConfig, rng: Generator
) -> Array:
    n, top = task.robot.n, _speeds(task)
    way = posture - condition.q
    even = rng.random((_STATES, 1))
    near = 10.0 ** rng.uniform(np.log10(_NEAREST), -0.5, (_STATES, 1))
    left = np.where(rng.random((_STATES, 1)) < 0.5, even, near)
    left[0] = 1.0
    size = np.maximum(left, 0.02)
    q = posture - left * way + config.spread * size * rng.standard_normal((_STATES, n))
    pace = rng.uniform(0.0, 3.0, (_STATES, 1))
    v = pace * size * way + config.speed_spread * top * size * rng.standard_normal((_STATES, n))
    q[0], v[0] = condition.q, condition.v
    return np.hstack([q, v])


def _allowed(task: ArmTask, states: Array) -> Array:
    """The states with positions within the limits, and speeds slowed to them."""
    limits, n = task.robot.limits, task.robot.n
    excess = np.abs(states[:, n:] / limits.velocity).max(axis=1, initial=1.0)
    q = np.clip(states[:, :n], limits.lower, limits.upper)
    return np.hstack([q, states[:, n:] / excess[:, None]])


def _speeds(task: ArmTask) -> Array:
    """The joints' greatest speeds, 1 where there is none."""
    top = task.robot.limits.velocity
    return np.where(np.isfinite(top), top, 1.0)
