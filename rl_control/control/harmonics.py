"""Periodic motion of the joints: a sum of sines whose frequencies are multiples of one.

Source: Swevers et al., "Optimal robot excitation and identification" (1997); here the coefficients
are random rather than optimal, since nothing is known of the arm.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from rl_control.control.motion import MotionBounds, Setpoint
from rl_control.types import Array

_PER_WAVE = 40  # instants at which the quickest wave is looked at
_LEAST_SHARE = 0.3  # of the greatest speed one of the chosen harmonics may have


@dataclass(frozen=True)
class Harmonics:
    """q(t) = centre + sum_k amplitude_k sin(omega_k t + phase_k).

    Attributes:
        centre: [n] in [rad] or [m].
        amplitude: [K, n] in [rad] or [m].
        omega: [K] in [rad/s].
        phase: [K, n] in [rad].
    """

    centre: Array
    amplitude: Array
    omega: Array
    phase: Array

    def at(self, time: float) -> Setpoint:
        """Return where to be at `time` [s]."""
        angle = self.omega[:, None] * time + self.phase
        wave = self.amplitude * np.sin(angle)
        rate = self.amplitude * np.cos(angle)
        return Setpoint(self.centre + wave.sum(axis=0), self.omega @ rate, -(self.omega**2) @ wave)


def few_harmonics(count: int, total: int, n: int, rng: Generator) -> Array:
    """Return the weights [total, n] of `count` harmonics chosen for each of `n` joints."""
    rank = rng.random((total, n)).argsort(axis=0).argsort(axis=0)
    return np.where(rank < count, rng.uniform(_LEAST_SHARE, 1.0, (total, n)), 0.0)


def harmonic_motion(
    weights: Array, period: float, start: Array, bounds: MotionBounds, rng: Generator
) -> Harmonics:
    """Return a random motion within `bounds` that begins as near `start` as they allow.

    It fills the range of positions or that of speeds. Accelerations stay below the greatest speed
    times the greatest omega (Bernstein's inequality).

    Args:
        weights: speed of each harmonic relative to the others, [K, n], 0 or more.
        period: of the first harmonic in [s].
        start: joint positions, [n].
        bounds: of positions and speeds.
        rng: draws the phases.
    """
    count, n = weights.shape
    omega = 2.0 * np.pi / period * np.arange(1, count + 1)
    phase = rng.uniform(0.0, 2.0 * np.pi, (count, n))
    amplitude = weights / omega[:, None]
    times = np.linspace(0.0, period, _PER_WAVE * count)
    angle = omega[:, None] * times[:, None, None] + phase
    wave = (amplitude * np.sin(angle)).sum(axis=1)
    speed = np.abs((weights * np.cos(angle)).sum(axis=1)).max(axis=0)
    # Between two instants a function leaves its chord by at most h^2/8 of its second derivative.
    gap = (times[1] - times[0]) ** 2 / 8.0
    beyond = gap * (omega @ weights)
    low, high = wave.min(axis=0) - beyond, wave.max(axis=0) + beyond
    speed += gap * (omega**2 @ weights)
    scale = np.minimum((bounds.upper - bounds.lower) / (high - low), bounds.speed / speed)
    # Each joint's time is shifted to where its wave meets the start, so that none has to wait for
    # another to come to its beginning.
    first, last = bounds.lower - scale * low, bounds.upper - scale * high
    centres = start - scale * wave
    meeting = np.abs(centres - np.clip(centres, first, last)).argmin(axis=0)
    centre = np.clip(centres[meeting, np.arange(n)], first, last)
    phase = phase + omega[:, None] * times[meeting]
    return Harmonics(centre, scale * amplitude, omega, phase)
