"""Where the tip is and how it moves with the joints, as numbers."""

from __future__ import annotations

import casadi as ca
import numpy as np
from numpy.typing import ArrayLike

from rl_control.kernels import compile_batch
from rl_control.robot.model import RobotModel
from rl_control.robot.rigid_body import RigidBody
from rl_control.types import Array, Pose, as_vector


def tip_jacobian(body: RigidBody, q: ca.SX) -> ca.SX:
    """Return d(tip velocity)/dv, [6, n]: linear rows, then angular, base-frame axes."""
    v = ca.SX.sym("v", body.robot.n)
    return ca.sparsify(ca.jacobian(body.tip_velocity(q, v), v))


class Kinematics:
    """Forward kinematics of one arm, compiled once.

    Attributes:
        robot: the arm.
    """

    def __init__(self, robot: RobotModel) -> None:
        self.robot = robot
        body, q = RigidBody(robot), ca.SX.sym("q", robot.n)
        position, rotation = body.tip(q)
        outputs = ca.cse([position, rotation, ca.densify(tip_jacobian(body, q))])
        self._kernel = compile_batch(ca.Function(f"{robot.identifier}_kinematics", [q], outputs))

    def tip(self, q: ArrayLike) -> Pose:
        """Return the tip's pose in the base frame at joint positions `q`, [n].

        Raises:
            ShapeError: if `q` has the wrong length.
        """
        positions, rotations, _ = self.batch(as_vector(q, self.robot.n, "joint positions")[None])
        return Pose(positions[0], rotations[0])

    def tips(self, q: Array) -> tuple[Array, Array]:
        """Return tip positions, [B, 3] in [m], and rotations, [B, 3, 3], at q, [B, n]."""
        positions, rotations, _ = self.batch(np.ascontiguousarray(q))
        return positions, rotations

    def batch(self, q: Array) -> tuple[Array, Array, Array]:
        """Return tip positions, rotations and Jacobians at joint positions `q`, [B, n].

        Returns:
            Positions [B, 3] in [m]; rotations [B, 3, 3]; Jacobians [B, 6, n] of the linear, then
            the angular velocity in base-frame axes.
        """
        positions, rotations, jacobians = self._kernel(q)
        n = self.robot.n
        return (
            positions,
            rotations.reshape(-1, 3, 3).transpose(0, 2, 1),  # kernels give columns first
            jacobians.reshape(-1, n, 6).transpose(0, 2, 1),
        )
