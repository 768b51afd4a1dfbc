"""The same networks in torch, with derivatives by automatic differentiation.

The writings do the same arithmetic; which is quicker is for the benchmark to say. Members are
around the function that is mapped over nodes: inside it, their weights would be copied for every
node, which takes ten times as long with five of them in double precision.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.func import jacrev, vjp, vmap
from torch.nn.functional import linear, silu

from rl_control.models.nets import NetEnsemble
from rl_control.types import Array

Layers = Sequence[tuple[Tensor, Tensor]]


class JacrevNets:
    """A `Residual` whose slopes are `vmap(jacrev)`: over nodes, and over members around that.

    Args:
        nets: the ensemble; all joints turn.
        dtype: what torch computes in.
    """

    def __init__(self, nets: NetEnsemble, dtype: torch.dtype) -> None:
        f, n = nets.features.size, nets.features.n
        # Normalisers folded into the weights: fewer operations.
        plain = nets.renormalized(np.zeros(f), np.ones(f), np.zeros(n), np.ones(n))
        layers = [list(pair) for pair in zip(plain.weights, plain.biases, strict=True)]
        layers[-1] = [part[:, :n] for part in layers[-1]]  # the mean alone
        self._dtype, self._n = dtype, n
        self._layers: Layers = [
            (torch.tensor(weight, dtype=dtype), torch.tensor(bias, dtype=dtype))
            for weight, bias in layers
        ]

    def mean(self, x: Array, u: Array) -> Array:
        """Return the mean over the members, [B, n]."""
        with torch.no_grad():
            return self._array(self._whole(self._tensor(x, u)))

    def linearize(self, x: Array, u: Array) -> tuple[Array, Array]:
        """Return the mean over the members, [B, n], and its derivatives, [B, n, 3n]."""
        mean, slopes = self._slopes(self._tensor(x, u))
        return self._array(mean), self._array(slopes)

    def std(self, x: Array, u: Array) -> Array:
        """Return zeros, [B, n]: nothing asks for it here."""
        return np.zeros_like(u)

    def _slopes(self, z: Tensor) -> tuple[Tensor, Tensor]:
        def of_member(layers: Layers) -> tuple[Tensor, Tensor]:
            def twice(one: Tensor) -> tuple[Tensor, Tensor]:
                mean = self._member(layers, one)
                return mean, mean

            return vmap(jacrev(twice, has_aux=True))(z)

        if len(self._layers[0][0]) == 1:
            slopes, mean = of_member([(weight[0], bias[0]) for weight, bias in self._layers])
            return mean, slopes
        slopes, means = vmap(of_member)(self._layers)
        return means.mean(dim=0), slopes.mean(dim=0)

    def _member(self, layers: Layers, z: Tensor) -> Tensor:
        """One member's mean, [n], at one node z = (q, v, u), [3n]."""
        h = self._features(z)
        *hidden, last = layers
        for weight, bias in hidden:
            h = silu(linear(h, weight, bias))
        return linear(h, *last)

    def _whole(self, z: Tensor) -> Tensor:
        """The mean over the members, [B, n], at all nodes, [B, 3n]."""
        h = self._features(z).expand(len(self._layers[0][0]), -1, -1)
        *hidden, (last, end) = self._layers
        for weight, bias in hidden:
            h = silu(torch.baddbmm(bias[:, None], h, weight.mT))
        return torch.baddbmm(end[:, None], h, last.mT).mean(dim=0)

    def _features(self, z: Tensor) -> Tensor:
        q = z[..., : self._n]
        return torch.cat([q.sin(), q.cos(), z[..., self._n :]], dim=-1)

    def _tensor(self, x: Array, u: Array) -> Tensor:
        return torch.from_numpy(np.hstack([x, u])).to(self._dtype)

    @staticmethod
    def _array(values: Tensor) -> Array:
        return values.numpy().astype(np.float64, copy=False)


class VjpNets(JacrevNets):
    """The same with one forward pass of all nodes and members, and `vmap` of its `vjp` over rows.

    Nodes do not depend on each other, so that n rows give every node's slopes.
    """

    def _slopes(self, z: Tensor) -> tuple[Tensor, Tensor]:
        mean, back = vjp(self._whole, z)
        rows = torch.eye(self._n, dtype=self._dtype)[:, None].expand(-1, *mean.shape)
        (slopes,) = vmap(back)(rows)
        return mean, slopes.transpose(0, 1)


class CompiledNets(JacrevNets):
    """`vmap(jacrev)` through `torch.compile`, which needs a C++ compiler and some seconds."""

    def __init__(self, nets: NetEnsemble, dtype: torch.dtype) -> None:
        super().__init__(nets, dtype)
        self._quick_slopes = torch.compile(super()._slopes, dynamic=False)
        self._quick_mean = torch.compile(super()._whole, dynamic=False)

    def _slopes(self, z: Tensor) -> tuple[Tensor, Tensor]:
        return self._quick_slopes(z)

    def _whole(self, z: Tensor) -> Tensor:
        return self._quick_mean(z)
