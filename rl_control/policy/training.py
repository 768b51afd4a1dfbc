"""The S-step: a policy is trained to do what controllers did, where deviations cost most.

    min  1/2 E (pi(o) - u)' P (pi(o) - u)

With P the controllers' precision this is the divergence of guided policy search; with P and u from
a control Hamiltonian that is quadratic in u, it is that Hamiltonian.

Source: Levine & Abbeel (2014); Montgomery & Levine, "Guided policy search via approximate mirror
descent" (2016); Carius, Farshidian, Hutter, "MPC-Net" (2020) for the Hamiltonian.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
import torch
from numpy.random import Generator
from torch import Tensor

from rl_control.errors import PolicyError
from rl_control.policy.demonstrations import Demonstrations, policy_covariance
from rl_control.policy.gru import GruPolicy
from rl_control.policy.mlp import MlpPolicy, Normaliser
from rl_control.policy.observation import ObservationLayout
from rl_control.policy.policy import PolicyFacts, Seen
from rl_control.policy.training_settings import PolicyConfig, TrainingReport
from rl_control.types import Array

Policy = MlpPolicy | GruPolicy
Forward = Callable[[list[Tensor], Tensor], Tensor]
_LEAST = 1e-3  # standard deviation of an observation that makes no difference, in its unit
_QUANTILE = 0.999  # share of the training's observations within the bound
_MOST_SEEN = 50_000  # samples that tell the bound


@dataclass(frozen=True)
class PolicyFit:
    """A trained policy and how the training went.

    Attributes:
        policy: with the weights that were best on what was held out, or the last ones.
        history: of every epoch.
    """

    policy: Policy
    history: tuple[TrainingReport, ...]


@dataclass(frozen=True)
class NewPolicy:
    """What a policy that does not exist yet is to be; see `PolicyFacts`."""

    task: str
    layout: ObservationLayout
    dt: float
    base: str = "none"


def fit_policy(
    start: Policy | NewPolicy,
    demonstrations: Demonstrations,
    config: PolicyConfig,
    rng: Generator,
    on_epoch: Callable[[TrainingReport], None] = lambda report: None,
) -> PolicyFit:
    """Train a policy; the same seed gives the same one on one thread.

    Args:
        start: the policy to go on from, whose normaliser and units stay; or what to make.
        demonstrations: what to imitate.
        config: see there; a policy to go on from keeps its own network.
        rng: draws first weights, what is held out, and the order.
        on_epoch: is told how it goes.

    Raises:
        DataError: if there are no demonstrations.
        ShapeError: if they are of another observation, or of another number of joints.
        PolicyError: if a loss is not finite; `start` is as it was.
    """
    layout = start.layout if isinstance(start, NewPolicy) else start.facts.layout
    demonstrations.check(layout.size, len(layout.names))
    policy = _made(start, demonstrations, config, rng) if isinstance(start, NewPolicy) else start
    held = _held_out(demonstrations.runs, config.validation, rng)
    if isinstance(policy, MlpPolicy):
        fitted, judged = demonstrations.where(~held).flat(), demonstrations.where(held).flat()
        parameters, forward, batch = _mlp_parameters(policy), _mlp, config.batch
    else:
        fitted, judged = demonstrations.where(~held), demonstrations.where(held)
        parameters, forward, batch = _gru_parameters(policy), _gru, config.sequences
    size = _size(demonstrations.precision)
    best, history = _descend(
        parameters,
        forward,
        _tensors(policy, fitted, size),
        _tensors(policy, judged, size) if held.any() else None,
        batch,
        config,
        rng,
        on_epoch,
    )
    policy = _with_parameters(policy, [part.double().numpy() for part in best])
    return PolicyFit(_with_facts(policy, demonstrations, config), tuple(history))


def _descend(
    parameters: list[Tensor],
    forward: Forward,
    fitted: tuple[Tensor, Tensor, Tensor],
    judged: tuple[Tensor, Tensor, Tensor] | None,
    batch: int,
    config: PolicyConfig,
    rng: Generator,
    on_epoch: Callable[[TrainingReport], None],
) -> tuple[list[Tensor], list[TrainingReport]]:
    """Pass over the data; return the best parameters and how it went."""
    count = len(fitted[0])
    batches = math.ceil(count / batch)
    optimizer = torch.optim.AdamW(
        [
            {"params": [part for part in parameters if part.ndim == 2]},
            {"params": [part for part in parameters if part.ndim == 1], "weight_decay": 0.0},
        ],
        lr=config.learning_rate,
        weight_decay=config.weight_decay,
        fused=True,
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(
        optimizer, config.epochs * batches, eta_min=1e-2 * config.learning_rate
    )
    history: list[TrainingReport] = []
    best, least = parameters, math.inf
    for epoch in range(1, config.epochs + 1):
        total = 0.0
        for rows in torch.from_numpy(rng.permutation(count)).tensor_split(batches):
            loss = _loss(parameters, forward, tuple(part[rows] for part in fitted))
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            optimizer.step()
            schedule.step()
            total += float(loss.detach()) * len(rows) / count
        held = math.nan
        if judged is not None:
            with torch.no_grad():
                held = float(_loss(parameters, forward, judged))
        if not math.isfinite(total) or (judged is not None and not math.isfinite(held)):
            raise PolicyError(
                "policy training",
                f"the loss became {total:g} in pass {epoch}",
                "Lower learning_rate, and look for outliers in the data.",
            )
        history.append(TrainingReport(epoch, total, held))
        on_epoch(history[-1])
        if judged is None or held < least:
            best, least = [part.detach().clone() for part in parameters], held
    return best, history


def _loss(parameters: list[Tensor], forward: Forward, samples: tuple[Tensor, ...]) -> Tensor:
    inputs, wanted, root = samples
    away = forward(parameters, inputs) - wanted
    return 0.5 * ((root @ away[..., None])[..., 0] ** 2).mean()


def _mlp(parameters: list[Tensor], inputs: Tensor) -> Tensor:
    half = len(parameters) // 2
    h = inputs[:, 0]
    for weight, bias in zip(parameters[: half - 1], parameters[half:-1], strict=True):
        h = torch.tanh(torch.addmm(bias, h, weight.T))
    return torch.addmm(parameters[-1], h, parameters[half - 1].T)[:, None]


def _gru(parameters: list[Tensor], inputs: Tensor) -> Tensor:
    by_input, by_memory, input_bias, memory_bias, head, head_bias = parameters
    memory = inputs.new_zeros((1, len(inputs), by_memory.shape[1]))
    weights = [by_input, by_memory, input_bias, memory_bias]
    values, _ = torch.gru(inputs, memory, weights, True, 1, 0.0, False, False, True)
    return torch.nn.functional.linear(torch.cat([inputs, values], dim=2), head, head_bias)


def _made(
    new: NewPolicy, demonstrations: Demonstrations, config: PolicyConfig, rng: Generator
) -> Policy:
    """A policy with random weights, in units of the demonstrations."""
    o = demonstrations.observations.reshape(-1, new.layout.size)
    u = demonstrations.controls.reshape(-1, demonstrations.controls.shape[-1])
    nu, scale = u.shape[1], np.maximum(np.sqrt((u**2).mean(axis=0)), 1e-6)
    nothing = Seen(np.zeros(new.layout.size), np.eye(new.layout.size), 1.0)
    facts = PolicyFacts(new.task, new.layout, new.dt, new.base, np.eye(nu), nothing)
    normaliser = Normaliser.of(o)
    if config.network == "gru":
        m, inputs = config.units, 2 * new.layout.size
        return GruPolicy(
            facts,
            normaliser,
            _changes(demonstrations.observations),
            _uniform(rng, 3 * m, inputs, m),
            _uniform(rng, 3 * m, m, m),
            np.zeros(3 * m),
            np.zeros(3 * m),
            _uniform(rng, nu, inputs + m, m),
            np.zeros(nu),
            scale,
        )
    sizes = (new.layout.size, *config.hidden, nu)
    weights = tuple(_uniform(rng, out, into, into) for into, out in pairwise(sizes))
    return MlpPolicy(facts, normaliser, weights, tuple(np.zeros(out) for out in sizes[1:]), scale)


def _changes(o: Array) -> Array:
    """Sizes of the changes from tick to tick of observations [N, T, no], [no]."""
    squares = np.diff(o, axis=1).reshape(-1, o.shape[-1]) ** 2
    sizes = np.sqrt(squares.mean(axis=0)) if len(squares) else np.zeros(o.shape[-1])
    return np.where(sizes > 1e-9, sizes, np.inf)


def _uniform(rng: Generator, out: int, into: int, fan: int) -> Array:
    bound = 1.0 / math.sqrt(fan)
    return rng.uniform(-bound, bound, (out, into))


def _held_out(runs: int, share: float, rng: Generator) -> np.ndarray:
    """Which runs judge the training, [runs]; none of a few."""
    count = int(share * runs)
    held = np.zeros(runs, dtype=bool)
    held[rng.permutation(runs)[:count]] = True
    return held


def _size(precision: Array) -> float:
    """The mean of the precisions' diagonal entries."""
    nu = precision.shape[-1]
    return float(np.trace(precision, axis1=-2, axis2=-1).mean()) / nu or 1.0


def _tensors(
    policy: Policy, demonstrations: Demonstrations, size: float
) -> tuple[Tensor, Tensor, Tensor]:
    """What the network is given, controls in its units, and roots R of precisions P = R' R."""
    scale = policy.scale
    precision = scale[:, None] * demonstrations.precision * scale / (size * (scale**2).mean())
    values, vectors = np.linalg.eigh(precision)
    root = np.sqrt(np.maximum(values, 0.0))[..., None] * vectors.swapaxes(-1, -2)
    o = demonstrations.observations
    inputs = policy.looked_at(o) if isinstance(policy, GruPolicy) else policy.normaliser(o)
    parts = (inputs, demonstrations.controls / scale, root)
    inputs, controls, roots = (torch.tensor(part, dtype=torch.float32) for part in parts)
    return inputs, controls, roots


def _mlp_parameters(policy: MlpPolicy) -> list[Tensor]:
    return [_parameter(part) for part in (*policy.weights, *policy.biases)]


def _gru_parameters(policy: GruPolicy) -> list[Tensor]:
    return [
        _parameter(part)
        for part in (
            policy.by_input,
            policy.by_memory,
            policy.input_bias,
            policy.memory_bias,
            policy.head,
            policy.head_bias,
        )
    ]


def _parameter(values: Array) -> Tensor:
    return torch.tensor(values, dtype=torch.float32, requires_grad=True)


def _with_parameters(policy: Policy, parts: list[Array]) -> Policy:
    if isinstance(policy, MlpPolicy):
        half = len(parts) // 2
        return replace(policy, weights=tuple(parts[:half]), biases=tuple(parts[half:]))
    by_input, by_memory, input_bias, memory_bias, head, head_bias = parts
    return replace(
        policy,
        by_input=by_input,
        by_memory=by_memory,
        input_bias=input_bias,
        memory_bias=memory_bias,
        head=head,
        head_bias=head_bias,
    )


def _with_facts(policy: Policy, demonstrations: Demonstrations, config: PolicyConfig) -> Policy:
    """The policy with its covariance and with what it has seen."""
    least = config.floor * policy.scale
    covariance = policy_covariance(demonstrations.precision, config.entropy, least)
    o = demonstrations.observations.reshape(-1, demonstrations.observations.shape[-1])
    facts = replace(policy.facts, covariance=covariance, seen=_seen(o))
    return replace(policy, facts=facts)


def _seen(o: Array) -> Seen:
    mean: Array = o.mean(axis=0)
    covariance = np.atleast_2d(np.cov(o, rowvar=False, bias=True)) + _LEAST**2 * np.eye(o.shape[1])
    seen = Seen(mean, np.asarray(np.linalg.inv(covariance)), 1.0)
    some = o[:: max(1, len(o) // _MOST_SEEN)]
    return replace(seen, bound=float(np.quantile(seen.distance(some), _QUANTILE)) or 1.0)
