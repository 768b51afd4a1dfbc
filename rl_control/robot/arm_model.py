"""The arm's model as plain numbers: what nodes need beside a controller."""

from __future__ import annotations

import casadi as ca
import numpy as np

from rl_control.robot.kinematics import Kinematics
from rl_control.robot.model import RobotModel
from rl_control.robot.rigid_body import RigidBody
from rl_control.types import Array, Pose


class ArmModel:
    """Kinematics and forces of one arm.

    q, v, a [n] are joint positions, velocities and accelerations.
    """

    def __init__(self, robot: RobotModel) -> None:
        """Derive the functions for `robot`."""
        body, n = RigidBody(robot), robot.n
        q, v, a = (ca.SX.sym(letter, n) for letter in "qva")
        step = ca.SX.sym("step")
        self._kinematics = Kinematics(robot)
        # Asked for once a tick at most: CasADi's own evaluation is quick enough.
        self._gravity = ca.Function("gravity", [q], [body.gravity_torque(q)])
        self._mass = ca.Function("mass", [q], [body.mass_matrix(q)])
        self._inverse = ca.Function(
            "inverse", [q, v, a, step], [body.inverse_dynamics(q, v, a, step)]
        )

    def tip(self, q: Array) -> Pose:
        """Return the tip's pose in the base frame."""
        return self._kinematics.tip(q)

    def tip_positions(self, positions: Array) -> Array:
        """Return the tip's position, [T, 3] in [m], along joint positions [T, n]."""
        return self._kinematics.batch(positions)[0]

    def tip_velocity(self, q: Array, v: Array) -> tuple[Array, Array]:
        """Return the tip's linear [m/s] and angular [rad/s] velocity, [3] each, on base axes."""
        both = self._kinematics.batch(q[None])[2][0] @ v
        return both[:3], both[3:]

    def gravity_torque(self, q: Array) -> Array:
        """Return the efforts that hold the arm still, [n]."""
        return _flat(self._gravity(q))

    def mass_matrix(self, q: Array) -> Array:
        """Return the joint-space inertia, [n, n]."""
        return np.array(self._mass(q).full())

    def inverse_dynamics(self, q: Array, v: Array, a: Array, step: float = 0.0) -> Array:
        """Return the efforts that give accelerations `a` over `step` [s], [n]."""
        return _flat(self._inverse(q, v, a, step))


def _flat(matrix: ca.DM) -> Array:
    return np.asarray(matrix.full(), dtype=np.float64).reshape(-1)
