"""Fit an ensemble of networks to accelerations seen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.random import Generator
from numpy.typing import NDArray

from rl_control.errors import ModelError, NonFiniteError, ShapeError
from rl_control.models.features import Features
from rl_control.models.net_settings import EpochReport, NetConfig
from rl_control.models.net_training import Samples, train
from rl_control.models.nets import NetEnsemble
from rl_control.types import Array

_GOLDEN = 0.5 * (5.0**0.5 - 1.0)
_LEAST_INPUT_SCALE = 1e-2  # so that what hardly moved is not blown up where it does
_LEAST_OUTPUT_SCALE = 1e-6
_FIRST_LOG_VARIANCE_BOUNDS = (-10.0, 0.5)
_CHI_SQUARED_MEDIAN = 0.4549  # of one degree of freedom
_OUTLIER = 4.0  # standard deviations
_SPREAD_BOUNDS = (0.2, 5.0)


@dataclass(frozen=True)
class NetFit:
    """What a fit found.

    Attributes:
        nets: the ensemble.
        history: a report for each epoch.
        status: how it ended: "converged", "epoch limit" or "stopped".
        held_out: which samples only judged the fit, [M].
    """

    nets: NetEnsemble
    history: tuple[EpochReport, ...]
    status: str
    held_out: NDArray[np.bool_]


def fit_nets(
    features: Features,
    x: Array,
    u: Array,
    targets: Array,
    groups: NDArray[np.int64],
    config: NetConfig,
    start: NetEnsemble | None = None,
    on_epoch: Callable[[EpochReport], None] | None = None,
    stop: Callable[[], bool] | None = None,
    by_parts: bool = False,
) -> NetFit:
    """Fit networks to M samples of accelerations; equal arguments give equal bits on one thread.

    Whole rollouts are held out to judge each network, or the last part of a single one; or else
    one part of each. Each network trains on its own resampled samples, stops by itself, and keeps
    the weights that judged best. What is held out also sets the ensemble's `spread`.

    Args:
        features: what the networks see.
        x: states (q, v), [M, 2n].
        u: efforts, [M, n].
        targets: accelerations, or residuals of a model's, [M, n] in joint units / s^2.
        groups: number of the rollout each sample comes from, [M].
        config: how to fit.
        start: an ensemble to start from, of the same shape; its function is where training begins.
        on_epoch: called after every epoch.
        stop: asked before every epoch; True ends the fit with the best weights so far.
        by_parts: hold out a part of each rollout rather than whole ones. Of a few rollouts each
            has shown motion that the others have not: networks that know nothing else of the arm
            cannot do without any, and would be stopped by what they have had no chance to learn.

    Raises:
        ShapeError: if shapes do not fit.
        NonFiniteError: if a sample has a NaN or an infinity.
        ModelError: if there are fewer than two samples, `start` has another shape, or a loss
            is not finite.
        ConfigError: if the device is not there.
    """
    _check_samples(features.n, x, u, targets, groups)
    held_out = _held_out(groups, config, by_parts)
    rng = np.random.default_rng(config.seed)
    seen = features(x, u)
    normalisers = _normalisers(seen[~held_out], targets[~held_out])
    if start is None:
        nets = _fresh(features, normalisers, config, rng)
    else:
        nets = _checked(start, features, config).renormalized(**normalisers)
    if not config.probabilistic:
        nets = _without_variance_rows(nets)
    samples = Samples(
        (seen - nets.input_mean) / nets.input_scale,
        (targets - nets.output_mean) / nets.output_scale,
    )
    history: list[EpochReport] = []

    def note(report: EpochReport) -> None:
        history.append(report)
        if on_epoch is not None:
            on_epoch(report)

    nets, status = train(
        nets,
        samples.where(~held_out),
        samples.where(held_out),
        config,
        rng,
        on_epoch=note,
        stop=stop or (lambda: False),
    )
    spread = _spread(nets, x[held_out], u[held_out], targets[held_out])
    return NetFit(replace(nets, spread=spread), tuple(history), status, held_out)


def worth(nets: NetEnsemble, x: Array, u: Array, targets: Array) -> Array:
    """The share of each mean, [n] from 0 to 1, that judges best on samples held out.

    Where there was nothing to learn but noise, or too little to learn it from, it is small: the
    networks are then no worse than none.
    """
    means = nets.mean(x, u)
    size = (means**2).sum(axis=0)
    worth = (means * targets).sum(axis=0) / np.maximum(size, np.finfo(np.float64).tiny)
    return np.clip(worth, 0.0, 1.0)


def _check_samples(n: int, x: Array, u: Array, targets: Array, groups: NDArray[np.int64]) -> None:
    size = len(groups)
    for name, found, shape in (
        ("states", x, (size, 2 * n)),
        ("efforts", u, (size, n)),
        ("accelerations", targets, (size, n)),
    ):
        if found.shape != shape:
            raise ShapeError(f"samples: {name}", found.shape, shape)
        wrong = np.flatnonzero(~np.isfinite(found).all(axis=1))
        if len(wrong):
            raise NonFiniteError(f"samples: {name}", f"sample {wrong[0]}")
    if size < 2:
        raise ModelError(
            "fit of networks", f"{size} samples are too few", "Record some seconds of motion."
        )


def _held_out(groups: NDArray[np.int64], config: NetConfig, by_parts: bool) -> NDArray[np.bool_]:
    """Choose the samples that judge, [M]: about a share `validation` of the rollouts, or of each.

    Multiples of the golden ratio, taken modulo 1, spread evenly however many there are: of any
    number of rollouts the share is nearly right, and after the first few none changes sides
    when others come, so that a warm start is not judged on what it was trained on. Nor does any
    part.
    """
    present, sizes = np.unique(groups, return_counts=True)
    place = np.mod(np.random.default_rng(config.seed).random() + _GOLDEN * present, 1.0)
    if by_parts and sizes.max() > 1:
        aside = np.zeros(len(groups), dtype=bool)
        for number, size, where in zip(present, sizes, place, strict=True):
            count = min(max(round(config.validation * size), 1), size - 1)
            first = round(where * (size - count))
            aside[np.flatnonzero(groups == number)[first : first + count]] = True
        return aside
    if len(present) == 1:
        count = min(max(round(config.validation * len(groups)), 1), len(groups) - 1)
        return np.arange(len(groups)) >= len(groups) - count
    aside = place < config.validation
    aside[place.argmin()], aside[place.argmax()] = True, False
    return np.isin(groups, present[aside])


def _normalisers(seen: Array, targets: Array) -> dict[str, Array]:
    return {
        "input_mean": seen.mean(axis=0),
        "input_scale": np.maximum(seen.std(axis=0), _LEAST_INPUT_SCALE),
        "output_mean": targets.mean(axis=0),
        "output_scale": np.maximum(targets.std(axis=0), _LEAST_OUTPUT_SCALE),
    }


def _fresh(
    features: Features, normalisers: dict[str, Array], config: NetConfig, rng: Generator
) -> NetEnsemble:
    """Draw weights that keep the variance of a layer's inputs; the variance starts constant."""
    n, count = features.n, config.members
    sizes = (features.size, *config.hidden, 2 * n)
    weights = [
        rng.standard_normal((count, out, into)) / np.sqrt(into) for into, out in pairwise(sizes)
    ]
    least, greatest = (np.full((count, n), bound) for bound in _FIRST_LOG_VARIANCE_BOUNDS)
    nets = NetEnsemble(
        features=features,
        weights=tuple(weights),
        biases=tuple(np.zeros((count, out)) for out in sizes[1:]),
        least_log_variance=least,
        greatest_log_variance=greatest,
        spread=np.ones(n),
        **normalisers,
    )
    return _without_variance_rows(nets)


def _without_variance_rows(nets: NetEnsemble) -> NetEnsemble:
    """Return `nets` with a predicted variance that does not depend on the input."""
    last = nets.weights[-1].copy()
    last[:, nets.features.n :] = 0.0
    return replace(nets, weights=(*nets.weights[:-1], last))


def _checked(start: NetEnsemble, features: Features, config: NetConfig) -> NetEnsemble:
    found = (start.features, start.members, start.hidden)
    wanted = (features, config.members, config.hidden)
    if found != wanted:
        raise ModelError(
            "start of a fit",
            f"{found[1]} networks with hidden layers {found[2]} of {found[0]} cannot become "
            f"{wanted[1]} with {wanted[2]} of {wanted[0]}",
            "Start from an ensemble of the same shape, or from none.",
        )
    return start


def _spread(nets: NetEnsemble, x: Array, u: Array, targets: Array) -> Array:
    """Return the factor, [n], that brings predicted deviations to the size of the errors.

    It is the root of the mean squared standardised error, in which outliers count no more than
    as `_OUTLIER` standard deviations (the standard deviation as the median tells it).
    """
    unscaled = replace(nets, spread=np.ones(nets.features.n))
    squares = ((targets - unscaled.mean(x, u)) / unscaled.std(x, u)) ** 2
    ceiling = _OUTLIER**2 * np.median(squares, axis=0) / _CHI_SQUARED_MEDIAN
    return np.clip(np.sqrt(np.minimum(squares, ceiling).mean(axis=0)), *_SPREAD_BOUNDS)
