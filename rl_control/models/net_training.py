"""Maximum-likelihood training of an ensemble's weights, all members at once."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import torch
from numpy.random import Generator
from numpy.typing import NDArray
from torch import Tensor

from rl_control.errors import ConfigError, ModelError
from rl_control.models.net_settings import EpochReport, NetConfig
from rl_control.models.nets import NetEnsemble
from rl_control.types import Array

_CHUNK = 8192  # samples judged at once
_NEGLIGIBLE = 1e-6  # squared error, as a share of the variance, below which none is less


@dataclass(frozen=True)
class Samples:
    """Normalised inputs [M, f] and targets [M, n]."""

    inputs: Array
    targets: Array

    def where(self, kept: NDArray[np.bool_]) -> Samples:
        """Return the samples that a mask [M] chooses."""
        return Samples(self.inputs[kept], self.targets[kept])

    def tensors(self, device: str) -> tuple[Tensor, Tensor]:
        """Return both in single precision on `device`."""
        inputs, targets = (
            torch.tensor(part, dtype=torch.float32, device=device)
            for part in (self.inputs, self.targets)
        )
        return inputs, targets


@dataclass
class _Member:
    """One network in training: its parameters, the best so far, and how long ago that was."""

    parameters: list[Tensor]
    best: list[Tensor] = field(default_factory=list)
    best_error: float = math.inf
    mark: float = math.inf
    waited: int = 0
    train_loss: float = math.inf
    validation_loss: float = math.inf
    validation_error: float = math.inf

    def judge(self, improvement: float) -> None:
        """Keep the parameters if they are the best; count epochs without real improvement."""
        if self.validation_error < self.best_error:
            self.best_error = self.validation_error
            self.best = [parameter.detach().clone() for parameter in self.parameters]
        improved = self.validation_error < self.mark * (1.0 - improvement)
        self.waited = 0 if improved else self.waited + 1
        if improved:
            self.mark = self.validation_error


def train(
    nets: NetEnsemble,
    fitted: Samples,
    judged: Samples,
    config: NetConfig,
    rng: Generator,
    on_epoch: Callable[[EpochReport], None],
    stop: Callable[[], bool],
) -> tuple[NetEnsemble, str]:
    """Return `nets` with each member's best weights on `judged`, and how training ended.

    Every member draws its own bootstrap sample of `fitted`. A member that has not improved for
    `patience` epochs rests; the others go on. What is judged is the error of the mean: the
    likelihood of samples held out falls as soon as variances are too small, long before the
    means are at their best.

    Raises:
        ConfigError: if the device is not there.
        ModelError: if a loss is not finite.
    """
    device = _device(config.device)
    inputs, targets = fitted.tensors(device)
    judged_by = judged.tensors(device)
    members = _members(nets, device)
    optimizer = _optimizer(members, config)
    order = rng.integers(len(inputs), size=(len(members), len(inputs)))
    _judge(members, judged_by, config)
    for epoch in range(1, config.epochs + 1):
        if stop():
            return _assembled(nets, members), "stopped"
        order = rng.permuted(order, axis=1)
        active = [k for k, member in enumerate(members) if member.waited < config.patience]
        if not active:
            return _assembled(nets, members), "converged"
        going = [members[k] for k in active]
        _descend(going, inputs, targets, order[active], config, optimizer)
        _judge(going, judged_by, config)
        on_epoch(_report(members, epoch, config.patience))
    return _assembled(nets, members), "epoch limit"


def predict(
    parameters: Sequence[Tensor], inputs: Tensor, probabilistic: bool
) -> tuple[Tensor, Tensor]:
    """Return each member's normalised mean and log variance, both [K, B, n].

    Args:
        parameters: weights, then biases of the layers, then the least and the greatest log
            variance; all with a first axis K.
        inputs: normalised, [K, B, f].
        probabilistic: whether the variance depends on the inputs.
    """
    *layers, least, greatest = parameters
    weights, biases = layers[: len(layers) // 2], layers[len(layers) // 2 :]
    h = inputs
    for weight, bias in zip(weights[:-1], biases[:-1], strict=True):
        h = torch.nn.functional.silu(torch.baddbmm(bias[:, None], h, weight.mT))
    mean, raw = torch.baddbmm(biases[-1][:, None], h, weights[-1].mT).chunk(2, dim=2)
    if not probabilistic:
        raw = biases[-1][:, None, mean.shape[2] :].expand_as(mean)
    softplus = torch.nn.functional.softplus
    least, greatest = least[:, None], greatest[:, None]
    return mean, least + softplus(greatest - softplus(greatest - raw) - least)


def negative_log_likelihood(mean: Tensor, log_variance: Tensor, targets: Tensor) -> Tensor:
    """Return that of Gaussians without the constant, [K]: the mean over samples and joints."""
    squares = (mean - targets) ** 2
    return 0.5 * (log_variance + squares * torch.exp(-log_variance)).mean(dim=(1, 2))


def _descend(
    members: Sequence[_Member],
    inputs: Tensor,
    targets: Tensor,
    order: NDArray[np.int64],
    config: NetConfig,
    optimizer: torch.optim.Optimizer,
) -> None:
    """Pass once over the samples, each member in its own `order` [K, M]."""
    rows = torch.from_numpy(order).to(inputs.device)
    total = torch.zeros(len(members), device=inputs.device)
    for batch in rows.tensor_split(math.ceil(rows.shape[1] / config.batch), dim=1):
        parameters = _stacked([member.parameters for member in members])
        mean, log_variance = predict(parameters, inputs[batch], config.probabilistic)
        loss = negative_log_likelihood(mean, log_variance, targets[batch])
        between_bounds = (parameters[-1] - parameters[-2]).mean(dim=1)
        optimizer.zero_grad(set_to_none=True)  # a resting member then stays as it is
        (loss + config.bounds_penalty * between_bounds).sum().backward()
        optimizer.step()
        total += loss.detach() * (batch.shape[1] / rows.shape[1])
    for member, of_member in zip(members, total.tolist(), strict=True):
        member.train_loss = of_member


@torch.no_grad()
def _judge(members: Sequence[_Member], samples: tuple[Tensor, Tensor], config: NetConfig) -> None:
    """Let every member see its validation loss and error."""
    inputs, targets = samples
    parameters, count = _stacked([member.parameters for member in members]), len(members)
    loss = torch.zeros(count, device=inputs.device)
    squares = torch.zeros(count, targets.shape[1], device=inputs.device)
    for some, wanted in zip(inputs.split(_CHUNK), targets.split(_CHUNK), strict=True):
        share = len(some) / len(inputs)
        mean, log_variance = predict(parameters, some.expand(count, -1, -1), config.probabilistic)
        loss += share * negative_log_likelihood(mean, log_variance, wanted)
        squares += share * ((mean - wanted) ** 2).mean(dim=1)
    errors = torch.exp(0.5 * torch.log(squares + _NEGLIGIBLE).mean(dim=1))
    for member, of_member, error in zip(members, loss.tolist(), errors.tolist(), strict=True):
        if not math.isfinite(of_member):
            raise ModelError(
                "fit of networks",
                f"the loss became {of_member}",
                "Lower learning_rate, and look for outliers in the data.",
            )
        member.validation_loss, member.validation_error = of_member, error
        member.judge(config.improvement)


def _optimizer(members: Sequence[_Member], config: NetConfig) -> torch.optim.Optimizer:
    """AdamW on every member's parameters; only matrices decay."""
    flat = [parameter for member in members for parameter in member.parameters]
    groups = [
        {"params": [parameter for parameter in flat if parameter.ndim == 2]},
        {"params": [parameter for parameter in flat if parameter.ndim == 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW(
        groups, lr=config.learning_rate, weight_decay=config.weight_decay, fused=True
    )


def _members(nets: NetEnsemble, device: str) -> list[_Member]:
    parts = (*nets.weights, *nets.biases, nets.least_log_variance, nets.greatest_log_variance)
    return [
        _Member(
            [
                torch.tensor(part[k], dtype=torch.float32, device=device, requires_grad=True)
                for part in parts
            ]
        )
        for k in range(nets.members)
    ]


def _stacked(of_members: Sequence[Sequence[Tensor]]) -> list[Tensor]:
    return [torch.stack(parts) for parts in zip(*of_members, strict=True)]


def _assembled(nets: NetEnsemble, members: Sequence[_Member]) -> NetEnsemble:
    *layers, least, greatest = (
        part.double().cpu().numpy() for part in _stacked([member.best for member in members])
    )
    return replace(
        nets,
        weights=tuple(layers[: len(layers) // 2]),
        biases=tuple(layers[len(layers) // 2 :]),
        least_log_variance=least,
        greatest_log_variance=greatest,
    )


def _report(members: Sequence[_Member], epoch: int, patience: int) -> EpochReport:
    return EpochReport(
        epoch=epoch,
        train_loss=tuple(member.train_loss for member in members),
        validation_loss=tuple(member.validation_loss for member in members),
        validation_error=tuple(member.validation_error for member in members),
        best_error=tuple(member.best_error for member in members),
        active=tuple(member.waited < patience for member in members),
    )


def _device(name: str) -> str:
    there = torch.cuda.is_available()
    if name == "cuda" and not there:
        raise ConfigError("settings", "device", "no CUDA GPU is there", "Choose cpu or auto.")
    return "cuda" if name != "cpu" and there else "cpu"
