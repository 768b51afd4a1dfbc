"""Linear-quadratic problems with noise, and a task of a small arm."""

from __future__ import annotations

import numpy as np

from rl_control.gps.expansion import QuadraticCost
from rl_control.models.linear_gaussian import TimeVaryingLinearGaussian
from rl_control.policy.linear_gaussian import LinearGaussianController
from rl_control.robot.description import load_robot
from rl_control.robot.kinematics import Kinematics
from rl_control.tasks.reach import ReachConfig, reach_cost, reach_schedule
from rl_control.types import Condition, Goal

DT = 0.02


def spd(rng, *shape, size=1.0):
    """Random symmetric positive definite matrices, [..., n, n]."""
    a = rng.normal(size=shape)
    return size * (a @ a.swapaxes(-1, -2) / shape[-1] + 0.2 * np.eye(shape[-1]))


def random_dynamics(rng, steps=6, n=2, noise=0.01):
    """Stable dynamics of n joints that change from step to step."""
    nx = 2 * n
    F = 0.3 * rng.normal(size=(steps, nx, nx + n))
    F[:, :, :nx] += 0.7 * np.eye(nx)
    return TimeVaryingLinearGaussian(
        names=tuple("abcdefg"[:n]),
        dt=DT,
        F=F,
        f=0.1 * rng.normal(size=(steps, nx)),
        covariance=spd(rng, steps, nx, nx, size=noise),
        first_mean=rng.normal(size=nx),
        first_covariance=spd(rng, nx, nx, size=0.05),
    )


def random_cost(rng, steps=6, n=2):
    """A convex cost of (x, u) that changes from step to step."""
    nx, nz = 2 * n, 3 * n
    return QuadraticCost(
        H=spd(rng, steps, nz, nz),
        g=rng.normal(size=(steps, nz)),
        c=rng.normal(size=steps + 1),
        last_H=spd(rng, nx, nx),
        last_g=rng.normal(size=nx),
    )


def random_controller(rng, steps=6, n=2, noise=0.2):
    """Gains, offsets and noise that change from step to step."""
    return LinearGaussianController(
        names=tuple("abcdefg"[:n]),
        dt=DT,
        K=0.3 * rng.normal(size=(steps, n, 2 * n)),
        k=0.3 * rng.normal(size=(steps, n)),
        covariance=spd(rng, steps, n, n, size=noise),
    )


def drawn(controller, dynamics, count, rng):
    """Monte Carlo: x [M, T+1, nx] and u [M, T, nu] of motions under a controller."""
    steps, nx, nu = controller.steps, controller.nx, controller.nu
    x = np.empty((count, steps + 1, nx))
    u = np.empty((count, steps, nu))
    x[:, 0] = rng.multivariate_normal(dynamics.first_mean, dynamics.first_covariance, count)
    for t in range(steps):
        own = rng.multivariate_normal(np.zeros(nu), controller.covariance[t], count)
        u[:, t] = x[:, t] @ controller.K[t].T + controller.k[t] + own
        w = rng.multivariate_normal(np.zeros(nx), dynamics.covariance[t], count)
        x[:, t + 1] = np.hstack([x[:, t], u[:, t]]) @ dynamics.F[t].T + dynamics.f[t] + w
    return x, u


class SmallTask:
    """Reach with planar2 in 0.4 s: as much of a task as an iteration asks for."""

    name = "small"
    dt, steps = DT, 20
    observation = ("position", "velocity", "tip_error")

    def __init__(self):
        self.robot = load_robot("planar2")
        self.cost = reach_cost(self.robot)

    def condition(self, shift):
        """Start at home; the goal is where the tip is at home moved by `shift`."""
        q = self.robot.home
        tip = Kinematics(self.robot).tip(q + shift)
        return Condition(q, np.zeros_like(q), Goal(tip.position, q + shift))

    def goal(self, condition, time):
        return condition.goal

    def rows(self, condition):
        return reach_schedule(self.robot, ReachConfig(), condition.goal, self.steps, self.dt).rows

    def error(self, condition, trajectory):
        return float(np.abs(trajectory.positions[-1] - condition.goal.posture).max())

    def succeeded(self, condition, trajectory):
        return self.error(condition, trajectory) < 0.05
