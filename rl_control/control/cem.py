"""The cross-entropy method: refit the distribution to the cheapest samples; and iCEM.

Sources: CEM as in Chua et al., "Deep reinforcement learning in a handful of trials using
probabilistic dynamics models" (2018), sec. 5 and appendix; iCEM from Pinneri et al.,
"Sample-efficient cross-entropy method for real-time planning" (2020), algorithm 1.

CEM caps the variance at (distance to the nearer bound / 2)^2; a sample beyond a bound, one in
twenty at most, is clipped to it where Chua et al. draw again. iCEM does not cap: it clips, draws
coloured noise, tries the best sequences again, and draws fewer samples at every update.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from rl_control.control.sampling_settings import SamplingConfig
from rl_control.control.search import Evaluate, Range, Search, drawn
from rl_control.kernels.arrays import library


def cem_step(
    search: Search, noise: Any, evaluate: Evaluate, allowed: Range, config: SamplingConfig
) -> Search:
    """Return the search after one update of CEM.

    Args:
        search: so far.
        noise: white, [S, T, nu].
        evaluate: costs of sequences.
        allowed: bounds on controls.
        config: elites and momentum.
    """
    search = replace(search, std=capped(search.mean, search.std, allowed))
    samples = drawn(search, noise, allowed)
    return update(search, samples, evaluate(samples), config.elites, config.momentum)


def icem_step(
    search: Search,
    noise: Any,
    evaluate: Evaluate,
    allowed: Range,
    config: SamplingConfig,
    last: bool,
) -> Search:
    """Return the search after one update of iCEM.

    Args:
        search: so far; a share of its elites is tried again.
        noise: coloured, [S, T, nu].
        evaluate: costs of sequences.
        allowed: bounds on controls.
        config: elites, the share of them kept, and momentum.
        last: whether no update follows; only then the mean is tried too, since earlier it would
            narrow the search.
    """
    xp = library(search.mean)
    search = replace(search, std=xp.maximum(search.std, allowed.least_std))
    tried = [drawn(search, noise, allowed), search.elites[: round(config.kept * config.elites)]]
    if last:
        tried.append(search.mean[None])
    samples = xp.concatenate(tried)
    return update(search, samples, evaluate(samples), config.elites, config.momentum)


def update(search: Search, samples: Any, costs: Any, elites: int, momentum: float) -> Search:
    """Return the distribution of the cheapest samples, mixed with the one before.

    Samples whose cost is not finite are never among them; where no cost is finite, the
    distribution stays and there are no elites.

    Args:
        search: the distribution so far.
        samples: [S, T, nu].
        costs: [S].
        elites: how many samples count.
        momentum: share of the old mean and of the old variance in the new.
    """
    best = cheapest(samples, costs, elites)
    if len(best) == 0:
        return replace(search, elites=best)
    mean = best.mean(0)
    variance = ((best - mean) ** 2).mean(0)
    return Search(
        mean=momentum * search.mean + (1.0 - momentum) * mean,
        std=(momentum * search.std**2 + (1.0 - momentum) * variance) ** 0.5,
        elites=best,
    )


def cheapest(samples: Any, costs: Any, count: int) -> Any:
    """Return up to `count` samples of finite cost, [E, T, nu], the cheapest first."""
    xp = library(samples)
    finite = xp.isfinite(costs)
    order = xp.argsort(xp.where(finite, costs, xp.inf), stable=True)
    return samples[order[: min(count, int(finite.sum()))]]


def capped(mean: Any, std: Any, allowed: Range) -> Any:
    """Return the standard deviation with its double within the nearer bound, [T, nu].

    It stays above the least one, without which a mean at a bound could never leave it.
    """
    xp = library(mean)
    room = xp.minimum(mean - allowed.lower, allowed.upper - mean)
    return xp.maximum(xp.minimum(std, room / 2.0), allowed.least_std)


def samples_at(update_number: int, config: SamplingConfig) -> int:
    """How many samples iCEM draws at its update 0, 1, ...: fewer each time, never below 2 E."""
    count = int(config.samples * config.decay**-update_number)
    return max(count, 2 * config.elites)
