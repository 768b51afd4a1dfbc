"""A neural ensemble as kernels: means and slopes on lanes, with all weights in memory.

The order of the calls is the network: features, then for each member layer by layer forwards, and
layer by layer back. Normalisers are folded into the first and the last layer.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import casadi as ca
import numpy as np

from rl_control.errors import ModelError
from rl_control.kernels import Call, Kernel, Port, compile_dense, compile_kernel, kernel_lanes
from rl_control.models.features import Features
from rl_control.models.nets import NetEnsemble


class NetKernels:
    """The memory and the calls that evaluate an ensemble of one shape; L lanes at a time.

    Attributes:
        inputs: where the features are read, [f, L].
        means: where the members' accelerations are written, [K, n, L].
        slopes: where their derivatives by (q, v, u) are written, [K, n, 3n, L].
    """

    def __init__(self, features: Features, members: int, hidden: Sequence[int]) -> None:
        """Allocate the memory and compile the parts.

        Args:
            features: what the networks see.
            members: number of networks K.
            hidden: sizes of the hidden layers, at least one.
        """
        n, lanes = features.n, kernel_lanes()
        self.features, self.members, self.hidden = features, members, tuple(hidden)
        self.inputs = np.zeros((features.size, lanes))
        self.means = np.zeros((members, n, lanes))
        self.slopes = np.zeros((members, n, 3 * n, lanes))
        sizes = (features.size, *self.hidden, n)
        self._weights = [
            [np.zeros((out, into)) for into, out in pairwise(sizes)] for _ in range(members)
        ]
        self._turned = [[w.T.copy() for w in weights[:-1]] for weights in self._weights]
        self._biases = [[np.zeros(out) for out in sizes[1:]] for _ in range(members)]
        self._sums = [np.zeros((size, lanes)) for size in self.hidden]
        self._values = [np.zeros((size, lanes)) for size in self.hidden]
        self._curves = [np.zeros((size, lanes)) for size in self.hidden]
        self._rows = [np.zeros((n, size, lanes)) for size in sizes[:-1]]
        self._nothing = np.zeros(max(sizes))
        self._parts = _Parts(features, self.hidden)

    def check_shape(self, nets: NetEnsemble) -> None:
        """Refuse an ensemble of another shape.

        Raises:
            ModelError: if so.
        """
        found = (nets.features, nets.members, nets.hidden)
        allowed = (self.features, self.members, self.hidden)
        if found != allowed:
            raise ModelError(
                "nets",
                f"found {nets.members} members with layers {nets.hidden}, "
                f"compiled for {self.members} with {self.hidden}",
                "Start the controller again for a model of another shape.",
            )

    def load(self, nets: NetEnsemble) -> None:
        """Take other weights; the calls then compute with them.

        Raises:
            ModelError: if the ensemble has another shape.
        """
        self.check_shape(nets)
        n = self.features.n
        for k in range(self.members):
            weights = [layer[k].copy() for layer in nets.weights]
            biases = [layer[k].copy() for layer in nets.biases]
            biases[0] -= weights[0] @ (nets.input_mean / nets.input_scale)
            weights[0] /= nets.input_scale
            weights[-1] = weights[-1][:n] * nets.output_scale[:, None]
            biases[-1] = biases[-1][:n] * nets.output_scale + nets.output_mean
            for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
                self._weights[k][layer][:] = weight
                self._biases[k][layer][:] = bias
            for layer, turned in enumerate(self._turned[k]):
                turned[:] = weights[layer].T

    def forward(self) -> list[Call]:
        """Calls that write `means` for the features in `inputs`."""
        return [call for k in range(self.members) for call in self._member_forward(k)]

    def forward_and_back(self) -> list[Call]:
        """Calls that write `means` and `slopes`."""
        return [
            call
            for k in range(self.members)
            for call in (*self._member_forward(k), *self._member_back(k))
        ]

    def _member_forward(self, k: int) -> list[Call]:
        calls, into = [], self.inputs
        for layer, (dense, size) in enumerate(zip(self._parts.dense, self.hidden, strict=False)):
            weight, bias, total = self._weights[k][layer], self._biases[k][layer], self._sums[layer]
            value, curve = self._values[layer], self._curves[layer]
            calls.append(Call(dense, [weight, bias, into, total]))
            calls.append(Call(self._parts.activation, [total, value, curve], blocks=size))
            into = value
        last = [self._weights[k][-1], self._biases[k][-1], into, self.means[k]]
        return [*calls, Call(self._parts.dense[-1], last)]

    def _member_back(self, k: int) -> list[Call]:
        n, parts = self.features.n, self._parts
        first = [self._weights[k][-1], self._curves[-1], self._rows[-1]]
        calls = [Call(parts.start, first, blocks=n)]
        for layer in reversed(range(len(self.hidden))):
            product = [self._turned[k][layer], self._nothing, self._rows[layer + 1]]
            calls.append(Call(parts.turned[layer], [*product, self._rows[layer]], blocks=n))
            if layer:
                scaled = [self._rows[layer], self._curves[layer - 1], self._rows[layer]]
                calls.append(Call(parts.scaled[layer - 1], scaled, blocks=n))
        back = [self._rows[0], self.inputs, self.slopes[k]]
        return [*calls, Call(parts.pull_back, back, blocks=n)]


class _Parts:
    """The compiled parts; they hold no weights."""

    def __init__(self, features: Features, hidden: tuple[int, ...]) -> None:
        n, f = features.n, features.size
        sizes = (f, *hidden, n)
        pairs = list(pairwise(sizes))
        self.dense = [compile_dense(into, out) for into, out in pairs]
        self.turned = [compile_dense(out, into) for into, out in pairs[:-1]]
        h = ca.SX.sym("h")
        share = 1 / (1 + ca.exp(-h))
        self.activation = compile_kernel(
            ca.Function("silu", [h], [h * share, share * (1 + h * (1 - share))]),
            [Port("lanes")],
            [Port("lanes"), Port("lanes")],
            "silu",
        )
        self.start = _product(hidden[-1], Port("uniform", hidden[-1]))
        self.scaled = [_product(size, Port("lanes")) for size in hidden[:-1]]
        self.pull_back = _pull_back(features)


def feature_expression(features: Features, q: ca.SX, v: ca.SX, u: ca.SX) -> ca.SX:
    """The features of (q, v, u) as an expression, in the order of `Features`."""
    turning = [q[i] for i, turns in enumerate(features.turning) if turns]
    sliding = [q[i] for i, turns in enumerate(features.turning) if not turns]
    angles = ca.vertcat(*turning)
    return ca.vertcat(ca.sin(angles), ca.cos(angles), *sliding, v, u)


def _product(size: int, left: Port) -> Kernel:
    """Entry by entry a b, with one b for all blocks."""
    a, b = ca.SX.sym("a", size), ca.SX.sym("b", size)
    name = f"product_{left.layout}_{size}"
    function = ca.Function(name, [a, b], [a * b])
    return compile_kernel(function, [left, Port("lanes", step=0)], [Port("lanes")], name)


def _pull_back(features: Features) -> Kernel:
    """Slopes by the features [f] and the features themselves to slopes by (q, v, u), [3n]."""
    n, f = features.n, features.size
    by, z = ca.SX.sym("by", f), ca.SX.sym("z", f)
    count, sliding = sum(features.turning), 2 * sum(features.turning)
    by_q, turned, slid = [], 0, 0
    for turns in features.turning:
        if turns:
            sine, cosine = z[turned], z[count + turned]
            by_q.append(by[turned] * cosine - by[count + turned] * sine)
            turned += 1
        else:
            by_q.append(by[sliding + slid])
            slid += 1
    name = f"pull_back_{''.join('t' if turns else 's' for turns in features.turning)}"
    function = ca.Function(name, [by, z], [ca.vertcat(*by_q, by[n + count :])])
    return compile_kernel(function, [Port("lanes"), Port("lanes", step=0)], [Port("lanes")], name)
