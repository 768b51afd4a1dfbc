"""Trials of a task without a policy: arms that go straight to what is wanted."""

from __future__ import annotations

import numpy as np

from rl_control.run.trials import Trials
from rl_control.tasks.base import ArmTask
from rl_control.types import Trajectory


def trials_of(task: ArmTask, count: int, share: float = 1.0) -> Trials:
    """Arms that go a share of the way to what is wanted; every other trial is a success."""
    rng = np.random.default_rng(0)
    conditions = [task.draw(rng) for _ in range(count)]
    steps = round(task.duration / 0.05)
    way = share * np.linspace(0.0, 1.0, steps + 1)[:, None]
    runs = []
    for one in conditions:
        q = (1 - way) * one.q + way * one.goal.posture
        states = np.hstack([q, np.zeros_like(q)])
        controls = np.zeros((steps, task.robot.n))
        runs.append(Trajectory(task.robot.names, 0.05 * np.arange(steps + 1), states, controls))
    good = np.arange(count) % 2 == 0
    return Trials(tuple(conditions), tuple(runs), np.full(count, 0.0123), good, np.ones(count))
