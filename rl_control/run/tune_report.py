"""What came of a search, in words, as a table, as a picture and as plain values."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from rl_control.errors import MissingDependencyError
from rl_control.report.table import table
from rl_control.report.tune_plot import TuneRecord, plot_tune
from rl_control.run.tune_files import Asked
from rl_control.run.tune_run import Held, TuneRun, Verdict
from rl_control.run.tune_search import Search

_UNITS = {
    "settle_time": "settle time [s]",
    "tracking_error": "tracking error [s]",
    "effort": "effort [s]",
    "combined": "cost, start = 1",
}


def summary_of(asked: Asked, search: Search, verdict: Verdict | None) -> str:
    """Return what came of it in one sentence."""
    what = asked.objective.replace("_", " ")
    if verdict is None:
        gain = 1.0 - search.best.cost / search.start.cost
        return f"{what} {gain:.0%} less on the targets of the search; not compared on others."
    before, after, count = verdict.before, verdict.after, len(verdict.before.costs)
    if not verdict.better:
        return (
            f"nothing better was found than the settings at the start ({what} {_stated(before)} on "
            f"{count} new targets): these are kept."
        )
    return (
        f"{what} {_stated(before)} -> {_stated(after)} on {count} new targets, {verdict.gain:.0%} "
        f"less; reached {before.reached} -> {after.reached}."
    )


def table_of(tune: TuneRun, numbers: Mapping[str, float]) -> Any:
    """Return the table of what changed."""
    rows = [
        (d.key, f"{tune.present[d.key]:.4g}", f"{numbers[d.key]:.4g}", f"{d.low:g} to {d.high:g}")
        for d in tune.dimensions
    ]
    return table("settings", ("setting", "before", "after", "searched"), rows, left=1)


def result_of(
    search: Search, verdict: Verdict | None, numbers: Mapping[str, float]
) -> dict[str, Any]:
    """Return what came of it as plain values."""
    return {
        "episodes": search.spent,
        "trials": len(search.trials),
        "numbers": dict(numbers),
        "search_cost": {"before": search.start.cost, "after": search.best.cost},
        "held_out": None
        if verdict is None
        else {
            "before": _plain(verdict.before),
            "after": _plain(verdict.after),
            "gain": verdict.gain,
        },
    }


def picture_of(
    asked: Asked, tune: TuneRun, search: Search, verdict: Verdict | None, path: Path
) -> Path | None:
    """Draw what was tried; None if matplotlib is not installed."""
    trials, none = search.trials, np.zeros(0)
    numbers = search.best.numbers if verdict is None else verdict.after.numbers
    record = TuneRecord(
        title=f"{asked.robot}: {search.spent} episodes in search of less "
        f"{asked.objective.replace('_', ' ')}",
        unit=_UNITS[asked.objective],
        costs=np.array([search.standing(trial) for trial in trials]),
        whole=[search.is_whole(trial) for trial in trials],
        chosen=next(k for k, trial in enumerate(trials) if trial.numbers == numbers),
        numbers={d.key: np.array([t.numbers[d.key] for t in trials]) for d in tune.dimensions},
        log=frozenset(d.key for d in tune.dimensions if d.log),
        importance=search.importance(),
        before=none if verdict is None else verdict.before.costs,
        after=none if verdict is None else verdict.after.costs,
    )
    try:
        return plot_tune(record, path)
    except MissingDependencyError:
        return None


def _stated(held: Held) -> str:
    return f"{held.costs.mean():.3g} (spread {held.spread:.2g})"


def _plain(held: Held) -> dict[str, Any]:
    return {
        "mean": float(held.costs.mean()),
        "spread": held.spread,
        "reached": held.reached,
        "targets": len(held.costs),
        "costs": held.costs,
    }
