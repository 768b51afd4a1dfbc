"""How heavy each joint is to its drive, learned from how the arm answers while it moves.

For a moment, accelerations follow efforts and velocities as a = B u - D v + what changes slowly
(gravity, payload), D diagonal. Joint i then has the apparent inertia 1 / B_ii: what its drive feels
while the other joints are free to give way. B is found by least squares on the quick parts of u, v
and a, with forgetting. Without D v, a light wrist in oil would be taken for a heavy one.

Source: after Smeur, Chu and de Croon, "Adaptive incremental nonlinear dynamic inversion for
attitude control of micro air vehicles" (2016), who adapt B along the gradient instead.
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
_RIDGE = 0.01  # share of the efforts' squares: joints moved alike cannot be told apart
_REST = 5e-4  # share of the speed limit below which a joint is taken to rest
_RESTED = 4  # states in a row after which a joint may be stuck
# Factors between two estimates. To take a joint for heavier than it is shakes it, and a stuck one
# seems to be as heavy as can be: growth is quick only for what moves and never answered yet.
_SEARCH, _PROBE, _GROWTH, _FALL = 2.0, 1.1, 1.08, 0.25
_NEAR = 0.5  # an answer that fits only a much lighter joint is a coincidence
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
        # For each joint, sums over the time in which it moved: of the causes, which are all efforts
        # and its own velocity, with each other and with its acceleration.
        self._causes = np.zeros((n, n + 1, n + 1))
        self._answers = np.zeros((n, n + 1))

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
        self._causes[anew], self._answers[anew] = 0.0, 0.0
        return loose

    def update(
        self, effort: Array, velocity: Array, acceleration: Array, v: Array, elapsed: float
    ) -> None:
        """Learn from the quick parts of what was and of the accelerations it led to, [n] each.

        Args:
            effort: quick part of the efforts in [N m] or [N].
            velocity: quick part of the velocities when they began to act.
            acceleration: quick part of the accelerations meanwhile.
            v: velocities now.
            elapsed: time since the last update in [s].
        """
        n = len(v)
        moves = self._moves(v)
        # A joint that rests is held by friction: it says nothing of its inertia.
        kept = np.where(moves, math.exp(-elapsed / _MEMORY), 1.0)
        causes = np.column_stack([np.tile(effort, (n, 1)), velocity]) * moves[:, None]
        self._causes *= kept[:, None, None]
        self._causes += causes[:, :, None] * causes[:, None, :]
        self._answers *= kept[:, None]
        self._answers += causes * acceleration[:, None]
        found = self._solve()
        quick = np.where(moves, _SEARCH, _PROBE)
        slow = np.where(moves, _GROWTH, 1.0)
        most = np.where(self._answered, slow, quick) * self._value
        self._answered |= (found <= most) & (found >= _NEAR * self._value)
        bounded = np.clip(found, _FALL * self._value, most)
        self._value = np.minimum(bounded, self._heaviest)

    def _moves(self, v: Array) -> NDArray[np.bool_]:
        return np.asarray(np.abs(v) > _REST * self._speed)

    def _solve(self) -> Array:
        """Return the inertias that fit best, [n]; infinite where there was no answer."""
        n = len(self._speed)
        size = np.sqrt(np.einsum("ijj->ij", self._causes))
        size[size == 0.0] = 1.0  # what never changed has no answer
        alike = self._causes / (size[:, :, None] * size[:, None, :]) + _RIDGE * np.eye(n + 1)
        answers = np.linalg.solve(alike, (self._answers / size)[:, :, None])[:, :, 0] / size
        mobility = (1.0 + _RIDGE) * np.diagonal(answers)
        inertia: Array = np.divide(1.0, mobility, out=np.full(n, np.inf), where=mobility > 0.0)
        return inertia
