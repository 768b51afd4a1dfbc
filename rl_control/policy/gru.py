"""A policy with memory: one layer of gated recurrent units, for what a single look does not show.

    r = s(W_r [o, h] + b_r),  z = s(W_z [o, h] + b_z)
    c = tanh(W_c o + b_c + r (U_c h + d_c)),   h' = (1 - z) c + z h,   u = V h' + v

Source: Cho et al., "Learning phrase representations using RNN encoder-decoder for statistical
machine translation" (2014), with the reset gate behind the product, as in torch.nn.GRU.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rl_control.policy.mlp import Normaliser
from rl_control.policy.policy import PolicyFacts
from rl_control.types import Array


@dataclass(frozen=True)
class GruPolicy:
    """A recurrent `NeuralPolicy` of m units.

    Attributes:
        facts: what is true of it.
        normaliser: of the observations.
        by_input: weights of the observation: reset, update and candidate, [3 m, no].
        by_memory: weights of the memory, the same order, [3 m, m].
        input_bias: [3 m].
        memory_bias: [3 m].
        head: [nu, m].
        head_bias: [nu].
        scale: units of the controls, [nu].
    """

    facts: PolicyFacts
    normaliser: Normaliser
    by_input: Array
    by_memory: Array
    input_bias: Array
    memory_bias: Array
    head: Array
    head_bias: Array
    scale: Array

    @property
    def units(self) -> int:
        """Number of units m."""
        return self.by_memory.shape[1]

    def start(self, batch: int) -> Array:
        """Return the memory at the start of a run, [batch, m]."""
        return np.zeros((batch, self.units))

    def step(self, o: Array, memory: Array) -> tuple[Array, Array]:
        """Return the mean controls without the base, [B, nu], and the memory after, [B, m]."""
        m = self.units
        seen = self.normaliser(o) @ self.by_input.T + self.input_bias
        kept = memory @ self.by_memory.T + self.memory_bias
        reset = _sigmoid(seen[:, :m] + kept[:, :m])
        update = _sigmoid(seen[:, m : 2 * m] + kept[:, m : 2 * m])
        candidate = np.tanh(seen[:, 2 * m :] + reset * kept[:, 2 * m :])
        memory = (1.0 - update) * candidate + update * memory
        return np.asarray((memory @ self.head.T + self.head_bias) * self.scale), memory


def _sigmoid(x: Array) -> Array:
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * x)))
