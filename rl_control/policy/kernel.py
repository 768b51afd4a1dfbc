"""A policy as machine code: one call from the observation to the controls, no library behind it.

The lanes of a kernel hold one observation here, so all but the first are idle; what counts is that
a tick costs microseconds and makes no call of Python between layers.
"""

from __future__ import annotations

import ctypes

import casadi as ca
import numpy as np

from rl_control.kernels import Call, Kernel, Port, compile_dense, compile_kernel, compile_sequence
from rl_control.kernels.kernel import kernel_lanes
from rl_control.policy.gru import GruPolicy
from rl_control.policy.mlp import MlpPolicy
from rl_control.policy.policy import PolicyFacts
from rl_control.types import Array


class CompiledPolicy:
    """A `NeuralPolicy` in machine code, for one run at a time and one thread.

    Args:
        policy: what is compiled; the numbers are copied.
    """

    def __init__(self, policy: MlpPolicy | GruPolicy) -> None:
        self._policy = policy
        lanes = kernel_lanes()
        parts = _gru(policy, lanes) if isinstance(policy, GruPolicy) else _mlp(policy, lanes)
        self._calls, self._o, self._before, self._after, self._u = parts
        self._kernel = compile_sequence(self._calls, "policy")
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
        self._o[:, 0] = o[0]
        if memory.shape[1]:
            self._before[:, 0] = memory[0]
        self._kernel.call(self._table, 1)
        return self._u[:, 0][None].copy(), self._after[:, 0][None].copy()


Parts = tuple[list[Call], Array, Array, Array, Array]


def _mlp(policy: MlpPolicy, lanes: int) -> Parts:
    weights, biases = _folded(policy)
    o = np.zeros((weights[0].shape[1], lanes))
    calls, into = [], o
    for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        size = len(bias)
        out = np.zeros((size, lanes))
        calls.append(Call(compile_dense(weight.shape[1], size), [weight, bias, into, out]))
        if layer < len(weights) - 1:
            curved = np.zeros((size, lanes))
            calls.append(Call(_tanh(), [out, curved], blocks=size))
            out = curved
        into = out
    nothing = np.zeros((0, lanes))
    return calls, o, nothing, nothing, into


def _gru(policy: GruPolicy, lanes: int) -> Parts:
    m, normaliser = policy.units, policy.normaliser
    by_input = policy.by_input / normaliser.scale
    input_bias = policy.input_bias - by_input @ normaliser.mean
    o = np.zeros((by_input.shape[1], lanes))
    before, after = np.zeros((m, lanes)), np.zeros((m, lanes))
    seen, kept = np.zeros((3 * m, lanes)), np.zeros((3 * m, lanes))
    head = policy.scale[:, None] * policy.head
    head_bias = policy.scale * policy.head_bias
    u = np.zeros((len(head), lanes))
    calls = [
        Call(compile_dense(o.shape[0], 3 * m), [by_input, input_bias, o, seen]),
        Call(
            compile_dense(m, 3 * m),
            [policy.by_memory.copy(), policy.memory_bias.copy(), before, kept],
        ),
        # A block is one unit: the three gates lie m blocks apart.
        Call(
            _gates(),
            [
                *(part[k * m : (k + 1) * m] for part in (seen, kept) for k in range(3)),
                before,
                after,
            ],
            blocks=m,
        ),
        Call(compile_dense(m, len(head)), [head, head_bias, after, u]),
    ]
    return calls, o, before, after, u


def _folded(policy: MlpPolicy) -> tuple[list[Array], list[Array]]:
    """The layers with normaliser and units inside."""
    weights = [weight.copy() for weight in policy.weights]
    biases = [bias.copy() for bias in policy.biases]
    weights[0] = weights[0] / policy.normaliser.scale
    biases[0] = biases[0] - weights[0] @ policy.normaliser.mean
    weights[-1] = policy.scale[:, None] * weights[-1]
    biases[-1] = policy.scale * biases[-1]
    return weights, biases


def _tanh() -> Kernel:
    h = ca.SX.sym("h")
    return compile_kernel(
        ca.Function("policy_tanh", [h], [ca.tanh(h)]),
        [Port("lanes")],
        [Port("lanes")],
        "policy_tanh",
    )


def _gates() -> Kernel:
    """One unit of the recurrent layer."""
    seen, kept = [ca.SX.sym(f"s{k}") for k in range(3)], [ca.SX.sym(f"k{k}") for k in range(3)]
    before = ca.SX.sym("before")
    reset, update = (0.5 * (1 + ca.tanh(0.5 * (seen[k] + kept[k]))) for k in range(2))
    candidate = ca.tanh(seen[2] + reset * kept[2])
    after = (1 - update) * candidate + update * before
    return compile_kernel(
        ca.Function("policy_gates", [*seen, *kept, before], [after]),
        [Port("lanes")] * 7,
        [Port("lanes")],
        "policy_gates",
    )
