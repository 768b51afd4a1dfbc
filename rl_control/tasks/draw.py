"""Goals that an arm can reach, drawn at random; and starts near home."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from rl_control.errors import UnreachableTargetError
from rl_control.robot.ik import InverseKinematics
from rl_control.robot.kinematics import Kinematics
from rl_control.tasks.goal import resolve_goal
from rl_control.tasks.targets import TRIES, allowed_tips, too_few
from rl_control.types import Array, Goal

Collides = Callable[[Array], bool]


def draw_goal(
    ik: InverseKinematics,
    kinematics: Kinematics,
    rng: Generator,
    oriented: bool = False,
    collides: Collides | None = None,
    floor: float = 0.0,
) -> Goal:
    """Return the goal of a tip pose that the arm takes in the middle of its joints' ranges.

    Args:
        ik: inverse kinematics of the arm.
        kinematics: of the same arm.
        rng: draws the pose.
        oriented: whether the rotation counts.
        collides: says whether a joint vector, [n], is in collision.
        floor: least height of the tip above the base frame's origin in [m].

    Raises:
        ConfigError: if hardly any joint vector qualifies.
    """
    for tip in allowed_tips(kinematics, rng, TRIES, collides, floor):
        try:
            return goal_at(ik, tip.position, tip.rotation if oriented else None, collides)
        except UnreachableTargetError:
            continue
    raise too_few(ik.robot, f"none found in {TRIES}", floor)


def goal_at(
    ik: InverseKinematics,
    position: Array,
    rotation: Array | None = None,
    collides: Collides | None = None,
    near: Array | None = None,
) -> Goal:
    """Return the goal for a tip pose, with the joint vector reached soonest from `near`, [n].

    That is home if not given.

    Raises:
        UnreachableTargetError: if there is none without a collision.
    """
    acceptable = None if collides is None else (lambda q: not collides(q))
    return resolve_goal(
        ik, position, rotation, ik.robot.home if near is None else near, acceptable=acceptable
    )


def near_home(ik: InverseKinematics, rng: Generator, spread: float) -> Array:
    """Return joint positions [n] around home with a standard deviation, within the limits."""
    robot = ik.robot
    q = robot.home + spread * rng.normal(size=robot.n)
    return np.asarray(np.clip(q, robot.limits.lower, robot.limits.upper))
