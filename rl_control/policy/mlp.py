"""A policy without memory: a multilayer perceptron from the observation to the controls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rl_control.policy.policy import PolicyFacts
from rl_control.types import Array


@dataclass(frozen=True)
class Normaliser:
    """Puts observations in units of their spread.

    Attributes:
        mean: [no].
        scale: [no], positive.
    """

    mean: Array
    scale: Array

    @staticmethod
    def of(o: Array) -> Normaliser:
        """Return that of observations [M, no]; what does not vary is left out."""
        spread = o.std(axis=0)
        # An entry that never varied says nothing; what it may become must not matter.
        least = 1e-6 * np.maximum(np.abs(o).max(axis=0), 1e-6)
        return Normaliser(o.mean(axis=0), np.where(spread > least, spread, np.inf))

    def __call__(self, o: Array) -> Array:
        """Return observations [..., no] in those units."""
        return (o - self.mean) / self.scale


@dataclass(frozen=True)
class MlpPolicy:
    """A `NeuralPolicy` with tanh between layers.

    Attributes:
        facts: what is true of it.
        normaliser: of the observations.
        weights: of layer l, [out, in]; no enter the first, nu leave the last.
        biases: of layer l, [out].
        scale: units of the controls, [nu].
    """

    facts: PolicyFacts
    normaliser: Normaliser
    weights: tuple[Array, ...]
    biases: tuple[Array, ...]
    scale: Array

    def start(self, batch: int) -> Array:
        """Return a memory of no entries, [batch, 0]."""
        return np.zeros((batch, 0))

    def step(self, o: Array, memory: Array) -> tuple[Array, Array]:
        """Return the mean controls without the base, [B, nu], and the memory as it is."""
        return self.mean(o), memory

    def mean(self, o: Array) -> Array:
        """Return the mean controls without the base, [B, nu], for observations [B, no]."""
        h = self.normaliser(o)
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            h = np.tanh(h @ weight.T + bias)
        return np.asarray((h @ self.weights[-1].T + self.biases[-1]) * self.scale)

    def jacobian(self, o: Array) -> Array:
        """Return how the mean controls depend on the observations, [B, nu, no]."""
        h = self.normaliser(o)
        slope = np.broadcast_to(
            np.diag(1.0 / self.normaliser.scale), (len(o), o.shape[1], o.shape[1])
        )
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            h = np.tanh(h @ weight.T + bias)
            slope = (1.0 - h**2)[..., None] * (weight @ slope)
        return np.asarray(self.scale[:, None] * (self.weights[-1] @ slope))
