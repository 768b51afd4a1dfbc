"""Where a teacher is asked: along motions of the arm, and along those that a policy would make."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rl_control.gps.task_model import TaskModel
from rl_control.interfaces import DynamicsModel
from rl_control.policy.partial import Impaired
from rl_control.policy.training import Policy
from rl_control.tasks.base import ArmTask
from rl_control.types import Array, Condition, Goal

_FAR = 1e3  # [rad], [rad/s], [m] or [m/s]: nothing lies beyond


@dataclass(frozen=True)
class Way:
    """States that follow one another.

    Attributes:
        goals: what is wanted in each, [M].
        states: x = (q, v), [M, 2n].
        dt: time from each to the next in [s].
    """

    goals: tuple[Goal, ...]
    states: Array
    dt: float


def visited(
    task: ArmTask, conditions: Sequence[Condition], states: Array, beyond: float
) -> list[Way]:
    """Return the ways of motions in steps of the task.

    Args:
        task: whose motions they are.
        conditions: in which they were made, [N].
        states: [N, T, 2n].
        beyond: speed at which a way ends, as a share of the greatest that control may use: what
            lies behind is not a state that a policy should ever come to.
    """
    ways = []
    for condition, x in zip(conditions, states, strict=True):
        length = _sound(task, x, beyond)
        goals = [task.goal(condition, t * task.dt) for t in range(length)]
        if length:
            ways.append(Way(tuple(goals), x[:length], task.dt))
    return ways


def rehearsed(
    model: TaskModel,
    dynamics: DynamicsModel,
    policy: Policy,
    conditions: Sequence[Condition],
    eyes: Sequence[Impaired] = (),
) -> Array:
    """Return where a policy leads by the equations of motion, in steps of the task, [N, T, 2n].

    Args:
        model: of the task.
        dynamics: of the arm; its step divides that of the policy, and the task's.
        policy: acts by its mean.
        conditions: [N].
        eyes: what is wrong with the measurements, [N]; none for nothing.
    """
    task, facts = model.task, policy.facts
    limit = task.robot.limits.effort
    each, tick = (max(1, round(dt / dynamics.dt)) for dt in (task.dt, facts.dt))
    x = np.array([np.concatenate([one.q, one.v]) for one in conditions])
    outputs = model.outputs(facts.base, facts.dt)
    memory, states = policy.start(len(x)), np.empty((task.steps, *x.shape))
    with np.errstate(all="ignore"):
        for k in range(each * task.steps):
            if k % each == 0:
                states[k // each] = x
            if k % tick == 0:
                seen = model.look(
                    facts.layout, [task.goal(one, k * dynamics.dt) for one in conditions], x
                )
                if eyes:
                    seen = np.stack([eye.see(o) for eye, o in zip(eyes, seen, strict=True)])
                output, memory = policy.step(seen, memory)
            efforts = outputs.efforts(x, output)
            x = dynamics.step(x, np.clip(efforts, -limit, limit))
            # A policy that flies off must not take the others' numbers with it.
            x = np.clip(np.nan_to_num(x), -_FAR, _FAR)
    return states.swapaxes(0, 1)


def _sound(task: ArmTask, states: Array, beyond: float) -> int:
    """How many of the first states are not faster than allowed."""
    fast = np.abs(states[:, task.robot.n :] / task.robot.limits.velocity).max(axis=1) > beyond
    return int(np.argmax(fast)) if fast.any() else len(states)
