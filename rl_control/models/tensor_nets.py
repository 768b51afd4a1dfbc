"""An ensemble of networks on torch tensors, for planners that roll out many states at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from rl_control.kernels.arrays import normal
from rl_control.models.nets import NetEnsemble
from rl_control.types import Array


class TensorNets:
    """`NetEnsemble` with weights on a device; all members are evaluated in one product a layer.

    Args:
        nets: the ensemble.
        place: puts a host array on the device.
    """

    def __init__(self, nets: NetEnsemble, place: Callable[[Array], Any]) -> None:
        self.members = nets.members
        self._n = nets.features.n
        turning = torch.as_tensor(nets.features.turning)
        device = place(nets.spread).device
        self._turning = turning.nonzero()[:, 0].to(device)
        self._sliding = (~turning).nonzero()[:, 0].to(device)
        self._weights = [place(weight.transpose(0, 2, 1).copy()) for weight in nets.weights]
        self._biases = [place(bias[:, None].copy()) for bias in nets.biases]
        self._input_mean, self._input_scale = place(nets.input_mean), place(nets.input_scale)
        self._output_mean, self._output_scale = place(nets.output_mean), place(nets.output_scale)
        self._least = place(nets.least_log_variance[:, None].copy())
        self._greatest = place(nets.greatest_log_variance[:, None].copy())
        self._spread = place(nets.spread)

    def predict(self, x: Any, u: Any) -> tuple[Any, Any]:
        """Return each member's mean and standard deviation, both [K, B, n]; see `NetEnsemble`."""
        outputs = self._outputs(x, u)
        greatest, least = self._greatest, self._least
        zero = torch.zeros_like(greatest)
        below = greatest - torch.logaddexp(zero, greatest - outputs[..., self._n :])
        log_variance = least + torch.logaddexp(zero, below - least)
        deviation = torch.exp(0.5 * log_variance) * self._output_scale * self._spread
        return self._mean_of(outputs), deviation

    def members_mean(self, x: Any, u: Any) -> Any:
        """Return each member's mean, [K, B, n]."""
        return self._mean_of(self._outputs(x, u))

    def mean(self, x: Any, u: Any) -> Any:
        """Return the mean over the members, [B, n], of states x [B, 2n] and efforts u [B, n]."""
        return self.members_mean(x, u).mean(0)

    def sample(self, x: Any, u: Any, member: Any, rng: Any) -> Any:
        """Draw accelerations, [B, n], each from the one member that `member` [B] names.

        Every member is evaluated everywhere: what is not asked for costs less than sorting.
        """
        means, deviations = self.predict(x, u)
        row = torch.arange(len(x), device=x.device)
        mean, deviation = means[member, row], deviations[member, row]
        return mean + deviation * normal(rng, mean.shape, mean)

    def _outputs(self, x: Any, u: Any) -> Any:
        """What leaves the last layer, [K, B, 2n]."""
        angles, shifts = x[:, self._turning], x[:, self._sliding]
        seen = torch.cat([torch.sin(angles), torch.cos(angles), shifts, x[:, self._n :], u], 1)
        seen = (seen - self._input_mean) / self._input_scale
        h = seen.expand(self.members, *seen.shape)
        for weight, bias in zip(self._weights[:-1], self._biases[:-1], strict=True):
            h = torch.nn.functional.silu(torch.baddbmm(bias, h, weight))
        return torch.baddbmm(self._biases[-1], h, self._weights[-1])

    def _mean_of(self, outputs: Any) -> Any:
        return outputs[..., : self._n] * self._output_scale + self._output_mean
