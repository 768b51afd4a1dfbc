"""`rl_control replay counterfactual`: what another controller would have commanded in a run."""

from __future__ import annotations

import argparse
import math
import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rl_control.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

    from rl_control.data.runs.log import RunLog
    from rl_control.run.counterfactual import Counterfactual
    from rl_control.run.counterfactual_compare import Comparison

HELP = "ask what a controller with other weights would have commanded"
DESCRIPTION = """\
Feeds the recorded states, goals and changes of settings to a controller that is made of the
recorded settings, offline and without ROS, and compares what it commands with what was commanded.
The states are as they were recorded, whatever it commands: that tells what it would have done in
each of them, not where that would have led.

Without changes it repeats the recorded controller: in lock-step to the bit, else as near as the
times that a plan took can be told.

examples:
  rl_control replay counterfactual runs/reach-20260131-120000
  rl_control replay counterfactual my_bag --set task.weights.posture=20 --output what_if
  rl_control replay counterfactual my_bag --params tuned.yaml --json result.json
  rl_control replay counterfactual my_bag --model runs/learn-1/model-0003.safetensors
"""
NOTABLE = 1.2  # multiple of the time for the states from which on that with start-up is told


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command-line arguments."""
    parser.description = DESCRIPTION
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "bag", metavar="RUN", help="a run's folder, a bag's folder, or one bag file"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="NAME=VALUE", dest="sets",
        help="another value of a setting, such as mpc.horizon=40; may be given several times",
    )  # fmt: skip
    parser.add_argument("--params", metavar="FILE", help="parameter file with other values")
    parser.add_argument("--model", metavar="FILE", help="plan on this learned model")
    parser.add_argument(
        "--robot", metavar="R", help="robot's name or file, if not the recorded one"
    )
    parser.add_argument(
        "--controller", metavar="NODE", default="", help="which of several controllers in the bag"
    )
    parser.add_argument("--json", metavar="FILE", help="also write the figures to FILE")
    parser.add_argument("--output", metavar="FOLDER", help="write picture and commands there")


def run(args: argparse.Namespace) -> int:
    """Run the verb; return its exit code.

    Raises:
        RlControlError: what is wrong with bag, settings or robot.
    """
    from rl_control.data.runs.log import read_log
    from rl_control.report.table import console
    from rl_control.run.counterfactual import counterfactual
    from rl_control.run.counterfactual_compare import compared
    from rl_control.run.counterfactual_settings import given_changes
    from rl_control.run.output import check_writable, write_json

    check_writable(args.json)
    folder = _folder(args.output)
    changes = given_changes(args.sets, args.params, args.model)
    out = console()
    marks = [time.perf_counter()]
    log = read_log(args.bag, args.controller)
    found = counterfactual(
        log, changes, args.robot, lambda done, of: marks.append(time.perf_counter())
    )
    result = compared(found, log)
    _print(out, log, found, result)
    out.print(speed(float(np.ptp(found.inputs.times)), marks[0], marks[1], marks[-1]))
    if args.json:
        write_json(args.json, result)
    if folder is not None:
        for file in _write(folder, log, found):
            out.print(f"wrote {file}")
    return 0


def _folder(path: str | None) -> Path | None:
    if path is None:
        return None
    folder = Path(path)
    if folder.exists() and not folder.is_dir():
        raise ConfigError(
            "command line", "--output", f"{folder} is a file", "Name a folder, new or not."
        )
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _print(out: Console, log: RunLog, found: Counterfactual, result: Comparison) -> None:
    from rl_control.report.table import table

    inputs = found.inputs
    rows = [
        [
            name,
            f"{result.rms[i]:.4g}",
            f"{result.greatest[i]:.4g}",
            f"{100 * result.greatest[i] / result.limits[i]:.2g} %",
            f"{result.greatest_at[i]:.3f}" if result.greatest[i] else "-",
            f"{100 * result.recorded_at_limit[i]:.3g} %",
            f"{100 * result.at_limit[i]:.3g} %",
        ]
        for i, name in enumerate(result.names)
    ]
    columns = [
        *("joint", "rms [N m]", "greatest [N m]", "of its limit", "at [s]"),
        *("recorded at limit", "now at limit"),
    ]
    say = out.print
    say(
        f"{log.path}: {log.controller.lstrip('/')} on {found.deciders.arm.robot.name}, "
        f"{result.states} states, {np.ptp(inputs.times):.1f} s"
    )
    for line in (*found.notes, *verdict(result)):
        say(line)
    if not result.identical:
        say(table("difference of the commands", columns, rows))
    say(
        f"mean cost of a plan: {result.cost:.6g}"
        + ("" if math.isnan(result.recorded_cost) else f" (recorded {result.recorded_cost:.6g})")
    )
    for reason, count in sorted(result.reasons.items()):
        say(f"{reason}: {count} commands")


def speed(span: float, began: float, built: float, done: float) -> str:
    """Return in words how quickly a recording was gone through.

    Args:
        span: of the recording in [s].
        began: when reading it began in [s].
        built: when the controller was ready in [s].
        done: when all states were done in [s].
    """
    alone, whole = max(done - built, 1e-9), max(done - began, 1e-9)
    text = f"{alone:.2f} s for the states: {span / alone:.1f} times real time"
    if whole < NOTABLE * alone:
        return text
    return f"{text}; {whole:.2f} s with reading and building: {span / whole:.1f} times"


def verdict(result: Comparison) -> list[str]:
    """Return in words whether the commands are the recorded ones, and why not."""
    if result.identical:
        return [f"all {result.compared} commands are those recorded, to the bit"]
    lines = [
        f"{result.same} of {result.compared} commands are those recorded, to the bit; the first "
        f"other one is at {result.first:.3f} s"
    ]
    if result.missing:
        lines.append(
            f"{result.missing} states are missing in the bag: what the controller remembered of "
            "them cannot be repeated"
        )
    if not result.whole:
        lines.append(
            "the recording begins after the controller did: what it remembered cannot be repeated"
        )
    if not result.lock_step:
        lines.append(
            "the run was not in lock-step: when a plan was ready is known to a fraction of a "
            "millisecond only, so even without changes commands are near, not the same"
        )
    return lines


def _write(folder: Path, log: RunLog, found: Counterfactual) -> list[Path]:
    from rl_control.report.counterfactual_plot import plot_counterfactual
    from rl_control.run.counterfactual_controller import limits_of

    inputs, made = found.inputs, found.deciders
    limits = limits_of(made.arm, made.config)[0].effort
    units = ["N" if joint.kind == "prismatic" else "N m" for joint in made.arm.robot.joints]
    times = inputs.times - inputs.times[0]
    picture, numbers = folder / "counterfactual.png", folder / "counterfactual.csv"
    plot_counterfactual(
        picture, inputs.names, times, inputs.commands, found.commands, limits, units,
        f"what another controller would have commanded: {log.path.parent.name or log.path.name}",
    )  # fmt: skip
    header = [
        "time",
        *(f"recorded.{name}" for name in inputs.names),
        *(f"counterfactual.{name}" for name in inputs.names),
    ]
    rows = np.column_stack([times, inputs.commands, found.commands])
    np.savetxt(numbers, rows, delimiter=",", header=",".join(header), comments="", fmt="%.17g")
    return [picture, numbers]
