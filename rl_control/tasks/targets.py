"""Random targets that an arm can reach."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice

import numpy as np
from numpy.random import Generator

from rl_control.errors import ConfigError
from rl_control.robot.kinematics import Kinematics
from rl_control.robot.model import RobotModel
from rl_control.types import Array, Pose

_MIDDLE = 0.7  # share of a joint's range that targets are drawn from
TRIES = 1000  # per target; an arm that needs more hardly has a workspace


def sample_targets(
    robot: RobotModel,
    count: int,
    rng: Generator,
    collides: Callable[[Array], bool] | None = None,
    floor: float = 0.0,
) -> Array:
    """Return tip positions, [count, 3] in [m], of joint vectors drawn uniformly.

    The joint vectors lie in the middle 70 % of the limits (continuous joints: 0.7 of half a turn
    to either side of zero), are free of collision, and hold the tip above the floor.

    Args:
        robot: the arm.
        count: number of targets.
        rng: draws them.
        collides: says whether a joint vector, [n], is in collision.
        floor: least height of the tip above the base frame's origin in [m].

    Raises:
        ConfigError: if hardly any joint vector qualifies.
    """
    tips = allowed_tips(Kinematics(robot), rng, TRIES * count, collides, floor)
    targets = [tip.position for tip in islice(tips, count)]
    if len(targets) < count:
        raise too_few(robot, f"only {len(targets)} of {count} found in {TRIES * count}", floor)
    return np.array(targets).reshape(count, 3)


def allowed_tips(
    kinematics: Kinematics,
    rng: Generator,
    tries: int,
    collides: Callable[[Array], bool] | None = None,
    floor: float = 0.0,
) -> Iterator[Pose]:
    """Yield the tip poses of joint vectors drawn as `sample_targets` says, of so many at most."""
    middle, reach = _middle_of(kinematics.robot)
    for _ in range(tries):
        q = middle + reach * rng.uniform(-1.0, 1.0, len(middle))
        tip = kinematics.tip(q)
        if tip.position[2] > floor and not (collides is not None and collides(q)):
            yield tip


def too_few(robot: RobotModel, found: str, floor: float) -> ConfigError:
    """Return the error that hardly any joint vector drawn qualifies."""
    return ConfigError(
        robot.name,
        "targets",
        f"{found} draws that are above the floor (z = {floor:g} m) and free of collision",
        "Check the robot's base height, its joint limits and the collision checker.",
    )


def _middle_of(robot: RobotModel) -> tuple[Array, Array]:
    """Return the middle of the joints' ranges, and how far to draw from it, [n] each."""
    limits = robot.limits
    ends = np.isfinite(limits.lower) & np.isfinite(limits.upper)
    lower, upper = np.where(ends, limits.lower, -np.pi), np.where(ends, limits.upper, np.pi)
    return (lower + upper) / 2, _MIDDLE * (upper - lower) / 2
