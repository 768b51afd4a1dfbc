"""A policy with memory: gated recurrent units, for what a single look does not show.

It looks at each observation o and at what changed since its last tick; N is the normaliser, s the
usual sizes of such changes, and g the logistic function:

    i = [N(o), (o - o') / s]
    r = g(A_r i + a_r + B_r h + b_r),  z = g(A_z i + a_z + B_z h + b_z)
    c = tanh(A_c i + a_c + r (B_c h + b_c)),   h' = (1 - z) c + z h
    u = V [i, h'] + v

Positions a tick apart tell a velocity, but differ by a hundredth of their range: units that see no
changes must first learn to subtract them.

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

    It remembers its units, [m], the last observation, [no], and 1 if there was one.

    Attributes:
        facts: what is true of it.
        normaliser: of the observations.
        changes: units of their changes from tick to tick, [no]; infinite for what never changed.
        by_input: weights of what it looks at: reset, update and candidate, [3 m, 2 no].
        by_memory: weights of the units before, the same order, [3 m, m].
        input_bias: [3 m].
        memory_bias: [3 m].
        head: from what it looks at and from the units after, [nu, 2 no + m].
        head_bias: [nu].
        scale: units of the controls, [nu].
    """

    facts: PolicyFacts
    normaliser: Normaliser
    changes: Array
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
        """Return the memory at the start of a run, [batch, m + no + 1]."""
        return np.zeros((batch, self.units + len(self.changes) + 1))

    def step(self, o: Array, memory: Array) -> tuple[Array, Array]:
        """Return the mean controls without the base, [B, nu], and the memory after."""
        m = self.units
        h, last, begun = memory[:, :m], memory[:, m:-1], memory[:, -1:]
        inputs = np.hstack([self.normaliser(o), begun * (o - last) / self.changes])
        seen = inputs @ self.by_input.T + self.input_bias
        kept = h @ self.by_memory.T + self.memory_bias
        reset = _sigmoid(seen[:, :m] + kept[:, :m])
        update = _sigmoid(seen[:, m : 2 * m] + kept[:, m : 2 * m])
        candidate = np.tanh(seen[:, 2 * m :] + reset * kept[:, 2 * m :])
        h = (1.0 - update) * candidate + update * h
        u = (np.hstack([inputs, h]) @ self.head.T + self.head_bias) * self.scale
        return np.asarray(u), np.hstack([h, o, np.ones_like(begun)])

    def looked_at(self, o: Array) -> Array:
        """Return what the units look at along observations [N, T, no] of runs, [N, T, 2 no]."""
        change = np.diff(o, axis=1, prepend=o[:, :1])
        return np.concatenate([self.normaliser(o), change / self.changes], axis=-1)


def _sigmoid(x: Array) -> Array:
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * x)))
