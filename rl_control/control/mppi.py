"""Model predictive path integral control: the mean moves to the samples' softmin average.

Source: Williams et al., "Information theoretic MPC for model-based reinforcement learning"
(2017), algorithm 2, in its simplified form: the distribution samples are drawn from is also the
one that controls are judged against (base distribution around the present mean), so that the
importance term gamma u' Sigma^-1 eps is zero and what controls cost is the cost's business alone.
The mean itself is one of the samples, so that a good plan is not lost to a draw of bad ones.

The temperature is measured in the costs' own spread, their median above the least. As a plain
number it would have to be tuned to every cost, and would be too high near the goal, where costs
are small.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rl_control.control.sampling_settings import SamplingConfig
from rl_control.control.search import Evaluate, Range, Search, drawn
from rl_control.kernels.arrays import library

_LEAST_SPREAD = 1e-37  # where all costs are alike; a float32 can hold it


def mppi_step(
    search: Search, noise: Any, evaluate: Evaluate, allowed: Range, config: SamplingConfig
) -> Search:
    """Return the search after one update; its standard deviation stays.

    Args:
        search: so far.
        noise: white or coloured, [S, T, nu].
        evaluate: costs of sequences.
        allowed: bounds on controls; a sample beyond them counts as the clipped one.
        config: temperature and momentum.
    """
    tried = [search.mean[None], drawn(search, noise, allowed)]
    samples = library(noise).concatenate(tried)
    return update(search, samples, evaluate(samples), config.temperature, config.momentum)


def update(search: Search, samples: Any, costs: Any, temperature: float, momentum: float) -> Search:
    """Return the distribution around the samples' weighted average, mixed with the one before.

    The cheapest sample is its only elite. Where no cost is finite, the distribution stays and
    there is none.

    Args:
        search: the distribution so far.
        samples: [S, T, nu].
        costs: [S].
        temperature: see `weights`.
        momentum: share of the old mean in the new.
    """
    shares = weights(costs, temperature)
    if not bool(shares.any()):
        return replace(search, elites=samples[:0])
    average = (shares[:, None, None] * samples).sum(0)
    best = int(shares.argmax())
    return Search(
        mean=momentum * search.mean + (1.0 - momentum) * average,
        std=search.std,
        elites=samples[best : best + 1],
    )


def weights(costs: Any, temperature: float) -> Any:
    """Return each sample's share exp(-(cost - least) / (temperature * spread)) / sum, [S].

    0 where a cost is not finite; all 0 where none is.

    Args:
        costs: [S].
        temperature: as a share of the costs' spread, their median above the least.
    """
    xp = library(costs)
    finite = xp.isfinite(costs)
    if not bool(finite.any()):
        return xp.zeros_like(costs)
    above = xp.where(finite, costs - costs[finite].min(), 0.0)
    spread = float(xp.quantile(above[finite], 0.5))
    scaled = above / max(temperature * spread, _LEAST_SPREAD)
    shares = xp.where(finite, xp.exp(-scaled), 0.0)
    return shares / shares.sum()
