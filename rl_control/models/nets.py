"""An ensemble of probabilistic neural networks that predict accelerations.

Each of K members is a multilayer perceptron from the features of (q, v, u) to a mean and a log
variance per joint. Where the members disagree, the ensemble has seen no data (epistemic); what
each predicts as variance is noise (aleatoric).

Source: Chua, Calandra, McAllister, Levine, Deep reinforcement learning in a handful of trials
using probabilistic dynamics models (PETS), 2018; log-variance bounds in its appendix A.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from rl_control.errors import ModelError, ShapeError
from rl_control.models.features import Features
from rl_control.types import Array

_VECTORS = (
    "input_mean",
    "input_scale",
    "output_mean",
    "output_scale",
    "least_log_variance",
    "greatest_log_variance",
    "spread",
)


@dataclass(frozen=True)
class NetEnsemble:
    """K networks of one shape, with SiLU between layers; outputs in joint units / s^2.

    Networks see (features - input_mean) / input_scale and give 2n numbers: the mean, as
    (acceleration - output_mean) / output_scale, and the log variance of that, before bounds.

    Attributes:
        features: what the networks see, f numbers.
        weights: of layer l, [K, out, in]; f enter the first, 2n leave the last.
        biases: of layer l, [K, out].
        input_mean: [f].
        input_scale: [f], positive.
        output_mean: [n].
        output_scale: [n], positive.
        least_log_variance: soft lower bound of each member, [K, n].
        greatest_log_variance: soft upper bound of each member, [K, n].
        spread: factor on every predicted standard deviation, [n], from calibration.

    Raises:
        ShapeError: if a shape does not fit the others.
    """

    features: Features
    weights: tuple[Array, ...]
    biases: tuple[Array, ...]
    input_mean: Array
    input_scale: Array
    output_mean: Array
    output_scale: Array
    least_log_variance: Array
    greatest_log_variance: Array
    spread: Array

    def __post_init__(self) -> None:
        f, n, count = self.features.size, self.features.n, self.members
        if len(self.biases) != len(self.weights):
            raise ShapeError("nets: biases", len(self.biases), len(self.weights))
        sizes = (f, *(bias.shape[-1] for bias in self.biases[:-1]), 2 * n)
        for layer, (into, out) in enumerate(pairwise(sizes)):
            self._check(f"weights.{layer}", self.weights[layer], (count, out, into))
            self._check(f"biases.{layer}", self.biases[layer], (count, out))
        shapes = [(f,), (f,), (n,), (n,), (count, n), (count, n), (n,)]
        for name, shape in zip(_VECTORS, shapes, strict=True):
            self._check(name, getattr(self, name), shape)

    @property
    def members(self) -> int:
        """Number of networks K."""
        return len(self.weights[0])

    @property
    def hidden(self) -> tuple[int, ...]:
        """Sizes of the hidden layers."""
        return tuple(bias.shape[1] for bias in self.biases[:-1])

    def predict(self, x: Array, u: Array) -> tuple[Array, Array]:
        """Return each member's mean and standard deviation, both [K, B, n].

        Args:
            x: states (q, v), [B, 2n].
            u: efforts, [B, n].
        """
        return self._scaled(self._forward(self._inputs(x, u), slice(None))[0], slice(None))

    def members_mean(self, x: Array, u: Array) -> Array:
        """Return each member's mean, [K, B, n]."""
        return self._mean_of(self._forward(self._inputs(x, u), slice(None))[0])

    def mean(self, x: Array, u: Array) -> Array:
        """Return the mean over the members, [B, n]."""
        return self.members_mean(x, u).mean(axis=0)

    def deviations(self, x: Array, u: Array) -> tuple[Array, Array]:
        """Return standard deviations: (epistemic [B, n], aleatoric [B, n]), both with `spread`.

        The first is that of the members' means, the second the root of their mean variance.
        """
        means, deviations = self.predict(x, u)
        return means.std(axis=0) * self.spread, np.sqrt((deviations**2).mean(axis=0))

    def std(self, x: Array, u: Array) -> Array:
        """Return the standard deviation of disagreement and noise together, [B, n]."""
        return np.hypot(*self.deviations(x, u))

    def sample(self, x: Array, u: Array, member: NDArray[np.int64], rng: Generator) -> Array:
        """Draw accelerations, [B, n], each from the one member that `member` [B] names."""
        inputs = self._inputs(x, u)
        means, deviations = np.empty((2, len(x), self.features.n))
        for k in range(self.members):
            chosen, one = member == k, slice(k, k + 1)
            outputs = self._forward(inputs[chosen], one)[0]
            (means[chosen],), (deviations[chosen],) = self._scaled(outputs, one)
        return means + deviations * rng.standard_normal(means.shape)

    def linearize(self, x: Array, u: Array) -> tuple[Array, Array]:
        """Return the mean over the members, [B, n], and its derivatives, [B, n, 3n]."""
        means, slopes = self._by_features(x, u)
        return means.mean(axis=0), self.features.pull_back(x, slopes.mean(axis=0))

    def linearize_members(self, x: Array, u: Array) -> tuple[Array, Array]:
        """Return the members' means, [K, B, n], and their derivatives, [K, B, n, 3n].

        Derivatives are by (q, v, u).
        """
        means, slopes = self._by_features(x, u)
        return means, self.features.pull_back(x, slopes)

    def shrunk(self, share: Array) -> NetEnsemble:
        """Return the ensemble with means `share` [n] times as large."""
        n = self.features.n
        last, bias = self.weights[-1].copy(), self.biases[-1].copy()
        last[:, :n] *= share[:, None]
        bias[:, :n] *= share
        return replace(
            self,
            weights=(*self.weights[:-1], last),
            biases=(*self.biases[:-1], bias),
            output_mean=self.output_mean * share,
        )

    def renormalized(
        self, input_mean: Array, input_scale: Array, output_mean: Array, output_scale: Array
    ) -> NetEnsemble:
        """Return the same function, written for other normalisers."""
        n = self.features.n
        weights, biases = ([layer.copy() for layer in kind] for kind in (self.weights, self.biases))
        biases[0] += weights[0] @ ((input_mean - self.input_mean) / self.input_scale)
        weights[0] *= input_scale / self.input_scale
        ratio = self.output_scale / output_scale
        weights[-1][:, :n] *= ratio[:, None]
        biases[-1][:, :n] *= ratio
        biases[-1][:, :n] += (self.output_mean - output_mean) / output_scale
        # The soft bounds move with what they bound.
        shift = 2.0 * np.log(ratio)
        biases[-1][:, n:] += shift
        return replace(
            self,
            weights=tuple(weights),
            biases=tuple(biases),
            input_mean=input_mean,
            input_scale=input_scale,
            output_mean=output_mean,
            output_scale=output_scale,
            least_log_variance=self.least_log_variance + shift,
            greatest_log_variance=self.greatest_log_variance + shift,
        )

    def arrays(self) -> dict[str, Array]:
        """Return all that makes the ensemble, for saving."""
        layers = {f"weights.{layer}": weight for layer, weight in enumerate(self.weights)}
        layers.update({f"biases.{layer}": bias for layer, bias in enumerate(self.biases)})
        vectors = {name: getattr(self, name) for name in _VECTORS}
        return {"turning": np.array(self.features.turning, dtype=np.float64), **layers, **vectors}

    @staticmethod
    def from_arrays(arrays: Mapping[str, Array], source: object = "nets") -> NetEnsemble:
        """Return the ensemble that `arrays()` gave.

        Args:
            arrays: as `arrays()` returns them.
            source: where they come from; named in errors.

        Raises:
            ModelError: if one is missing or not finite.
            ShapeError: if one does not fit the others.
        """
        kinds = ("weights", "biases")
        layers = max(sum(name.startswith(f"{kind}.") for name in arrays) for kind in kinds)
        parts = [f"{kind}.{layer}" for kind in kinds for layer in range(max(layers, 1))]
        for name in ("turning", *parts, *_VECTORS):
            if name not in arrays or not np.isfinite(arrays[name]).all():
                problem = f"'{name}' is {'not finite' if name in arrays else 'missing'}"
                raise ModelError(source, problem, "Fit the model again.")
        return NetEnsemble(
            Features(tuple(bool(turns) for turns in arrays["turning"])),
            tuple(arrays[name] for name in parts[: len(parts) // 2]),
            tuple(arrays[name] for name in parts[len(parts) // 2 :]),
            **{name: arrays[name] for name in _VECTORS},
        )

    def _inputs(self, x: Array, u: Array) -> Array:
        return (self.features(x, u) - self.input_mean) / self.input_scale

    def _forward(self, inputs: Array, which: slice) -> tuple[Array, list[tuple[Array, Array]]]:
        """Return the outputs of the members `which`, and a and sigmoid(a) of hidden layers."""
        h, hidden = inputs, []
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            a = h @ weight[which].transpose(0, 2, 1) + bias[which, None]
            s = 0.5 + 0.5 * np.tanh(0.5 * a)
            h = a * s
            hidden.append((a, s))
        last, bias = self.weights[-1], self.biases[-1]
        return h @ last[which].transpose(0, 2, 1) + bias[which, None], hidden

    def _by_features(self, x: Array, u: Array) -> tuple[Array, Array]:
        """Return the members' means and their derivatives by the features, [K, B, n, f].

        By reverse accumulation: rows of n outputs go back through the layers, those of all
        points in one product a layer and member.
        """
        n, size = self.features.n, len(x)
        outputs, hidden = self._forward(self._inputs(x, u), slice(None))
        last = self.weights[-1][:, None, :n] * self.output_scale[:, None]
        rows = np.repeat(last, size, axis=1)
        for weight, (a, s) in zip(self.weights[-2::-1], hidden[::-1], strict=True):
            rows *= (s * (1.0 + a * (1.0 - s)))[:, :, None]
            product = rows.reshape(self.members, size * n, -1) @ weight
            rows = product.reshape(self.members, size, n, -1)
        return self._mean_of(outputs), rows / self.input_scale

    def _mean_of(self, outputs: Array) -> Array:
        return outputs[..., : self.features.n] * self.output_scale + self.output_mean

    def _scaled(self, outputs: Array, which: slice) -> tuple[Array, Array]:
        """Return mean and standard deviation in joint units / s^2 of outputs [members, B, 2n]."""
        log_variance = bounded(
            outputs[..., self.features.n :],
            self.least_log_variance[which, None],
            self.greatest_log_variance[which, None],
        )
        return self._mean_of(outputs), np.exp(0.5 * log_variance) * self.output_scale * self.spread

    @staticmethod
    def _check(name: str, found: Array, shape: tuple[int, ...]) -> None:
        if found.shape != shape:
            raise ShapeError(f"nets: {name}", found.shape, shape)


def bounded(log_variance: Array, least: Array, greatest: Array) -> Array:
    """Return the log variance, softly kept between its bounds.

    Source: Chua et al. 2018, appendix A.1.
    """
    below = greatest - np.logaddexp(0.0, greatest - log_variance)
    return least + np.logaddexp(0.0, below - least)
