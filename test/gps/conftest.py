"""Problems and a plant that the tests of guided policy search share."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for small_problems.py

from small_problems import SmallTask, random_controller, random_cost, random_dynamics

from rl_control.gps.task_model import TaskModel
from rl_control.models.rigid import RigidModel
from rl_control.policy.linear_gaussian import LinearGaussianController
from rl_control.types import Trajectory


@pytest.fixture
def problem():
    """`problem(seed)`: a cost, dynamics and a policy that have nothing to do with one another."""

    def make(seed=0, steps=6, n=2):
        rng = np.random.default_rng(seed)
        return (
            random_cost(rng, steps, n),
            random_dynamics(rng, steps, n),
            random_controller(rng, steps, n),
        )

    return make


@pytest.fixture(scope="session")
def small():
    """A `TaskModel` of reaching with planar2."""
    return TaskModel(SmallTask())


@pytest.fixture(scope="session")
def collect(small):
    """Makes the rollouts of episodes on the arm's own equations, every 5 ms."""
    task, period = small.task, 0.005
    plant = RigidModel(task.robot, dt=period)
    ticks = round(task.dt / period)

    def one(episode):
        actor, rng = episode.actor, np.random.default_rng(episode.seed)
        x, noise = np.concatenate([episode.condition.q, episode.condition.v]), None
        states, controls = [x], []
        for tick in range(ticks * task.steps):
            t = tick // ticks
            if isinstance(actor, LinearGaussianController):
                mean, covariance = actor.mean(x[None], t)[0], actor.covariance[t]
            else:
                output = small.actions(actor, episode.condition, x[None, None])[0, 0]
                facts = actor.facts
                mean = small.outputs(facts.base, facts.dt).efforts(x, output)
                covariance = actor.facts.covariance
            if tick % ticks == 0:
                noise = np.linalg.cholesky(covariance) @ rng.standard_normal(len(mean))
            u = mean + (0.0 if episode.seed is None else noise)
            if isinstance(actor, LinearGaussianController):
                u = small.outputs(actor.base, period).efforts(x, u)
            x = plant.step(x[None], u[None])[0]
            states.append(x)
            controls.append(u)
        times = period * np.arange(len(states))
        return Trajectory(task.robot.names, times, np.array(states), np.array(controls))

    return lambda episodes: [one(episode) for episode in episodes]
