"""The controllers that guided policy search starts with, made of little knowledge of the arm."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rl_control.config import setting
from rl_control.control.lqr import finite_horizon, infinite_horizon
from rl_control.policy.linear_gaussian import LinearGaussianController
from rl_control.types import Array


@dataclass(frozen=True)
class InitialConfig:
    """Stiffness, damping and noise of the first controllers, and the way they lead."""

    kind: str = setting(
        "lqr",
        doc="along a way, a regulator of double integrators or proportional-derivative feedback; "
        "or what is best by the arm's equations, which know of no contact (base dynamics only)",
        choices=("lqr", "pd", "plan"),
    )
    frequency: float = setting(
        10.0,
        doc="how stiffly a joint is led; times the task's time step, at most about 0.2",
        unit="rad/s",
        low=0.01,
        high=100.0,
    )
    damping: float = setting(1.0, doc="damping ratio of a joint's motion", low=0.71, high=10.0)
    noise: float = setting(
        0.3, doc="standard deviation of the efforts, as a share of what brings a joint from rest "
        "to its greatest speed in 0.2 s",
        low=1e-6, high=10.0,
    )  # fmt: skip
    gravity: bool = setting(
        True, doc="add what gravity and damping ask for along the way, as far as the task knows"
    )
    way: float = setting(
        0.8, doc="share of an episode in which the joints are led to the goal; 0 stays put",
        low=0.0, high=1.0,
    )  # fmt: skip


@dataclass(frozen=True)
class Way:
    """Where joints are led, step by step.

    Attributes:
        q: positions, [T, n] in [rad] or [m].
        v: velocities, [T, n].
        a: accelerations, [T, n].
    """

    q: Array
    v: Array
    a: Array


def smooth_way(start: Array, goals: Array, share: float, dt: float) -> Way:
    """Return the way of least jerk from one posture [n] to one that may itself move.

    Args:
        start: joint positions that it begins at.
        goals: those that it is to be at, [T, n].
        share: of the steps, until it has caught up with them; 0 stays at the start.
        dt: time step in [s].

    Source: Flash & Hogan, "The coordination of arm movements" (1985).
    """
    steps = len(goals)
    seconds = share * steps * dt
    if seconds == 0.0:
        still = np.zeros((steps, len(start)))
        return Way(still + start, still, still)
    s = np.minimum(np.arange(steps) * dt / seconds, 1.0)[:, None]
    share_of = 10.0 * s**3 - 15.0 * s**4 + 6.0 * s**5
    rate = (30.0 * s**2 - 60.0 * s**3 + 30.0 * s**4) / seconds
    change = (60.0 * s - 180.0 * s**2 + 120.0 * s**3) / seconds**2
    far, speed = goals - start, np.gradient(goals, dt, axis=0)
    return Way(
        start + share_of * far,
        rate * far + share_of * speed,
        change * far + 2.0 * rate * speed + share_of * np.gradient(speed, dt, axis=0),
    )


def first_controller(
    config: InitialConfig,
    way: Way,
    *,
    names: Sequence[str],
    dt: float,
    inertia: Array,
    hold: Array,
    unit: Array,
    base: str = "none",
) -> LinearGaussianController:
    """Return a controller that leads the joints along a way.

    Accelerations are fed back as if each joint were alone, and made into efforts by a guess of
    the inertia: u = M_t (a_t + G (x - x_t)) + hold_t.

    Args:
        config: see there.
        way: of T steps.
        names: joint names, [n].
        dt: time step in [s].
        inertia: M, guess of the joint-space inertia along the way, [T, n, n].
        hold: efforts to add, such as those against gravity and damping, [T, n] in [N m] or [N].
        unit: controls that the noise is a share of, [n].
        base: what makes efforts of its controls, see `PolicyFacts.base`.
    """
    steps, n = way.q.shape
    position, velocity = _feedback(config, dt, steps)
    G = np.concatenate(
        [position[:, None, None] * np.eye(n), velocity[:, None, None] * np.eye(n)], axis=2
    )
    K = inertia @ G
    x = np.concatenate([way.q, way.v], axis=1)
    forward = (inertia @ way.a[..., None])[..., 0]
    return LinearGaussianController(
        names=tuple(names),
        dt=dt,
        K=K,
        k=hold + forward - (K @ x[..., None])[..., 0],
        covariance=np.tile(np.diag((config.noise * unit) ** 2), (steps, 1, 1)),
        base=base,
    )


def _feedback(config: InitialConfig, dt: float, steps: int) -> tuple[Array, Array]:
    """Gains of the position and of the velocity of one joint, [T] each, for an acceleration.

    The regulator's weights are those that, in continuous time and for ever, give the closed loop
    the frequency w and the damping ratio z: of a^2 + w^4 q^2 + (4 z^2 - 2) w^2 v^2.
    """
    w, z = config.frequency, config.damping
    if config.kind == "pd":
        return np.full(steps, -(w**2)), np.full(steps, -2.0 * z * w)
    A, B = np.array([[1.0, dt], [0.0, 1.0]]), np.array([[0.5 * dt**2], [dt]])
    Q, R = dt * np.diag([w**4, (4.0 * z**2 - 2.0) * w**2]), dt * np.eye(1)
    # Motion goes on beyond the last step: gains that fade there would let go of the arm.
    _, onward = infinite_horizon(A, B, Q, R)
    gains = finite_horizon(A, B, Q, R, onward, steps).gains[:, 0]
    return gains[:, 0], gains[:, 1]
