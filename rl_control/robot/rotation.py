"""The logarithm of a rotation, as a CasADi expression."""

from __future__ import annotations

import casadi as ca

_TINY = 1e-24  # keeps the square root's slope finite at the identity


def rotation_log(rotation: ca.SX) -> ca.SX:
    """Return the rotation vector, [3] in [rad], of a rotation matrix, [3, 3].

    Smooth from the identity up to half a turn, where any such map must jump: the quaternion (up
    to scale) is read from whichever column of q q^T is well conditioned, and the angle is twice
    the arc tangent of its vector part over its scalar part.

    Source: Shepperd, "Quaternion from rotation matrix" (1978).
    """
    xx, yy, zz = rotation[0, 0], rotation[1, 1], rotation[2, 2]
    wx = rotation[2, 1] - rotation[1, 2]
    wy = rotation[0, 2] - rotation[2, 0]
    wz = rotation[1, 0] - rotation[0, 1]
    xy = rotation[0, 1] + rotation[1, 0]
    xz = rotation[0, 2] + rotation[2, 0]
    yz = rotation[1, 2] + rotation[2, 1]
    ww = 1 + xx + yy + zz
    qx, qy, qz = 1 + xx - yy - zz, 1 - xx + yy - zz, 1 - xx - yy + zz

    # Which column to read, as numbers 0 or 1: w up to a turn of 120 degrees, then the largest.
    use_w = ww >= 1
    use_x = (1 - use_w) * (qx >= ca.fmax(qy, qz))
    use_y = (1 - use_w - use_x) * (qy >= qz)
    use_z = 1 - use_w - use_x - use_y
    vector = ca.vertcat(
        use_w * wx + use_x * qx + use_y * xy + use_z * xz,
        use_w * wy + use_x * xy + use_y * qy + use_z * yz,
        use_w * wz + use_x * xz + use_y * yz + use_z * qz,
    )
    scalar = use_w * ww + use_x * wx + use_y * wy + use_z * wz
    sign = 1 - 2 * (scalar < 0)  # the shorter way round
    length = ca.sqrt(ca.dot(vector, vector) + _TINY)
    return vector * (2 * sign * ca.atan2(length, ca.fabs(scalar)) / length)
