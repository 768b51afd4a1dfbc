"""How heavy each joint is to its drive, learned from how the arm answers while it moves.

For a moment, accelerations follow efforts as a = B u + what changes slowly (gravity, velocities).
Joint i then has the apparent inertia 1 / B_ii: what its drive feels while the other joints are
free to give way. B is found by least squares on quick changes of u and a, with forgetting.

Source: after Smeur, Chu and de Croon, "Adaptive incremental nonlinear dynamic inversion" (2016),
sec. III, which adapts B along the gradient instead.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from rl_control.types import Array, JointLimits

# Times in [s] in which full effort brings a joint from rest to its greatest speed.
_LIGHTEST = 1e-4
_HEAVIEST = 0.4
_MEMORY = 0.4  # [s] after which an answer counts for 1/e
_RIDGE = 0.02  # share of the efforts' squares: joints moved alike cannot be told apart
_REST = 5e-4  # share of the speed limit below which a joint is taken to rest
_RESTED = 4  # states in a row after which a joint may be stuck
# Factors between two estimates. To take a joint for heavier than it is shakes it, and a stuck one
# seems to be as heavy as can be: growth is quick only for what moves and never answered yet.
_SEARCH, _PROBE, _GROWTH, _FALL = 2.0, 1.1, 1.02, 0.25
_LIGHTER = 1.0 / 32.0  # where the search begins anew once a joint that never answered breaks loose


class ApparentInertia:
    """The apparent inertia of n joints, from the lightest that the limits suggest upwards.

    Args:
        limits: of the joints; efforts and speeds set the scale.
    """

    def __init__(self, limits: JointLimits) -> None:
        self._speed = limits.velocity
        self._lightest = _LIGHTEST * limits.effort / limits.velocity
        self._heaviest = _HEAVIEST * limits.effort / limits.velocity
        self.reset()

    @property
    def value(self) -> Array:
        """Effort per acceleration of each joint, [n] in [kg m^2] or [kg]."""
        return self._value

    def reset(self) -> None:
        """Forget all answers."""
        n = len(self._speed)
        self._value: Array = self._lightest.copy()
        self._answered = np.zeros(n, dtype=bool)
        self._rested = np.zeros(n, dtype=int)
        # For each joint, sums over the time in which it moved.
        self._efforts = np.zeros((n, n, n))
        self._answers = np.zeros((n, n))

    def break_loose(self, v: Array) -> NDArray[np.bool_]:
        """Return which joints, [n], move at velocities `v` [n] after a rest.

        Of those among them that never answered, what was learned is forgotten.
        """
        moves = self._moves(v)
        loose = moves & (self._rested >= _RESTED)
        self._rested = np.where(moves, 0, self._rested + 1)
        anew = loose & ~self._answered
        self._value = np.where(
            anew, np.maximum(self._lightest, _LIGHTER * self._value), self._value
        )
        self._efforts[anew], self._answers[anew] = 0.0, 0.0
        return loose

    def update(self, effort: Array, acceleration: Array, v: Array, elapsed: float) -> None:
        """Learn from the quick part of efforts and of the accelerations they led to, [n] each.

        Args:
            effort: in [N m] or [N].
            acceleration: in [rad/s^2] or [m/s^2].
            v: velocities, [n].
            elapsed: time since the last update in [s].
        """
        moves = self._moves(v)
        # A joint that rests is held by friction: it says nothing of its inertia.
        kept = np.where(moves, math.exp(-elapsed / _MEMORY), 1.0)
        self._efforts *= kept[:, None, None]
        self._answers *= kept[:, None]
        self._efforts[moves] += np.outer(effort, effort)
        self._answers[moves] += np.outer(acceleration, effort)[moves]
        found = self._solve()
        quick = np.where(moves, _SEARCH, _PROBE)
        slow = np.where(moves, _GROWTH, 1.0)
        most = np.where(self._answered, slow, quick) * self._value
        self._answered |= found <= most
        bounded = np.clip(found, _FALL * self._value, most)
        self._value = np.minimum(bounded, self._heaviest)

    def _moves(self, v: Array) -> NDArray[np.bool_]:
        return np.asarray(np.abs(v) > _REST * self._speed)

    def _solve(self) -> Array:
        """Return the inertias that fit best, [n]; infinite where there was no answer."""
        n = len(self._speed)
        size = np.sqrt(np.einsum("ijj->ij", self._efforts))
        known = (size > 0.0).all(axis=1)
        size[~known] = 1.0
        alike = self._efforts / (size[:, :, None] * size[:, None, :]) + _RIDGE * np.eye(n)
        answers = np.linalg.solve(alike, (self._answers / size)[:, :, None])[:, :, 0] / size
        mobility = (1.0 + _RIDGE) * np.diagonal(answers)
        good = known & (mobility > 0.0)
        inertia: Array = np.divide(1.0, mobility, out=np.full(n, np.inf), where=good)
        return inertia
