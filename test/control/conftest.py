"""Small problems that every solver test can use, and their cost by plain simulation."""

from __future__ import annotations

from dataclasses import dataclass

import casadi as ca
import numpy as np
import pytest

from rl_control.control.batch import BatchProblem, Quadratic
from rl_control.control.fused import FusedProblem
from rl_control.costs.control_rate import ControlRate
from rl_control.costs.effort import EffortAbout
from rl_control.costs.schedule import Schedule
from rl_control.costs.sum import CostSum
from rl_control.costs.tip_position import TipPosition
from rl_control.costs.velocity import Velocity
from rl_control.models.rigid import RigidModel
from rl_control.robot.description import load_robot
from rl_control.robot.kinematics import Kinematics
from rl_control.robot.rigid_body import RigidBody

DT = 0.02


@dataclass(frozen=True)
class LinearModel:
    """x' = A x + B u, as a `DynamicsModel`."""

    a: np.ndarray
    b: np.ndarray
    dt: float = 1.0

    @property
    def nx(self):
        return self.a.shape[0]

    @property
    def nu(self):
        return self.b.shape[1]

    def step(self, x, u):
        return x @ self.a.T + u @ self.b.T

    def linearize(self, x, u):
        batch = len(x)
        return (
            np.broadcast_to(self.a, (batch, *self.a.shape)),
            np.broadcast_to(self.b, (batch, *self.b.shape)),
        )

    def uncertainty(self, x, u):
        return np.zeros_like(x)


@dataclass(frozen=True)
class QuadraticCost:
    """p (x' Q x + u' R u) / 2, as a `BatchCost` with one parameter."""

    q: np.ndarray
    r: np.ndarray
    size: int = 1

    def value(self, x, u, p):
        state, control = ((z @ m * z).sum(axis=1) for z, m in ((x, self.q), (u, self.r)))
        return 0.5 * p[:, 0] * (state + control)

    def quadratize(self, x, u, p):
        weight = p[:, :1]
        return Quadratic(
            value=self.value(x, u, p),
            lx=weight * (x @ self.q),
            lu=weight * (u @ self.r),
            lxx=weight[:, :, None] * self.q,
            lux=np.zeros((len(x), u.shape[1], x.shape[1])),
            luu=weight[:, :, None] * self.r,
        )


@pytest.fixture
def linear_quadratic():
    """Return a maker of (problem, A, B, Q, R) from a seed, its state and control sizes."""

    def make(seed, nx, nu):
        rng = np.random.default_rng(seed)
        a = np.eye(nx) + 0.3 * rng.normal(size=(nx, nx)) / np.sqrt(nx)
        b = rng.normal(size=(nx, nu))
        root = rng.normal(size=(nx, nx))
        q, r = root @ root.T / nx + 0.1 * np.eye(nx), np.diag(rng.uniform(0.5, 2.0, nu))
        return BatchProblem(LinearModel(a, b), QuadraticCost(q, r)), a, b, q, r

    return make


class Arm:
    """A reaching problem on one arm, and its cost by the model and plain numpy."""

    def __init__(self, name, rate=0.0):
        self.robot = load_robot(name)
        self.n = self.robot.n
        self.body = RigidBody(self.robot)
        self.model = RigidModel(self.robot, DT)
        self.kinematics = Kinematics(self.robot)
        q = ca.SX.sym("q", self.n)
        gravity = ca.Function("gravity", [q], [self.body.gravity_torque(q)])
        self.gravity = lambda at: np.asarray(gravity(at)).reshape(-1)
        self.rate = rate
        terms = [TipPosition(), Velocity(self.n), EffortAbout(self.n)]
        self.cost = CostSum(terms + ([ControlRate(self.n)] if rate else []))
        self.problem = FusedProblem(self.body, self.cost, DT)
        self.effort_weight = 1e-2

    def rows(self, target, steps, still):
        """Parameters of every node: reach `target` with efforts near `still`."""
        values = {
            "tip_position.weight": 50.0,
            "tip_position.target": target,
            "velocity.weight": np.full(self.n, 0.1),
            "effort.weight": np.full(self.n, self.effort_weight),
            "effort.reference": still,
        }
        if self.rate:
            values["control_rate.weight"] = np.full(self.n, self.rate)
        terminal = {"tip_position": 20.0, "velocity": 20.0}
        return Schedule(self.cost, steps, DT, values, terminal=terminal).rows

    def rollout(self, x, controls):
        """States [N+1, 2n] of controls [N, n] from x [2n]."""
        states = [np.asarray(x, dtype=np.float64)]
        for u in controls:
            states.append(self.model.step(states[-1][None], u[None])[0])
        return np.array(states)

    def total(self, x, controls, target, still, before=None):
        """The cost of controls [N, n] from x [2n], written out."""
        states, n = self.rollout(x, controls), self.n
        tips = self.kinematics.batch(np.ascontiguousarray(states[:, :n]))[0]
        miss = ((tips - target) ** 2).sum(axis=1)
        speed = (states[:, n:] ** 2).sum(axis=1)
        effort = ((controls - still) ** 2).sum(axis=1)
        node = 0.5 * (50.0 * miss + 0.1 * speed)
        running = node[:-1] + 0.5 * self.effort_weight * effort
        if self.rate:
            previous = np.vstack([before, controls[:-1]])
            running = running + 0.5 * self.rate * (((controls - previous) / DT) ** 2).sum(axis=1)
        return DT * running.sum() + 20.0 * node[-1]


@pytest.fixture(scope="session")
def planar2():
    return Arm("planar2")


@pytest.fixture(scope="session")
def planar2_rate():
    return Arm("planar2", rate=1e-6)


@pytest.fixture(scope="session")
def iiwa7():
    return Arm("iiwa7")
