"""From a tip target to a goal with a joint vector that reaches it, or a refusal."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike

from rl_control.errors import RefusedTargetError, UnreachableTargetError
from rl_control.robot.ik import IkResult, InverseKinematics
from rl_control.types import Array, Goal, JointLimits, Pose

_MARGIN = 0.06  # share of a joint's range kept free, a little more than the limit cost's margin


def stay_goal(tip: Pose, q: Array) -> Goal:
    """Return the goal of staying at joint positions `q` [n], where the tip is at `tip`."""
    return Goal(tip.position, np.array(q), tip.rotation)


def resolve_goal(
    ik: InverseKinematics,
    position: ArrayLike,
    rotation: ArrayLike | None,
    q_now: ArrayLike,
    tolerance: float = 1e-3,
    acceptable: Callable[[Array], bool] | None = None,
) -> Goal:
    """Return the goal whose joint vector is reached soonest from `q_now`.

    Joint vectors clear of the limits' margins are preferred to others.

    Args:
        ik: inverse kinematics of the arm.
        position: tip target in the base frame, [3] in [m].
        rotation: tip rotation, [3, 3]; None leaves it free.
        q_now: joint positions now, [n].
        tolerance: greatest distance of the tip from the target in [m].
        acceptable: further demand on the joint vector (free of collision, ...).

    Raises:
        UnreachableTargetError: if no joint vector within the limits brings the tip there.
        RefusedTargetError: if one does, but not with this rotation, or none is acceptable.
        ShapeError, NonFiniteError, ConfigError: if the target is malformed.
    """
    limits = ik.robot.limits

    def solve(rotation: ArrayLike | None, limits: JointLimits) -> IkResult:
        return ik.solve(
            position, rotation, q_now, limits, tolerance=tolerance, acceptable=acceptable
        )

    result = solve(rotation, _inside(limits))
    if not result.reachable:
        result = solve(rotation, limits)
    if not result.reachable:
        free = result if rotation is None else solve(None, limits)
        raise _refusal(np.asarray(position, dtype=float), result, free, tolerance)
    turn = None if rotation is None else np.array(rotation, dtype=float).reshape(3, 3)
    return Goal(np.array(position, dtype=float).reshape(3), result.q, turn)


def _inside(limits: JointLimits) -> JointLimits:
    """The limits with a margin kept free at either end."""
    margin = np.where(
        np.isfinite(limits.upper - limits.lower), _MARGIN * (limits.upper - limits.lower), 0.0
    )
    return replace(limits, lower=limits.lower + margin, upper=limits.upper - margin)


def _refusal(
    target: Array, result: IkResult, free: IkResult, tolerance: float
) -> UnreachableTargetError:
    """Say why: `free` is the answer when any orientation would do."""
    if result.refused or free.refused:
        return RefusedTargetError(
            target.tolist(),
            "without a collision",
            "Choose a target further from the arm's base and the floor, or move the obstacle.",
        )
    if free.reachable:
        angle = np.degrees(result.rotation_error_rad)
        return RefusedTargetError(
            target.tolist(),
            f"in the orientation asked for (nearest: {angle:.1f} degrees from it, "
            f"{result.position_error_m * 1e3:.1f} mm from the target)",
            "Choose another orientation, or leave it free.",
        )
    return UnreachableTargetError(target.tolist(), free.position_error_m, tolerance)
