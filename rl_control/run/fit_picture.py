"""From a fit to what its picture shows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from rl_control.data.transitions import TransitionDataset
from rl_control.models.coverage import coverage
from rl_control.models.fit import at_step
from rl_control.models.learned import LearnedModel
from rl_control.report.fit_plot import FitRecord, Foreseen, plot_fit
from rl_control.run.fit_report import Fit
from rl_control.types import Array

_SHARES = np.linspace(0.05, 0.95, 19)
_SHOWN = 4  # stretches of the worst rollout
_LONGEST = 70  # characters of a source


def draw_fit(fit: Fit, epochs: Array, learning: Array, path: Path) -> Path:
    """Draw a fit as a PNG at `path` and return it.

    Args:
        fit: what came out.
        epochs: of the training of K networks, [E]; empty without.
        learning: errors then, [E, K].
        path: of the picture.

    Raises:
        MissingDependencyError: if matplotlib is not installed.
    """
    model, n = fit.result.model, fit.robot.n
    record = FitRecord(
        title=f"{fit.robot.name}: {model.kind}, fitted to {fit.result.seconds:.0f} s of motion",
        names=fit.robot.names,
        unit=fit.unit,
        seconds=fit.seconds,
        errors={name: errors[:, :n] for name, errors in fit.errors.items()},
        shares=_SHARES,
        held=coverage(model, at_step(fit.result.unseen, model.dt), _SHARES),
        epochs=epochs,
        learning=learning,
        worst=_worst(fit),
    )
    return plot_fit(record, path)


def foretold(
    model: LearnedModel, data: TransitionDataset, starts: NDArray[np.intp], steps: int
) -> Array:
    """Return what `model` foretells from each of the transitions `starts` [W], [W, T+1, 2n].

    Args:
        model: predicts.
        data: gives first states and efforts.
        starts: each followed by at least T - 1 consecutive transitions.
        steps: T.
    """
    states = [data.states[starts]]
    for step in range(steps):
        states.append(model.step(states[-1], data.controls[starts + step]))
    return np.stack(states, axis=1)


def _worst(fit: Fit) -> Foreseen | None:
    """Some stretches, around the worst one, of the rollout that is foretold worst."""
    if not fit.worst:
        return None
    number = fit.worst[0][0]
    model, n = fit.result.model, fit.robot.n
    data = at_step(fit.held_out, model.dt, overlap=False)
    data = data.where(data.rollouts == number)
    steps = fit.result.verdict.model.horizons[-1]
    starts = data.windows(steps)
    members = starts[:, None] + np.arange(steps)
    measured = np.concatenate([data.states[members], data.next_states[members[:, -1:]]], axis=1)
    # A prediction may run away beyond all numbers: that is the worst.
    with np.errstate(over="ignore", invalid="ignore"):
        predicted = foretold(model, data, starts, steps)
        off = ((predicted - measured) ** 2).mean(axis=(1, 2))
    first = int(np.clip(np.argmax(off) - 1, 0, max(len(starts) - _SHOWN, 0)))
    shown = slice(first, first + _SHOWN)
    times = data.times[members[shown]]
    source = data.sources[number]
    source = source if len(source) <= _LONGEST else f"...{source[-_LONGEST:]}"
    return Foreseen(
        title=f"rollout {number + 1}, worst of {len(fit.worst)} held out: {source}",
        times=np.hstack([times, times[:, -1:] + model.dt]),
        measured=measured[shown, :, :n],
        predicted=predicted[shown, :, :n],
    )
