"""The folder of a search: what was asked, every trial, and the parameter file that came of it."""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from rl_control.config import fields_of
from rl_control.errors import DataError
from rl_control.paths import data_dir
from rl_control.plants.bullet_config import BulletConfig
from rl_control.run.output import write_json
from rl_control.run.param_file import grouped, parameter_lines
from rl_control.run.reach_settings import RigConfig
from rl_control.run.rig_settings import ARM_NODE, NODE
from rl_control.run.tune_score import Episode
from rl_control.run.tune_search import Trial

ASKED, TRIALS, BEST, PICTURE = "tune.json", "trials.csv", "best.yaml", "tune.png"
_FIGURES = tuple(field.name for field in fields(Episode))
_LAUNCH = "arm_mpc.yaml"  # the parameter file of the launch file that best.yaml is for


@dataclass(frozen=True)
class Asked:
    """What a search was asked for; the same again when it goes on.

    Attributes:
        robot: name or path.
        base: link; "" for the description's own.
        tip: link; "" for the robot's own.
        payload: at the tip in [kg]; None for that of `params`.
        damping: of every joint; None for that of `params`, or the URDF's.
        friction: of every joint; None for that of `params`, or the URDF's.
        params: parameter file of the settings at the start and of the arm; "" for the robot's own.
        bag: recording whose goals are the targets; "" for random ones.
        search: dimensions, as on the command line.
        objective: what an episode costs.
        episodes: in all.
        targets: of a trial.
        held_out: targets of the comparison in the end.
        seed: of targets and proposals.
    """

    robot: str
    base: str
    tip: str
    payload: float | None
    damping: float | None
    friction: float | None
    params: str
    bag: str
    search: tuple[str, ...]
    objective: str
    episodes: int
    targets: int
    held_out: int
    seed: int


def write_asked(folder: Path, asked: Asked) -> None:
    """Keep what a search was asked for."""
    write_json(folder / ASKED, asdict(asked))


def read_asked(folder: Path) -> Asked:
    """Return what the search of a folder was asked for.

    Raises:
        DataError: if the folder is not that of a search, or its file is damaged.
    """
    path = folder / ASKED
    try:
        given = json.loads(path.read_text(encoding="utf-8"))
        return Asked(**{**given, "search": tuple(given["search"])})
    except OSError as error:
        problem = f"cannot be read ({error.strerror})"
    except (ValueError, TypeError, KeyError) as error:
        problem = f"damaged ({error})"
    raise DataError(path, problem, "Name the folder of a search that rl_control tune has left.")


def write_trials(folder: Path, trials: Sequence[Trial]) -> None:
    """Write all trials as a table, one row an episode, whole or not at all."""
    text = io.StringIO()
    keys = list(trials[0].numbers) if trials else []
    rows = csv.writer(text, lineterminator="\n")
    rows.writerow(["trial", "target", *keys, "cost", *_FIGURES])
    for number, trial in enumerate(trials):
        for target, (episode, cost) in enumerate(zip(trial.episodes, trial.costs, strict=True)):
            numbers = [repr(value) for value in trial.numbers.values()]
            figures = [_cell(getattr(episode, name)) for name in _FIGURES]
            rows.writerow([number, target, *numbers, repr(cost), *figures])
    draft = folder / f".{TRIALS}.{os.getpid()}"
    draft.write_text(text.getvalue(), encoding="utf-8")
    os.replace(draft, folder / TRIALS)


def read_trials(folder: Path) -> list[Trial]:
    """Return the trials of a folder; none if there is no table yet.

    Raises:
        DataError: if the table is damaged.
    """
    path = folder / TRIALS
    if not path.is_file():
        return []
    trials: list[Trial] = []
    try:
        with path.open(newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                keys = list(row)[2 : -1 - len(_FIGURES)]
                figures: dict[str, Any] = {name: _value(name, row[name]) for name in _FIGURES}
                episode = Episode(**figures)
                if int(row["trial"]) == len(trials):
                    trials.append(Trial({key: float(row[key]) for key in keys}, (), ()))
                last = trials[-1]
                if (int(row["trial"]), int(row["target"])) != (len(trials) - 1, len(last.costs)):
                    raise ValueError("rows out of order")
                trials[-1] = Trial(
                    last.numbers, (*last.episodes, episode), (*last.costs, float(row["cost"]))
                )
    except (ValueError, KeyError, TypeError, IndexError, OSError) as error:
        raise DataError(path, f"damaged ({error!r})", "Begin a new search.") from None
    return trials


def write_best(
    path: Path, changed: Mapping[str, Any], arm: Mapping[str, Any], notes: Sequence[str]
) -> None:
    """Write a parameter file for launch/arm_mpc.launch.yaml and for `reach --params`.

    Args:
        path: of the file.
        changed: the controller's values by key beside those of the launch file's own parameter
            file.
        arm: the same of the simulated arm.
        notes: lines of the comment at its head.
    """
    shipped = yaml.safe_load((data_dir("config") / _LAUNCH).read_text(encoding="utf-8"))
    lines = [*(f"# {note}" for note in notes)]
    changes = {NODE: (RigConfig, "", changed), ARM_NODE: (BulletConfig, "plant.", arm)}
    for name, section in shipped.items():
        values, comments = dict(_flat(section["ros__parameters"], "")), {}
        if name.rpartition("/")[2] in changes:
            cls, prefix, new = changes[name.rpartition("/")[2]]
            values |= new
            comments = {key: text for key, text in _docs(cls, prefix).items() if key in new}
        lines += ["", *parameter_lines(name, grouped(values), comments)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _docs(cls: type, prefix: str) -> dict[str, str]:
    """What there is to say of every setting of a config class."""
    return {
        f"{prefix}{info.key}": f"[{info.unit}] {info.doc}" if info.unit else info.doc
        for info in fields_of(cls)
    }


def _flat(tree: Mapping[str, Any], prefix: str) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for key, value in tree.items():
        if isinstance(value, Mapping):
            found += _flat(value, f"{prefix}{key}.")
        else:
            found.append((f"{prefix}{key}", value))
    return found


def _cell(value: float | bool) -> str:
    return str(int(value)) if isinstance(value, bool) else repr(value)


def _value(name: str, text: str) -> float | bool:
    return bool(int(text)) if name in ("reached", "sound") else float(text)
