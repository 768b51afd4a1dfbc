"""What a policy is taught: the controllers' actions, at states that were visited or imagined."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.random import Generator

from rl_control.gps.motions import Motions
from rl_control.gps.policy_fit import states_about
from rl_control.gps.settings import MdgpsConfig
from rl_control.gps.task_model import TaskModel
from rl_control.models.linear_gaussian import TimeVaryingLinearGaussian
from rl_control.policy.demonstrations import Demonstrations, capped
from rl_control.policy.linear_gaussian import LinearGaussianController
from rl_control.policy.observation import ObservationLayout
from rl_control.types import Array, Condition

_WIDER = 1.0  # times the extent of what was visited, that imagined states may lie beyond it


def lessons(
    model: TaskModel,
    conditions: Sequence[Condition],
    controllers: Sequence[LinearGaussianController],
    dynamics: Sequence[TimeVaryingLinearGaussian],
    recent: Motions,
    config: MdgpsConfig,
    rng: Generator,
) -> Demonstrations:
    """Return what each condition's controller does at the states of its motions, [C] of them.

    Args:
        model: of the task.
        conditions: [C].
        controllers: of each.
        dynamics: of each, to imagine motions.
        recent: rollouts, [I, C, N, ...]; those of the newest `config.replay` iterations serve.
        config: see there.
        rng: draws what is imagined.
    """
    layout = model.layout(config.parts)
    parts = []
    for c, (condition, controller) in enumerate(zip(conditions, controllers, strict=True)):
        states = recent.states[-config.replay :, c]
        states = states.reshape(-1, *states.shape[2:])
        more = imagined_states(controller, dynamics[c], states, config.imagined, rng)
        aside = [
            states_about(states[:, :-1], config.imagined, rng, width) for width in config.aside
        ]
        visited = np.concatenate([states[:, :-1], more, *aside])
        parts.append(lesson(model, condition, controller, visited, layout))
    joined = Demonstrations.joined(parts)
    precision = capped(joined.precision)
    if config.relative > 0.0:
        precision = _relative(joined.controls, precision, config.relative)
    return Demonstrations(joined.observations, joined.controls, precision)


def lesson(
    model: TaskModel,
    condition: Condition,
    controller: LinearGaussianController,
    states: Array,
    layout: ObservationLayout,
) -> Demonstrations:
    """Return a controller's actions at the states of N motions, with its precision.

    Args:
        model: of the task.
        condition: that the controller is for.
        controller: of T steps.
        states: [N, T, nx].
        layout: what the policy sees.
    """
    count, steps = states.shape[:2]
    actions = controller.mean(states, np.arange(steps))
    shape = (count, steps, controller.nu, controller.nu)
    precision = np.broadcast_to(controller.precision, shape)
    return Demonstrations(model.observe(layout, condition, states), actions, precision)


def imagined_states(
    controller: LinearGaussianController,
    dynamics: TimeVaryingLinearGaussian,
    visited: Array,
    count: int,
    rng: Generator,
) -> Array:
    """Return states of motions that the fitted dynamics foretell, [at most `count`, T, nx].

    A controller just improved goes where no rollout has been. Motions are left out that lead far
    from all that was visited: the dynamics were not fitted there.

    Args:
        controller: what acts.
        dynamics: fitted.
        visited: states of the rollouts they were fitted to, [N, T+1, nx].
        count: number of motions.
        rng: draws noise.
    """
    steps, nx, nu = controller.steps, controller.nx, controller.nu
    noise = np.linalg.cholesky(dynamics.covariance)
    spread = np.linalg.cholesky(controller.covariance)
    first = np.linalg.cholesky(dynamics.first_covariance)
    x = dynamics.first_mean + rng.standard_normal((count, nx)) @ first.T
    states = np.empty((count, steps, nx))
    with np.errstate(all="ignore"):
        for t in range(steps):
            states[:, t] = x
            u = controller.mean(x, t) + rng.standard_normal((count, nu)) @ spread[t].T
            x = dynamics.step(x, u, t) + rng.standard_normal((count, nx)) @ noise[t].T
    low, high = visited.min(axis=(0, 1)), visited.max(axis=(0, 1))
    room = _WIDER * (high - low)
    near = ((states >= low - room) & (states <= high + room)).all(axis=(1, 2))
    return states[near]


def _relative(controls: Array, precision: Array, share: float) -> Array:
    """Precisions that fall with the square of the controls, where these are great.

    Args:
        controls: [..., nu].
        precision: [..., nu, nu].
        share: of the controls' usual size, beyond which they are great.
    """
    units = np.maximum(np.sqrt((controls**2).mean(axis=tuple(range(controls.ndim - 1)))), 1e-9)
    squares = ((controls / units) ** 2).mean(axis=-1)
    weights = 1.0 / (1.0 + squares / share**2)
    return np.asarray(precision * (weights / weights.mean())[..., None, None])
