"""Motions of the joints over time: where to be, how fast, with what acceleration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from rl_control.types import Array

_TOP_SPEED = 1.875  # of a minimum-jerk move of unit length in unit time
_TOP_ACCELERATION = 10.0 / np.sqrt(3.0)


@dataclass(frozen=True)
class Setpoint:
    """Joint positions `q` [n], velocities `v` [n] and accelerations `a` [n]."""

    q: Array
    v: Array
    a: Array


class Motion(Protocol):
    """Joint positions as a twice differentiable function of time."""

    def at(self, time: float) -> Setpoint:
        """Return where to be at `time` [s] from the start, 0 or later."""
        ...


@dataclass(frozen=True)
class MotionBounds:
    """What a motion keeps to.

    Attributes:
        lower: least positions, [n] in [rad] or [m].
        upper: greatest positions, [n].
        speed: greatest speeds, [n] in [rad/s] or [m/s].
        acceleration: greatest accelerations, [n] in [rad/s^2] or [m/s^2].
    """

    lower: Array
    upper: Array
    speed: Array
    acceleration: Array


@dataclass(frozen=True)
class Move:
    """From rest to rest along a straight line of joint space, with minimum jerk.

    Source: Flash and Hogan, "The coordination of arm movements" (1985).

    Attributes:
        start: joint positions, [n].
        end: joint positions, [n].
        duration: in [s]; 0 stays at the end.
    """

    start: Array
    end: Array
    duration: float

    def at(self, time: float) -> Setpoint:
        """Return where to be at `time` [s]; before the start and after the end, at rest."""
        still = np.zeros_like(self.end)
        if time >= self.duration:
            return Setpoint(self.end, still, still)
        s, speed, acceleration = smooth_step(time / self.duration)
        way = self.end - self.start
        return Setpoint(
            self.start + s * way,
            (speed / self.duration) * way,
            (acceleration / self.duration**2) * way,
        )


def quickest(start: Array, end: Array, bounds: MotionBounds) -> Move:
    """Return the move that reaches a joint's greatest speed or acceleration, but passes none."""
    way = np.abs(end - start)
    by_speed = _TOP_SPEED * way / bounds.speed
    by_acceleration = np.sqrt(_TOP_ACCELERATION * way / bounds.acceleration)
    return Move(start, end, float(np.maximum(by_speed, by_acceleration).max()))


@dataclass(frozen=True)
class Approached:
    """A motion that begins wherever the arm is: a move to its beginning, then a gentle start.

    While the motion starts, its clock speeds up from standstill: it leaves its path nowhere and
    is nowhere faster.

    Attributes:
        approach: ends where the motion begins.
        motion: what follows.
        rise: time the clock takes to full speed in [s].
    """

    approach: Move
    motion: Motion
    rise: float

    def at(self, time: float) -> Setpoint:
        """Return where to be at `time` [s]."""
        since = time - self.approach.duration
        if since < 0.0:
            return self.approach.at(time)
        share = min(since / self.rise, 1.0)
        rate, change, _ = smooth_step(share)
        # The integral of the rate over the time since the approach.
        clock = self.rise * share**4 * (2.5 - 3.0 * share + share**2) + max(since - self.rise, 0.0)
        there = self.motion.at(clock)
        return Setpoint(there.q, rate * there.v, rate**2 * there.a + (change / self.rise) * there.v)


def smooth_step(share: float) -> tuple[float, float, float]:
    """Return s, s' and s'' of the smoothest step from 0 to 1; `share` in [0, 1]."""
    x = min(max(share, 0.0), 1.0)
    return (
        x**3 * (10.0 - 15.0 * x + 6.0 * x**2),
        30.0 * x**2 * (1.0 - x) ** 2,
        60.0 * x * (1.0 - x) * (1.0 - 2.0 * x),
    )
