"""What the members of an ensemble say together, as kernel calls on lanes."""

from __future__ import annotations

import casadi as ca
import numpy as np

from rl_control.control.doubt import doubt, doubt_expansion
from rl_control.kernels import Call, Port, compile_kernel
from rl_control.models.net_kernels import NetKernels
from rl_control.types import Array


class Blend:
    """The mean over members, and how much they disagree.

    Attributes:
        doubts: whether there are members to disagree; a single one is taken at its word.
        scale: weights of the disagreement, [n]; to be written.
    """

    def __init__(self, nets: NetKernels, name: str) -> None:
        self.nets, self._name = nets, name
        self.doubts = nets.members > 1
        self.scale: Array = np.ones(nets.features.n)

    def values(self) -> tuple[list[Call], list[Array]]:
        """Calls after `NetKernels.forward`, and where the results are: mean [n], cost [1]."""
        if not self.doubts:
            return [], [self.nets.means[0]]
        means, scale = self._symbols()
        outputs = [ca.sum2(means) / self.nets.members, doubt(means, scale)]
        return self._compiled("value", [ca.vec(means), scale], [self.nets.means], outputs)

    def slopes(self) -> tuple[list[Call], list[Array]]:
        """Calls after `NetKernels.forward_and_back`, and where the results are.

        These are the mean [n], its slopes by (q, v, u) by rows [3n n], and `doubt_expansion`.
        """
        nets, n = self.nets, self.nets.features.n
        if not self.doubts:
            return [], [nets.means[0], nets.slopes[0].reshape(3 * n * n, -1)]
        means, scale = self._symbols()
        by = [ca.SX.sym(f"by{k}", 3 * n, n) for k in range(nets.members)]
        together = sum(by[1:], by[0]) / nets.members
        mean = ca.sum2(means) / nets.members
        outputs = [mean, ca.vec(together), doubt_expansion(means, by, scale)]
        given = [ca.vec(means), scale, ca.vertcat(*[ca.vec(b) for b in by])]
        return self._compiled("slopes", given, [nets.means, nets.slopes], outputs)

    def _symbols(self) -> tuple[ca.SX, ca.SX]:
        n = self.nets.features.n
        return ca.SX.sym("means", n, self.nets.members), ca.SX.sym("scale", n)

    def _compiled(
        self, what: str, given: list[ca.SX], read: list[Array], outputs: list[ca.SX]
    ) -> tuple[list[Call], list[Array]]:
        """One call of a kernel; its second argument is the scale."""
        name = f"{self._name}_{what}"
        ports = [Port("lanes")] * len(given)
        ports[1] = Port("uniform", len(self.scale), step=0)
        results = [Port("lanes")] * len(outputs)
        kernel = compile_kernel(ca.Function(name, given, ca.cse(outputs)), ports, results, name)
        found: list[Array] = [np.zeros((out.numel(), kernel.lanes)) for out in outputs]
        return [Call(kernel, [read[0], self.scale, *read[1:], *found])], found
