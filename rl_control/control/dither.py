"""Noise that stays alike for a while: it moves an arm where white noise would only rattle it."""

from __future__ import annotations

import math

import numpy as np
from numpy.random import Generator

from rl_control.types import Array


class Dither:
    """Normal noise of n independent entries that forgets its past with a time constant.

    Source: the Ornstein-Uhlenbeck process, stepped exactly.

    Args:
        scale: standard deviations, [n].
        time: time constant in [s].
        rng: draws it.
    """

    def __init__(self, scale: Array, time: float, rng: Generator) -> None:
        self._scale, self._time, self._rng = scale, time, rng
        self.reset()

    def reset(self) -> None:
        """Begin anew, from zero."""
        self._value = np.zeros_like(self._scale)

    def step(self, elapsed: float) -> Array:
        """Return the noise `elapsed` [s] after the last one, [n]."""
        kept = math.exp(-elapsed / self._time)
        fresh = math.sqrt(1.0 - kept**2) * self._rng.standard_normal(len(self._scale))
        self._value = kept * self._value + self._scale * fresh
        return self._value
