"""What learned models see of an arm: angles by sine and cosine, the rest as it is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from rl_control.types import Array


@dataclass(frozen=True)
class Features:
    """Features of (q, v, u): sin q, cos q of turning joints, q of sliding ones, then v and u.

    A turn by 2 pi changes nothing, so that what is learned at one turn holds at every other.

    Attributes:
        turning: whether each joint turns (revolute, continuous) rather than slides, [n].
    """

    turning: tuple[bool, ...]

    @property
    def n(self) -> int:
        """Number of joints."""
        return len(self.turning)

    @property
    def size(self) -> int:
        """Number of features f."""
        return 3 * self.n + sum(self.turning)

    def __call__(self, x: Array, u: Array) -> Array:
        """Return the features, [B, f], of states x [B, 2n] and efforts u [B, n]."""
        q, v = x[:, : self.n], x[:, self.n :]
        angles, shifts = q[:, self._turns], q[:, ~self._turns]
        return np.hstack([np.sin(angles), np.cos(angles), shifts, v, u])

    def pull_back(self, x: Array, by_features: Array) -> Array:
        """Return derivatives by (q, v, u), [..., B, m, 3n], of m outputs (chain rule).

        Args:
            x: states, [B, 2n].
            by_features: derivatives of the outputs by the features, [..., B, m, f].
        """
        turns, angles = self._turns, x[:, None, : self.n][..., self._turns]
        count = int(turns.sum())
        result = np.empty((*by_features.shape[:-1], 3 * self.n), by_features.dtype)
        by_q = result[..., : self.n]
        by_sine, by_cosine = by_features[..., :count], by_features[..., count : 2 * count]
        by_q[..., turns] = by_sine * np.cos(angles) - by_cosine * np.sin(angles)
        by_q[..., ~turns] = by_features[..., 2 * count : self.n + count]
        result[..., self.n :] = by_features[..., self.n + count :]
        return result

    @property
    def _turns(self) -> NDArray[np.bool_]:
        return np.array(self.turning, dtype=bool)
