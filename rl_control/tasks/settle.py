"""Tell, as states come in, whether the arm has come to rest at its target."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from rl_control.types import Array

_SLACK = 5e-10  # [s], sums of a period never hit the dwell time exactly


class SettleDetector:
    """Settled: the tip near the target and every joint slow, for a dwell time on end.

    Args:
        target: wanted tip position, [3] in [m].
        velocity_limits: greatest joint speeds, [n] in [rad/s] or [m/s].
        tolerance: greatest distance from the target in [m].
        speed_share: greatest share of a speed limit that counts as still.
        dwell: time for which both must hold in [s].
    """

    def __init__(
        self,
        target: ArrayLike,
        velocity_limits: ArrayLike,
        tolerance: float,
        speed_share: float,
        dwell: float,
    ) -> None:
        self._target = np.array(target, dtype=float)
        self._slow = speed_share * np.asarray(velocity_limits, dtype=float)
        self._tolerance, self._dwell = tolerance, dwell
        self._since: float | None = None
        self.settled_at: float | None = None

    def there(self, tip: Array, velocity: Array) -> bool:
        """Say whether the tip, [3], is near and the joints, [n], are slow at this instant."""
        near = np.linalg.norm(tip - self._target) <= self._tolerance
        return bool(near and (np.abs(velocity) <= self._slow).all())

    def update(self, time: float, tip: Array, velocity: Array) -> bool:
        """Take in the state at `time` [s]; return whether the arm has settled.

        Once it has, `settled_at` is the time at which the dwell began, and stays.
        """
        if not self.there(tip, velocity):
            self._since = None
        elif self._since is None:
            self._since = time
        if self.settled_at is None and self._since is not None:
            if time - self._since >= self._dwell - _SLACK:
                self.settled_at = self._since
        return self.settled_at is not None
