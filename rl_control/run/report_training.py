"""The report of a training run: how well its policy did after how much motion."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from rl_control.report.html.page import (
    Cell,
    Figure,
    details_html,
    facts_html,
    figures_html,
    header_html,
    page,
    picture_html,
    plots_html,
    section_html,
    table_html,
)
from rl_control.report.html.plot import Curve, Plot
from rl_control.report.html.series import Scale
from rl_control.report.html.style import joint_colors
from rl_control.report.html.ticks import round_up
from rl_control.run.evaluate import FILE as EVALUATION
from rl_control.run.train_run import CONFIG, TrainRun
from rl_control.run.train_settings import METHODS, TrainSettings, as_plain

_PICTURES = {"policy.gif": "image/gif", "training.png": "image/png"}
_COLORS = {"trained": "--line", "trial": "--good"}
_WHERE = {"trained": "where it was trained", "trial": "elsewhere"}
_COLUMNS = (
    "iteration", "motion [s]", "success there [%]", "elsewhere [%]", "error there [mm]",
    "elsewhere [mm]", "mean cost", "loss", "stopped",
)  # fmt: skip


def training_page(run: TrainRun) -> str:
    """Return the whole page.

    Raises:
        DataError: if a file of the run is damaged.
    """
    settings, about = run.settings, _read(run.folder / CONFIG)
    judged = _read(run.folder / EVALUATION)
    title = f"{settings.robot}: {settings.task}, trained by {settings.method}"
    seconds = float(run.rows[-1]["seconds"]) if run.rows else 0.0
    span = (0.0, max(seconds, 1.0))
    plots = _plots(run)
    pictures = [
        picture_html((run.folder / name).read_bytes(), kind, name)
        for name, kind in _PICTURES.items()
        if (run.folder / name).is_file()
    ]
    drawn = plots_html(plots, span, [], axis="motion of the arm [s]") if plots else ""
    body = "".join(
        [
            header_html(title, _lines(run, about), f"rl_control evaluate {run.folder}"),
            figures_html(_figures(run, judged)),
            drawn,
            section_html("What the policy does", *pictures[:1]),
            section_html("The training", *pictures[1:]),
            section_html("Iterations", _iterations(run)),
            section_html("Settings that differ from the defaults", _settings(settings)),
        ]
    )
    return page(title, body, span, joint_colors(2))


def _lines(run: TrainRun, about: Mapping[str, Any]) -> list[str]:
    software, machine = about.get("software") or {}, about.get("machine") or {}
    dot = " \N{MIDDLE DOT} "
    first = f"{run.iterations} iterations{dot}seed {run.settings.seed}"
    second = dot.join([*(f"{k} {v}" for k, v in software.items()), str(machine.get("processor"))])
    return [first, second if software else ""]


def _figures(run: TrainRun, judged: Mapping[str, Any]) -> list[Figure]:
    found = []
    if judged:
        unseen = judged["unseen"]
        low, high = unseen["interval"]
        text = f"succeeded elsewhere; between {100 * low:.0f} and {100 * high:.0f} % at 95 %"
        value = f"{unseen['succeeded']} of {unseen['trials']}"
        found.append(Figure(value, "", text))
        found.append(Figure(f"{1e3 * unseen['error_m']['p50']:.2f}", "mm", "median error"))
        if judged.get("cost_ratio") is not None:
            found.append(Figure(f"{judged['cost_ratio']:.2f}", "", "cost beside the controller's"))
        found.append(Figure(f"{judged['action_us']['p50']:.0f}", "\N{MICRO SIGN}s", "an action"))
    if run.rows:
        found.append(Figure(f"{run.rows[-1]['seconds']:.0f}", "s", "of motion"))
    found.append(Figure(f"{run.wall_s:.0f}", "s", "of computing"))
    return found


def _plots(run: TrainRun) -> list[Plot]:
    """Success, error and cost over the motion of the arm, in iterations that were tried."""
    found = []
    for what, title, unit, factor in (
        ("success", "Success", "%", 100.0),
        ("error", "Median error at the end", "mm", 1e3),
        ("cost", "Mean cost", "", 1.0),
    ):
        curves = []
        for who, where in _WHERE.items():
            values = np.array([row.get(f"{who}_{what}", np.nan) for row in run.rows], dtype=float)
            seconds = np.array([row["seconds"] for row in run.rows], dtype=float)
            known = np.isfinite(values)
            if known.any():
                points = seconds[known], factor * values[known]
                curves.append(Curve(where, *points, _COLORS[who]))
                curves.append(Curve(where, *points, _COLORS[who], "ticks", in_legend=False))
        if curves:
            values = np.concatenate([curve.values for curve in curves])
            log = what == "error" and values.min() > 0.0
            low = 10.0 ** np.floor(np.log10(values.min())) if log else 0.0
            high = 100.0 if what == "success" else round_up(1.1 * float(values.max()))
            found.append(Plot(title, unit, curves, Scale(float(low), high, log)))
    return found


def _iterations(run: TrainRun) -> str:
    def number(value: float | None, factor: float = 1.0, digits: int = 3) -> Cell:
        known = value is not None and np.isfinite(value)
        text = f"{factor * value:.{digits}g}" if known and value is not None else "\N{EM DASH}"
        return Cell(text, number=True)

    rows = [
        [
            number(row.get("iteration", 0.0)),
            number(row.get("seconds"), digits=4),
            *(number(row.get(f"{who}_success"), 100.0) for who in _WHERE),
            *(number(row.get(f"{who}_error"), 1e3) for who in _WHERE),
            number(row.get("cost"), digits=4),
            number(row.get("loss")),
            number(row.get("stopped")),
        ]
        for row in run.rows
    ]
    if not rows:
        return ""
    table = table_html(_COLUMNS, rows)
    return table if len(rows) <= 15 else details_html(f"{len(rows)} iterations", table)


def _settings(settings: TrainSettings) -> str:
    usual = as_plain(
        TrainSettings(
            task=settings.task, robot=settings.robot, method=settings.method,
            how=METHODS[settings.method].config,
        )
    )  # fmt: skip
    given = as_plain(settings)
    changed = {
        name: f"{value}, by default {usual.get(name, 'not set')}"
        for name, value in given.items()
        if value != usual.get(name)
    }
    return facts_html(changed) or '<p class="sub">None.</p>'


def _read(file: Path) -> dict[str, Any]:
    """What a JSON file of the run says; empty if it is not there."""
    from rl_control.errors import DataError

    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except ValueError as error:
        raise DataError(file, f"damaged ({error})", "Evaluate the run anew.") from None
    return dict(found)
