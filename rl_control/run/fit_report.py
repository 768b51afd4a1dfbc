"""What `rl_control fit` says of a model: tables, a sentence, a JSON document."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from rich.text import Text

from rl_control.config import flatten
from rl_control.data.transitions import TransitionDataset
from rl_control.models.fit import FitResult
from rl_control.models.fit_settings import FitConfig
from rl_control.report.fit_plot import COASTING, DESCRIBED, MODEL
from rl_control.report.table import percent, table
from rl_control.robot.model import RobotModel
from rl_control.run.load_motion import SourceReport
from rl_control.run.output import plain
from rl_control.types import Array

if TYPE_CHECKING:
    from rich.console import Console

VERSION = 1
"""Of what is said about a model in its file."""

_WORST = 3


@dataclass(frozen=True)
class Fit:
    """A fit with all that is told of it.

    Attributes:
        robot: the arm as described.
        config: what was fitted.
        seed: of the choice of rollouts held out, and of what is drawn in a fit.
        sources: where the motion comes from.
        result: what came out.
    """

    robot: RobotModel
    config: FitConfig
    seed: int
    sources: list[SourceReport]
    result: FitResult

    @property
    def held_out(self) -> TransitionDataset:
        """The motion that judged."""
        return self.result.held_out

    @property
    def unit(self) -> str:
        """Of the arm's positions."""
        sliding = [joint.kind == "prismatic" for joint in self.robot.joints]
        return "m" if all(sliding) else "rad or m" if any(sliding) else "rad"

    @property
    def seconds(self) -> Array:
        """How far ahead predictions are judged in [s], [H]."""
        return self.config.dt * np.array(self.result.verdict.model.horizons, dtype=np.float64)

    @property
    def errors(self) -> dict[str, Array]:
        """Errors of positions and velocities by what foretold them, [H, 2n]."""
        verdict = self.result.verdict
        return {
            MODEL: verdict.model.errors,
            DESCRIBED: verdict.nominal.errors,
            COASTING: verdict.constant.errors,
        }

    @property
    def worst(self) -> list[tuple[int, float]]:
        """Rollouts held out with their errors, the worst first."""
        by_rollout = self.result.verdict.model.by_rollout
        return sorted(by_rollout.items(), key=lambda item: -item[1])

    def about(self) -> dict[str, Any]:
        """What the model's file says of it."""
        verdict = self.result.verdict
        return {
            "version": VERSION,
            "robot": self.robot.name,
            "seconds": self.result.seconds,
            "digest": self.result.digest,
            "errors": {"seconds": plain(self.seconds), **plain(self.errors)},
            "verdict": {"usable": verdict.usable, "reason": verdict.reason},
        }

    def document(self) -> dict[str, Any]:
        """What the JSON file says."""
        from rl_control.run.environment import machine, versions

        return {
            **self.about(),
            "tip": self.robot.tip,
            "joints": self.robot.names,
            "seed": self.seed,
            "settings": flatten(self.config),
            "sources": self.sources,
            "held_out_seconds": self.held_out.seconds,
            "kind": self.result.model.kind,
            "finite": self.result.verdict.model.finite,
            "intervals": self.result.verdict.intervals,
            "rollouts": [
                {"rollout": k + 1, "source": self.held_out.sources[k], "error": error}
                for k, error in self.worst
            ],
            "versions": versions(),
            "machine": machine(),
        }


def print_report(fit: Fit, out: Console) -> None:
    """Print the tables and the sentence."""
    out.print(_errors_table(fit))
    out.print(_intervals_table(fit))
    if fit.worst:
        out.print(_worst_table(fit))
    verdict = fit.result.verdict
    word, color = ("fit", "green") if verdict.usable else ("not fit", "bold red")
    out.print(Text(f"The model is {word} for MPC: {verdict.reason}.", style=color))
    if fit.result.model.residual is not None and fit.result.model.nets is None:
        out.print("Planners in machine code take networks only, not a Gaussian process.")


def figures(value: float) -> str:
    """Return `value`, which is not negative, with three significant digits and no exponent."""
    if not math.isfinite(value):
        return "inf"
    digits = 2 - math.floor(math.log10(value)) if value > 0.0 else 0
    return f"{value:.{max(digits, 0)}f}"


def _errors_table(fit: Fit) -> Any:
    """Position errors by joint: a row for each of what is compared."""
    errors = {name: 1e3 * by_state[:, : fit.robot.n] for name, by_state in fit.errors.items()}
    rows: list[tuple[str | Text, ...]] = []
    for j, joint in enumerate((*fit.robot.names, "all")):
        # The last block is the root mean square over the joints.
        block = {
            name: by_joint[:, j] if j < fit.robot.n else np.sqrt((by_joint**2).mean(axis=1))
            for name, by_joint in errors.items()
        }
        for name, row in block.items():
            best = [row[h] <= min(other[h] for other in block.values()) for h in range(len(row))]
            cells = [
                Text(figures(value), style="green" if good else "")
                for value, good in zip(row, best, strict=True)
            ]
            rows.append((joint if name == MODEL else "", name, *cells))
    unit = " or ".join(f"m{part}" for part in fit.unit.split(" or "))
    ahead = [f"{time:.3g} s" for time in fit.seconds]
    title = f"{fit.robot.name}: position errors on motion held out in {unit}, by time ahead"
    return table(title, ("joint", "foretold by", *ahead), rows, left=2)


def _intervals_table(fit: Fit) -> Any:
    """How often intervals hold, by joint."""
    known, n = fit.result.verdict.intervals, fit.robot.n
    columns: list[Array] = []
    for states in (slice(0, n), slice(n, None)):
        columns += [known.half[states], known.nine_tenths[states], known.nll[states]]
    rows = []
    for j, joint in enumerate((*fit.robot.names, "all")):
        values = [float(column[j] if j < n else column.mean()) for column in columns]
        cells = [f"{v:.2f}" if k % 3 == 2 else percent(v) for k, v in enumerate(values)]
        rows.append((joint, *cells))
    title = f"{fit.robot.name}: share of the changes over {fit.config.dt:g} s inside its intervals"
    headings = ("50 %", "90 %", "NLL")
    return table(title, ("joint", *(f"{what} {h}" for what in "qv" for h in headings)), rows)


def _worst_table(fit: Fit) -> Any:
    """The rollouts that the model foretells worst."""
    rows = [
        (str(k + 1), fit.held_out.sources[k], figures(error)) for k, error in fit.worst[:_WORST]
    ]
    title = f"{fit.robot.name}: worst of {len(fit.worst)} rollouts held out"
    ahead = f"error after {fit.seconds[-1]:.3g} s, all states"
    return table(title, ("rollout", "from", ahead), rows, left=2)
