"""Dynamics of every condition, and the policy around them, each under a prior of all motions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from rl_control.gps.motions import Motions
from rl_control.gps.policy_fit import linearised_policy, states_about
from rl_control.gps.settings import MdgpsConfig
from rl_control.gps.state import MdgpsState
from rl_control.gps.task_model import TaskModel
from rl_control.models.linear_gaussian import (
    TimeVaryingLinearGaussian,
    fit_linear_gaussian,
    stacked,
)
from rl_control.models.mixture import GaussianMixture, fit_mixture
from rl_control.policy.linear_gaussian import LinearGaussianController
from rl_control.policy.policy import ACCELERATIONS, NeuralPolicy
from rl_control.types import Array


@dataclass(frozen=True)
class FittedDynamics:
    """Dynamics of each condition, [C], and the mixture that was their prior."""

    each: tuple[TimeVaryingLinearGaussian, ...]
    mixture: GaussianMixture


@dataclass(frozen=True)
class FittedPolicy:
    """The policy around each condition's motions, [C], and the mixture that was its prior."""

    each: tuple[LinearGaussianController, ...]
    mixture: GaussianMixture


def fit_dynamics(
    state: MdgpsState,
    model: TaskModel,
    motions: Motions,
    recent: Motions,
    config: MdgpsConfig,
    rng: Generator,
) -> FittedDynamics:
    """Fit the dynamics of each condition to its motions, [C, N, ...].

    The prior is a mixture over the recent motions of all conditions, [I, C, N, ...].
    """
    task = model.task
    expected = integrator(task.robot.n, task.dt, config.base)
    states = recent.states.reshape(-1, *recent.states.shape[3:])
    controls = recent.controls.reshape(-1, *recent.controls.shape[3:])
    points = stacked(states, controls, expected)
    points = points.reshape(-1, points.shape[-1])
    mixture = fit_mixture(points, rng, config.mixture, state.dynamics_mixture).mixture
    each = [
        fit_linear_gaussian(
            x, u, mixture, config.dynamics, names=task.robot.names, dt=task.dt, expected=expected
        )
        for x, u in zip(motions.states, motions.controls, strict=True)
    ]
    return FittedDynamics(tuple(each), mixture)


def integrator(n: int, dt: float, base: str) -> Array:
    """Return F of x' = F [x; u] before any rollout, [2n, 3n].

    Joints go on as they go or, where controls stand for accelerations, are accelerated so.
    """
    one, none = np.eye(n), np.zeros((n, n))
    share = one if base in ACCELERATIONS else none
    return np.block([[one, dt * one, 0.5 * dt**2 * share], [none, one, dt * share]])


def fit_policy_around(
    state: MdgpsState,
    policy: NeuralPolicy,
    model: TaskModel,
    motions: Motions,
    recent: Motions,
    config: MdgpsConfig,
    rng: Generator,
) -> FittedPolicy:
    """Fit a linear-Gaussian controller to the policy around each condition's motions, [C, N, ...].

    The prior is a mixture over what the policy does along the recent motions of all conditions,
    [I, C, N, ...]: the policy of now, which need not be what acted then.
    """
    task, points = model.task, []
    for c, condition in enumerate(state.conditions):
        x = recent.states[:, c, :, :-1].reshape(-1, task.steps, 2 * task.robot.n)
        u = model.actions(policy, condition, x)
        points.append(np.concatenate([x, u], axis=2).reshape(-1, x.shape[2] + u.shape[2]))
    mixture = fit_mixture(np.concatenate(points), rng, config.mixture, state.policy_mixture).mixture
    each = []
    for condition, states in zip(state.conditions, motions.states, strict=True):
        more = states_about(states[:, :-1], config.linearised.asked, rng)
        x = np.concatenate([states[:, :-1], more])
        each.append(
            linearised_policy(
                x,
                model.actions(policy, condition, x),
                policy.facts.covariance,
                mixture,
                config.linearised,
                names=task.robot.names,
                dt=task.dt,
                base=policy.facts.base,
            )
        )
    return FittedPolicy(tuple(each), mixture)
