"""What holds an arm still, according to a learned model."""

from __future__ import annotations

import numpy as np

from rl_control.models.learned import LearnedModel
from rl_control.types import Array

_STEPS = 5
_TOLERANCE = 1e-6  # of the accelerations that are left, in [rad/s^2] or [m/s^2]
_STIFFEST = 1e-3  # least response to an effort, as a share of the greatest


def hold_torque(
    model: LearnedModel, q: Array, guess: Array | None = None, steps: int = _STEPS
) -> Array:
    """Return the efforts, [n], under which the arm stays at q [n], by Newton's method.

    Dry friction is left out: it would hold the arm under many efforts.

    Args:
        model: of the arm.
        q: joint positions.
        guess: efforts to start from where there is no rigid body, [n]; zero if not given.
        steps: most Newton steps.
    """
    if model.mechanics is not None and model.residual is None:
        return model.mechanics.gravity_torque(q)
    x = np.concatenate([q, np.zeros_like(q)])[None]
    u = np.zeros((1, len(q))) if guess is None else guess[None]
    if model.mechanics is not None:
        u = model.mechanics.gravity_torque(q)[None]
    for _ in range(steps):
        a, response = _response(model, x, u)
        if np.abs(a).max() < _TOLERANCE:
            break
        u = u - np.linalg.lstsq(response, a, rcond=_STIFFEST)[0]
    return np.asarray(u[0])


def nearly_hold_torque(model: LearnedModel, q: Array) -> Array:
    """Return about the efforts, [n], that hold the arm at q [n]: quick, for a rigid body's model.

    The residual at gravity's efforts is balanced, not how it changes with them.
    """
    assert model.mechanics is not None
    mass, gravity = model.mechanics.mass_and_gravity(q)
    if model.residual is None:
        return gravity
    still = np.concatenate([q, np.zeros_like(q)])[None]
    return np.asarray(gravity - mass @ model.residual.mean(still, gravity[None])[0])


def mass_matrix(model: LearnedModel, q: Array) -> Array:
    """Return the joint-space inertia, [n, n], symmetric positive semidefinite."""
    if model.mechanics is not None:
        return model.mechanics.mass_matrix(q)
    x = np.concatenate([q, np.zeros_like(q)])[None]
    _, response = _response(model, x, hold_torque(model, q)[None])
    inertia = np.linalg.pinv(0.5 * (response + response.T), rcond=_STIFFEST, hermitian=True)
    values, vectors = np.linalg.eigh(inertia)
    return np.asarray((vectors * np.maximum(values, 0.0)) @ vectors.T)


def _response(model: LearnedModel, x: Array, u: Array) -> tuple[Array, Array]:
    """The acceleration [n] without dry friction, and its slope by the efforts, [n, n]."""
    n = u.shape[1]
    a, slopes = np.zeros((1, n)), np.zeros((1, n, 3 * n))
    if model.mechanics is not None:
        smooth = model.mechanics.without_dry_friction()
        a, slopes = smooth.linearize(x, u, model.dt)
    if model.residual is not None:
        more, by = model.residual.linearize(x, u)
        a, slopes = a + more, slopes + by
    return a[0], slopes[0][:, 2 * n :]
