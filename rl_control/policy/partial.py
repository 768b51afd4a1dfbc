"""Measurements that come late or not at all, to train a policy for and to try it with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.random import Generator

from rl_control.config import setting
from rl_control.types import Array


@dataclass(frozen=True)
class ImpairedConfig:
    """What is wrong with the measurements."""

    delay: int = setting(0, doc="ticks by which they come late", low=0, high=1000)
    lost: float = setting(
        0.0, doc="share that does not come; the one before it then stands", low=0.0, high=0.99
    )


PERFECT = ImpairedConfig()  # every measurement, at once


class Impaired:
    """What a policy sees of observations [no] that come late or get lost, tick by tick.

    Args:
        config: how late, how often.
        rng: draws which get lost.
    """

    def __init__(self, config: ImpairedConfig, rng: Generator) -> None:
        self._config, self._rng = config, rng
        self.reset()

    def reset(self) -> None:
        """Begin anew: the first observation stands until a later one arrives."""
        self._waiting: list[Array] = []
        self._seen: Array | None = None

    def see(self, o: Array) -> Array:
        """Return what is seen at this tick, [no]."""
        self._waiting.append(o)
        arrived = len(self._waiting) > self._config.delay
        due = self._waiting.pop(0) if arrived else self._waiting[0]
        share = self._config.lost
        lost = arrived and share > 0.0 and self._rng.random() < share
        if self._seen is None or not lost:
            self._seen = due
        return self._seen


def impaired(sequences: Array, config: ImpairedConfig, rng: Generator) -> Array:
    """Return what would have been seen, [N, T, no], of N runs' observations."""
    eyes = Impaired(config, rng)
    seen = []
    for sequence in sequences:
        eyes.reset()
        seen.append([eyes.see(o) for o in sequence])
    return np.array(seen).reshape(sequences.shape)
