"""`rl_control compare`: put training runs side by side."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rl_control.run.train_run import TrainRun

HELP = "put training runs side by side"
DESCRIPTION = """\
One row a run: how far it has come, and what `rl_control evaluate` has found of its policy. Below,
the settings in which the runs differ. The picture has success and cost against robot time.

example:
  rl_control compare runs/a runs/b --picture compared.png
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command-line arguments."""
    from rl_control.run.output import add_json_argument

    parser.description = DESCRIPTION
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("runs", nargs="+", metavar="RUN", help="folder of a run")
    parser.add_argument("--picture", metavar="FILE", help="also draw them, as a PNG")
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Compare; return the exit code.

    Raises:
        RlControlError: if a run cannot be read.
    """
    from rl_control.report.table import console, table
    from rl_control.run.output import check_writable, write_json
    from rl_control.run.train_run import resume

    check_writable(args.json)
    check_writable(args.picture, "--picture")
    runs = [resume(Path(folder)) for folder in args.runs]
    found = [_summary(*pair) for pair in zip(runs, _names(runs), strict=True)]
    out = console()
    out.print(table(_TITLE, _COLUMNS, [_row(one) for one in found]))
    for name, values in differing(runs).items():
        out.print(f"{name}: {', '.join(map(str, values))}", highlight=False, soft_wrap=True)
    if args.picture:
        draw(runs, found, args.picture)
        out.print(f"left {args.picture}", soft_wrap=True)
    if args.json:
        write_json(args.json, found)
    return 0


_TITLE = "training runs: motion and wall time in s, success in %, error in mm, action in us"
_COLUMNS = (
    *("run", "iter.", "motion", "wall", "trained", "unseen", "error", "cost", "/ MPC's", "action"),
)


def differing(runs: Sequence[TrainRun]) -> dict[str, list[Any]]:
    """Return the settings in which runs differ: the value of each run, by name."""
    from rl_control.run.train_settings import as_plain

    plain = [as_plain(one.settings) for one in runs]
    names = dict.fromkeys(name for values in plain for name in values)
    return {
        name: [values.get(name) for values in plain]
        for name in names
        if any(values.get(name) != plain[0].get(name) for values in plain)
    }


def draw(runs: Sequence[TrainRun], found: Sequence[dict[str, Any]], path: str) -> None:
    """Draw success and cost of runs against robot time."""
    from rl_control.report.training_plot import plot_comparison
    from rl_control.run.train_report import curve_of

    curves = []
    for one, summary in zip(runs, found, strict=True):
        judged = summary["evaluation"] or {}
        teacher = judged.get("controller") or {}
        test_cost = (judged.get("unseen") or {}).get("cost")
        curves.append(curve_of(one, summary["name"], teacher.get("cost"), test_cost))
    plot_comparison("training runs", [curve for curve in curves if curve.seconds.size], path)


def _summary(one: TrainRun, name: str) -> dict[str, Any]:
    """What is known of a run as plain values; its evaluation only if it is of its newest policy."""
    from rl_control.run.train_report import newest

    figures = (
        *("trained_success", "trained_error", "trained_cost"),
        *("trial_success", "trial_error", "trial_cost"),
    )
    return {
        "folder": str(one.folder),
        "name": name,
        "iterations": one.iterations,
        "seconds": one.rows[-1]["seconds"] if one.rows else 0.0,
        "wall_s": one.wall_s,
        "last": {figure: newest(one.rows, figure) for figure in figures},
        "evaluation": _evaluation(one),
    }


def _evaluation(one: TrainRun) -> dict[str, Any] | None:
    from rl_control.errors import DataError
    from rl_control.run.evaluate import FILE

    path = one.folder / FILE
    try:
        found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return found if found["iterations"] == one.iterations else None
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(path, f"not an evaluation ({error})", "Evaluate the run anew.") from None


def _row(summary: dict[str, Any]) -> tuple[str, ...]:
    from rl_control.report.table import MISSING, number
    from rl_control.run.evaluate import share_text

    judged, last = summary["evaluation"], summary["last"]
    start = (
        summary["name"],
        str(summary["iterations"]),
        number(summary["seconds"], 0),
        number(summary["wall_s"], 0),
    )
    if judged is None:
        return (
            *start,
            number(last["trained_success"], 0, 100.0),
            number(last["trial_success"], 0, 100.0),
            number(last["trial_error"], 1, 1e3),
            number(last["trial_cost"], 3),
            *(MISSING, MISSING),
        )
    unseen, trained = judged["unseen"], judged["trained"]
    return (
        *start,
        MISSING if trained is None else share_text(trained),
        share_text(unseen),
        number(unseen["error_m"]["p50"], 1, 1e3),
        number(unseen["cost"], 3),
        number(judged["cost_ratio"], 3),
        number(judged["action_us"]["p50"], 1),
    )


def _names(runs: Sequence[TrainRun]) -> list[str]:
    """The ends of their paths, as long as it takes to tell them apart."""
    paths = [one.folder.absolute() for one in runs]
    for length in range(1, max(len(path.parts) for path in paths) + 1):
        names = [str(Path(*path.parts[-length:])) for path in paths]
        if len(set(names)) == len(set(paths)):
            break
    return names
