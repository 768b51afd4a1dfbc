"""A policy as machine code: one call from the observation to the controls, no library behind it.

The lanes of a kernel hold one observation here, so all but the first are idle; what counts is that
a tick costs microseconds and makes no call of Python between layers.
"""

from __future__ import annotations

import ctypes

from rl_control.kernels import compile_sequence
from rl_control.policy.lanes import Network, PolicyLanes
from rl_control.policy.policy import PolicyFacts
from rl_control.types import Array


class CompiledPolicy:
    """A `NeuralPolicy` in machine code, for one run at a time and one thread.

    Args:
        policy: what is compiled; the numbers are copied.
    """

    def __init__(self, policy: Network) -> None:
        self._policy, self._lanes = policy, PolicyLanes(policy)
        self._kernel = compile_sequence(self._lanes.calls, "policy")
        self._none = (ctypes.c_void_p * 1)()
        self._table = ctypes.addressof(self._none)

    @property
    def facts(self) -> PolicyFacts:
        """What is true of it."""
        return self._policy.facts

    def start(self, batch: int) -> Array:
        """Return the memory at the start of a run, [1, m]."""
        return self._policy.start(batch)

    def step(self, o: Array, memory: Array) -> tuple[Array, Array]:
        """Return the mean controls without the base, [1, nu], and the memory after, [1, m]."""
        lanes = self._lanes
        lanes.inputs[:, 0] = o[0]
        lanes.before[:, 0] = memory[0]
        self._kernel.call(self._table, 1)
        return lanes.outputs[:, 0][None].copy(), lanes.after[:, 0][None].copy()
