"""A policy's network as kernel calls on lanes, with all its numbers in memory.

Another policy of the same shape is taken over by writing numbers: nothing is compiled. The
normaliser is folded into the first layer and the units of the controls into the last.
"""

from __future__ import annotations

import casadi as ca
import numpy as np

from rl_control.errors import PolicyError
from rl_control.kernels import Call, Kernel, Port, compile_dense, compile_kernel, kernel_lanes
from rl_control.policy.gru import GruPolicy
from rl_control.policy.mlp import MlpPolicy
from rl_control.types import Array

Network = MlpPolicy | GruPolicy
Numbers = list[Array]  # weights and biases in turn


class PolicyLanes:
    """The memory and the calls that evaluate a network of one shape; L lanes at a time.

    Args:
        policy: what is loaded first.

    Attributes:
        inputs: where observations are read, [no, L].
        before: where the memory of before is read, [m, L].
        after: where the memory after is written, [m, L].
        outputs: where controls without the base are written, [nu, L].
        calls: write them.
    """

    def __init__(self, policy: Network) -> None:
        lanes, memory = kernel_lanes(), memory_size(policy)
        self._shape = shape_of(policy)
        self._numbers = [array.copy() for array in _numbers(policy)]
        size = policy.facts.layout.size
        self.outputs = np.zeros((len(policy.scale), lanes))
        self.before, self.after = np.zeros((memory, lanes)), np.zeros((memory, lanes))
        if isinstance(policy, GruPolicy):
            looked_at = np.zeros((2 * size + policy.units, lanes))
            self.inputs = looked_at[:size]
            self.calls = self._recurrent(looked_at, policy.units)
        else:
            self.inputs = np.zeros((size, lanes))
            self.calls = self._layers()

    def load(self, policy: Network) -> None:
        """Compute with the numbers of `policy` from now on; not while the calls run.

        Raises:
            PolicyError: if its network is of another shape.
        """
        check_shape("policy", policy, self._shape)
        for mine, array in zip(self._numbers, _numbers(policy), strict=True):
            mine[:] = array

    def _layers(self) -> list[Call]:
        calls: list[Call] = []
        into, pairs = self.inputs, list(zip(self._numbers[::2], self._numbers[1::2], strict=True))
        for layer, (weight, bias) in enumerate(pairs):
            last = layer == len(pairs) - 1
            out = self.outputs if last else np.zeros((len(bias), into.shape[1]))
            calls.append(Call(compile_dense(len(into), len(out)), [weight, bias, into, out]))
            if not last:
                curved = np.zeros_like(out)
                calls.append(Call(_tanh(), [out, curved], blocks=len(out)))
                into = curved
        return calls

    def _recurrent(self, looked_at: Array, m: int) -> list[Call]:
        """The calls of a policy of m units; `looked_at`, [2 no + m, L], is for inputs and units."""
        by_input, input_bias, by_memory, memory_bias, head, head_bias = self._numbers
        size, lanes = self.inputs.shape
        changes, units = looked_at[size : 2 * size], looked_at[2 * size :]
        before, last, begun = self.before[:m], self.before[m:-1], self.before[-1:]
        looks = [self.inputs, last, begun, changes, self.after[m:-1], self.after[-1:]]
        seen, kept = np.zeros((3 * m, lanes)), np.zeros((3 * m, lanes))
        # A block of the gates is one unit: reset, update and candidate lie m blocks apart.
        gates = [part[k * m : (k + 1) * m] for part in (seen, kept) for k in range(3)]
        look, show = compile_dense(2 * size, 3 * m), compile_dense(len(looked_at), len(head))
        return [
            Call(_change(), looks, blocks=size),
            Call(look, [by_input, input_bias, looked_at[: 2 * size], seen]),
            Call(compile_dense(m, 3 * m), [by_memory, memory_bias, before, kept]),
            Call(_gates(), [*gates, before, self.after[:m], units], blocks=m),
            Call(show, [head, head_bias, looked_at, self.outputs]),
        ]


def memory_size(policy: Network) -> int:
    """Return how many numbers a policy remembers."""
    return policy.start(1).shape[1]


def shape_of(policy: Network) -> tuple[str, tuple[int, ...]]:
    """Return the kind of a policy's network, and the sizes of its layers."""
    size = policy.facts.layout.size
    if isinstance(policy, GruPolicy):
        return "gru", (size, policy.units, len(policy.scale))
    return "mlp", (size, *(len(weight) for weight in policy.weights))


def check_shape(source: object, policy: Network, expected: tuple[str, tuple[int, ...]]) -> None:
    """Refuse a network of another shape.

    Args:
        source: where the policy comes from, for the message.
        policy: it.
        expected: as `shape_of` says.

    Raises:
        PolicyError: if so.
    """
    found = shape_of(policy)
    if found != expected:
        texts = [f"{kind} of {'-'.join(map(str, sizes))}" for kind, sizes in (found, expected)]
        raise PolicyError(
            source,
            f"its network is a {texts[0]}, and a {texts[1]} was compiled",
            "Start the controller again for a network of another shape.",
        )


def _numbers(policy: Network) -> Numbers:
    units = policy.scale
    if isinstance(policy, GruPolicy):
        look = _folded(policy, policy.by_input, policy.input_bias)
        head, bias = _folded(policy, policy.head, policy.head_bias)
        kept = [policy.by_memory, policy.memory_bias]
        return [*look, *kept, units[:, None] * head, units * bias]
    weights, biases = list(policy.weights), list(policy.biases)
    weights[0], biases[0] = _folded(policy, weights[0], biases[0])
    weights[-1], biases[-1] = units[:, None] * weights[-1], units * biases[-1]
    return [array for pair in zip(weights, biases, strict=True) for array in pair]


def _folded(policy: Network, weight: Array, bias: Array) -> tuple[Array, Array]:
    """A layer of what is seen as one of raw observations, and of their changes if it has those."""
    size, weight = policy.facts.layout.size, weight.copy()
    weight[:, :size] /= policy.normaliser.scale
    if isinstance(policy, GruPolicy):
        weight[:, size : 2 * size] /= policy.changes
    return weight, bias - weight[:, :size] @ policy.normaliser.mean


def _tanh() -> Kernel:
    h = ca.SX.sym("h")
    function = ca.Function("policy_tanh", [h], [ca.tanh(h)])
    return compile_kernel(function, [Port("lanes")], [Port("lanes")], "policy_tanh")


def _change() -> Kernel:
    """One entry of an observation: its change, none at the first tick; and what is remembered."""
    o, last, begun = (ca.SX.sym(name) for name in ("o", "last", "begun"))
    results = [begun * (o - last), 1.0 * o, ca.SX(1.0)]
    function = ca.Function("policy_change", [o, last, begun], results)
    each, flag = Port("lanes"), Port("lanes", step=0)  # one flag for all entries
    return compile_kernel(function, [each, each, flag], [each, each, flag], "policy_change")


def _gates() -> Kernel:
    """One unit of the recurrent layer, to remember and to use."""
    seen, kept = (ca.SX.sym(letter, 3) for letter in "sk")
    before = ca.SX.sym("before")
    reset, update = (0.5 * (1 + ca.tanh(0.5 * (seen[k] + kept[k]))) for k in range(2))
    candidate = ca.tanh(seen[2] + reset * kept[2])
    after = (1 - update) * candidate + update * before
    given = [*ca.vertsplit(seen), *ca.vertsplit(kept), before]
    function = ca.Function("policy_gates", given, [after, 1.0 * after])
    return compile_kernel(function, [Port("lanes")] * 7, [Port("lanes")] * 2, "policy_gates")
