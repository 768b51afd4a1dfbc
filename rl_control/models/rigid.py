"""The rigid-body model: semi-implicit Euler on the arm's equations of motion."""

from __future__ import annotations

import casadi as ca
import numpy as np

from rl_control.kernels import compile_batch
from rl_control.robot.model import RobotModel
from rl_control.robot.rigid_body import RigidBody
from rl_control.types import Array


class RigidModel:
    """v' = v + dt a(q, v, u), q' = q + dt v': a DynamicsModel of an arm.

    Joint damping acts at the end of the step, so that it is stable for any dt.

    Attributes:
        robot: the arm.
        body: its equations, for costs and solvers that compile expressions.
        dt: time step in [s].
    """

    def __init__(self, robot: RobotModel, dt: float) -> None:
        self.robot = robot
        self.body = RigidBody(robot)
        self.dt = dt
        n = robot.n
        q, v, u = (ca.SX.sym(letter, n) for letter in "qvu")
        a, by_q, by_v, by_u = self.body.acceleration_derivatives(q, v, u, dt)
        self._acceleration = compile_batch(
            ca.Function(f"{robot.identifier}_acceleration", [q, v, u], [a])
        )
        self._derivatives = compile_batch(
            ca.Function(f"{robot.identifier}_slopes", [q, v, u], [by_q, by_v, by_u])
        )

    @property
    def nx(self) -> int:
        """Number of states, 2n."""
        return 2 * self.robot.n

    @property
    def nu(self) -> int:
        """Number of controls, n."""
        return self.robot.n

    def step(self, x: Array, u: Array) -> Array:
        """Return the next states, [B, 2n]."""
        n = self.robot.n
        q, v = x[:, :n], x[:, n:]
        (a,) = self._acceleration(q, v, u)
        faster = v + self.dt * a
        return np.hstack([q + self.dt * faster, faster])

    def linearize(self, x: Array, u: Array) -> tuple[Array, Array]:
        """Return A [B, 2n, 2n] and B [B, 2n, n]."""
        n, dt = self.robot.n, self.dt
        slopes = self._derivatives(x[:, :n], x[:, n:], u)
        # Kernels give matrices column by column.
        by_q, by_v, by_u = (s.reshape(-1, n, n).transpose(0, 2, 1) * dt for s in slopes)
        eye = np.broadcast_to(np.eye(n), by_q.shape)
        faster = np.concatenate([by_q, eye + by_v], axis=2)
        upper = np.concatenate([eye, np.zeros_like(by_q)], axis=2) + dt * faster
        return (
            np.concatenate([upper, faster], axis=1),
            np.concatenate([dt * by_u, by_u], axis=1),
        )

    def uncertainty(self, x: Array, u: Array) -> Array:
        """Return zeros, [B, 2n]: a rigid-body model does not know how wrong it is."""
        return np.zeros_like(x)
