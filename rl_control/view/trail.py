"""Where the tip has been: its newest places, an even distance apart."""

from __future__ import annotations

import numpy as np

from rl_control.types import Array

POINTS = 160
SPACING = 0.004  # [m]


class Trail:
    """Keeps the newest `POINTS` places that are at least `SPACING` apart."""

    def __init__(self) -> None:
        self._places: Array = np.empty((0, 3))
        self._changed = False

    def add(self, place: Array) -> None:
        """Go on to `place`, [3] in [m]; a leap begins the trail anew."""
        if len(self._places):
            step = float(np.linalg.norm(place - self._places[-1]))
            if step < SPACING:
                return
            if step > 50 * SPACING:
                self._places = np.empty((0, 3))
        self._places = np.vstack([self._places, place])[-POINTS:]
        self._changed = True

    def take(self) -> Array | None:
        """Return its pieces, [POINTS - 1, 2, 3] in [m], if they have changed since; else None.

        There are always as many: those that are missing yet lie at the oldest place.
        """
        if not self._changed:
            return None
        self._changed = False
        missing = np.repeat(self._places[:1], POINTS - len(self._places), axis=0)
        return pieces(np.vstack([missing, self._places]))


def pieces(path: Array) -> Array:
    """Return the lines between neighbours of `path` [T, 3]: [T - 1, 2, 3]."""
    return np.stack([path[:-1], path[1:]], axis=1)


def fading(color: tuple[int, int, int], ground: tuple[int, int, int], count: int) -> Array:
    """Return colours for `count` pieces, [count, 2, 3], from `ground` at the oldest to `color`."""
    share = np.linspace(0.0, 1.0, count + 1)[:, None]
    both = (1.0 - share) * np.array(ground, dtype=float) + share * np.array(color, dtype=float)
    return pieces(both)
