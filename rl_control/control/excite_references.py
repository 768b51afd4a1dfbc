"""Random motions that show an arm's dynamics, within its limits and free of collision."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.random import Generator

from rl_control.control.excite_settings import SINES, TARGETS, ExcitationConfig
from rl_control.control.harmonics import few_harmonics, harmonic_motion
from rl_control.control.motion import Approached, Motion, MotionBounds, quickest
from rl_control.control.waypoints import random_waypoints
from rl_control.errors import ConfigError
from rl_control.types import Array, JointLimits

_RISE = 1.0  # [s] in which a motion gets going
_DRAWS = 40  # before giving up
_SMALLER = 0.9  # reach of a draw as a share of the one before it
_LOOKS = 0.1  # [s] between two joint vectors that are looked at for collisions


def random_motion(
    start: Array,
    limits: JointLimits,
    config: ExcitationConfig,
    rng: Generator,
    collides: Callable[[Array], bool] | None = None,
) -> Approached:
    """Return a motion that begins at rest at `start`.

    Motions are drawn nearer and nearer to the start until one is free of collision.

    Args:
        start: joint positions, [n], within the limits.
        limits: of the joints.
        config: which motion.
        rng: draws it.
        collides: says whether joint positions [n] are in collision; nothing is, if not given.

    Raises:
        ConfigError: if no motion free of collision is found.
    """
    for draw in range(_DRAWS):
        bounds = motion_bounds(start, limits, config, _SMALLER**draw)
        motion = _draw(start, bounds, config, rng)
        if collides is None or not any(collides(q) for q in _path(motion, config.period)):
            return motion
    raise ConfigError(
        "excitation",
        "start",
        f"each of {_DRAWS} motions from joint positions {np.round(start, 3).tolist()} collides",
        "Start where the arm is free to move.",
    )


def motion_bounds(
    start: Array, limits: JointLimits, config: ExcitationConfig, reach: float = 1.0
) -> MotionBounds:
    """Return what motions from `start` [n] keep to.

    Args:
        start: joint positions, [n].
        limits: of the joints; one without ends may turn by half a turn from the start.
        config: shares of the limits.
        reach: 1 for the whole share of the range, 0 for the start alone.
    """
    endless = ~(np.isfinite(limits.lower) & np.isfinite(limits.upper))
    lower = np.where(endless, start - np.pi, limits.lower)
    upper = np.where(endless, start + np.pi, limits.upper)
    middle, half = (lower + upper) / 2, config.range_share * (upper - lower) / 2
    speed = config.speed_share * limits.velocity
    return MotionBounds(
        lower=start + reach * (middle - half - start),
        upper=start + reach * (middle + half - start),
        speed=speed,
        acceleration=2.0 * np.pi * config.frequency * speed,
    )


def _draw(
    start: Array, bounds: MotionBounds, config: ExcitationConfig, rng: Generator
) -> Approached:
    motion: Motion
    if config.kind == TARGETS:
        motion = random_waypoints(config.period, start, bounds, rng)
    else:
        motion = harmonic_motion(
            _weights(len(start), config, rng), config.period, start, bounds, rng
        )
    return Approached(quickest(start, motion.at(0.0).q, bounds), motion, _RISE)


def _weights(n: int, config: ExcitationConfig, rng: Generator) -> Array:
    """Relative speeds of the harmonics, [K, n]."""
    # All that the period has up to the greatest frequency; never none.
    total = max(1, int(config.frequency * config.period + 1e-9))
    if config.kind == SINES:
        return few_harmonics(config.harmonics, total, n, rng)
    return np.abs(rng.standard_normal((total, n)))


def _path(motion: Approached, period: float) -> list[Array]:
    end = motion.approach.duration + motion.rise + period
    return [motion.at(float(time)).q for time in np.arange(0.0, end, _LOOKS)]
