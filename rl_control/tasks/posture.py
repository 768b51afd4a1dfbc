"""Joint positions for a tip pose that change smoothly with the pose."""

from __future__ import annotations

import numpy as np

from rl_control.errors import UnreachableTargetError
from rl_control.robot.kinematics import Kinematics
from rl_control.types import Array

_ITERATIONS = 50
_CONVERGED = 1e-9  # [m], [rad] and [rad] of posture
_DAMPING = 1e-9
_GREATEST_STEP = 0.3  # [rad] or [m] a joint an iteration


def nearest_posture(
    kinematics: Kinematics, position: Array, rotation: Array, standard: Array
) -> Array:
    """Return the joint positions that bring the tip to a pose, nearest to `standard`, [n].

        minimise |q - standard|^2   subject to   p(q) = position,  R(q) = rotation

    A search among many starts may jump from one posture to another between two poses side by
    side; what is found here from one start is a smooth function of the pose.

    Args:
        kinematics: of the arm.
        position: of the tip in the base frame, [3] in [m].
        rotation: of the tip, [3, 3].
        standard: joint positions to start from and to stay near, [n].

    Raises:
        UnreachableTargetError: if there are none within the limits on this way.

    Source: Gauss-Newton with the minimum-norm correction, Nakamura (1991), "Advanced Robotics".
    """
    limits, q = kinematics.robot.limits, np.array(standard)
    eye = np.eye(6)
    for _ in range(_ITERATIONS):
        positions, rotations, jacobians = kinematics.batch(q[None])
        jacobian, wish = jacobians[0], standard - q
        error = np.concatenate([position - positions[0], _turn(rotation @ rotations[0].T)])
        square = jacobian @ jacobian.T + _DAMPING * eye
        step = wish + jacobian.T @ np.linalg.solve(square, error - jacobian @ wish)
        if max(np.abs(error).max(), np.abs(step).max()) < _CONVERGED:
            break
        q = q + step / max(1.0, np.abs(step).max() / _GREATEST_STEP)
    missed = float(np.linalg.norm(error[:3]))
    if missed > 1e-6 or (q < limits.lower).any() or (q > limits.upper).any():
        raise UnreachableTargetError(position.tolist(), missed, 1e-6)
    return q


def _turn(rotation: Array) -> Array:
    """The rotation vector, [3] in [rad], of a rotation by less than half a turn."""
    across = 0.5 * np.array(
        [
            rotation[2, 1] - rotation[1, 2],
            rotation[0, 2] - rotation[2, 0],
            rotation[1, 0] - rotation[0, 1],
        ]
    )
    sine = float(np.linalg.norm(across))
    angle = np.arctan2(sine, 0.5 * (np.trace(rotation) - 1.0))
    return np.asarray(across * (angle / sine if sine > 1e-12 else 1.0))
