"""Rotation matrices to quaternions (x, y, z, w) and back, as plain numbers."""

from __future__ import annotations

import numpy as np

from rl_control.errors import ConfigError
from rl_control.types import Array

UNIT_TOLERANCE = 1e-3


def rotation_from_quaternion(quaternion: Array, source: str) -> Array:
    """Return the rotation matrix [3, 3] of a unit quaternion (x, y, z, w).

    Raises:
        ConfigError: if the quaternion is not of unit length (to one part in a thousand).
    """
    length = float(np.linalg.norm(quaternion))
    if abs(length - 1.0) > UNIT_TOLERANCE:
        raise ConfigError(
            source,
            "orientation",
            f"found a quaternion of length {length:.4g}, expected 1",
            "Normalise it, or send (0, 0, 0, 0) to leave the orientation free.",
        )
    x, y, z, w = quaternion / length
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def quaternion_from_rotation(rotation: Array) -> Array:
    """Return the unit quaternion (x, y, z, w), w >= 0, of a rotation matrix [3, 3].

    Source: Bar-Itzhack (2000), the quaternion as an eigenvector; stable for every rotation.
    """
    (a, b, c), (d, e, f), (g, h, i) = rotation
    symmetric = np.array(
        [
            [a - e - i, b + d, c + g, h - f],
            [b + d, e - a - i, f + h, c - g],
            [c + g, f + h, i - a - e, d - b],
            [h - f, c - g, d - b, a + e + i],
        ]
    )
    quaternion: Array = np.linalg.eigh(symmetric)[1][:, -1]
    return -quaternion if quaternion[3] < 0 else quaternion
