"""`rl_control tune`: search for better settings of the controller on simulated episodes."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rl_control.errors import ConfigError

if TYPE_CHECKING:
    from rich.console import Console

    from rl_control.run.tune_files import Asked
    from rl_control.run.tune_run import TuneRun, Verdict
    from rl_control.run.tune_search import Search

HELP = "search for better weights of the controller on simulated episodes"
DESCRIPTION = """\
Searches settings of the controller with which a simulated arm does better, and leaves a parameter
file. The first trial is what there is. Every trial moves the arm from home to the same targets,
and is given up when it falls behind the best one; the best few are tried on as many new targets.
In the end they are compared with the start on targets that none of them has seen: what is no
better there, or reaches fewer, is not taken, so the result is never worse than the start.

What counts as better (--objective), each the less the better, mean over the targets:
  settle_time      time until the tip is at the target to stay [s]
  tracking_error   distance from the target, as a share of that at the start, over time [s]
  effort           squared share of the effort limits beyond what holds the arm, over time [s]
  combined         mean of the three, each as a share of what the start gives
A target that is not reached counts at least the time limit, a limit that is left or a stop of the
safety filter twice the time limit: neither can be worth it.

What can be searched (--search NAME, NAME=LOW:HIGH or NAME=LOW:HIGH:log, repeated): the weights
task.weights.* and task.terminal.*, mpc.actuation_delay, mpc.iterations, velocity_scale and
effort_scale. Without it, five weights from a hundredth to a hundred times their default. A list
with a number for every joint is scaled as a whole.

The arm is the one of --params (arm_sim's plant.*, such as plant.command_latency: without a delay
mpc.actuation_delay has nothing to make up for), with --payload, --damping and --friction on top.

Left in runs/tune-DATE/: best.yaml (the parameter file), trials.csv (every episode), tune.png (what
was tried), run.json. Ctrl-C keeps the best so far; --resume goes on.

examples:
  rl_control tune --robot planar2
  rl_control tune --robot iiwa7 --payload 2 --friction 0.5 --objective combined
  rl_control tune --robot iiwa7 --params mine.yaml --search task.weights.posture=1:100:log
  rl_control tune --robot iiwa7 --from-bag runs/reach-20260101-120000    its goals as targets
  rl_control tune --resume runs/tune-20260101-120000 --episodes 100
  rl_control launch arm_mpc robot:=iiwa7 params_file:=runs/tune-20260101-120000/best.yaml
  rl_control reach --robot iiwa7 --params runs/tune-20260101-120000/best.yaml
"""
EPISODES, TARGETS, HELD_OUT = 50, 4, 12
INTERRUPTED = 130


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command-line arguments."""
    from rl_control.run.robot_flags import add_arm_flags, add_robot_flags
    from rl_control.run.tune_score import OBJECTIVES

    parser.description = DESCRIPTION
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add_robot_flags(parser)
    add_arm_flags(parser)
    parser.set_defaults(payload=None)  # that of the file
    parser.add_argument(
        "--params",
        metavar="FILE",
        help="parameter file: of mpc_controller the settings at the start, of arm_sim the arm "
        "(plant.*)",
    )
    parser.add_argument(
        "--search", action="append", default=[], metavar="NAME=LOW:HIGH:log", help="see above"
    )
    parser.add_argument(
        "--objective", choices=tuple(OBJECTIVES), default="settle_time", help="default settle_time"
    )
    parser.add_argument(
        "--episodes",
        type=int,
        metavar="N",
        help=f"of the search in all, default {EPISODES}; the comparison in the end comes on top",
    )
    parser.add_argument(
        "--targets", type=int, default=TARGETS, metavar="N", help=f"a trial, default {TARGETS}"
    )
    parser.add_argument(
        "--held-out",
        type=int,
        default=HELD_OUT,
        metavar="N",
        help=f"targets of the comparison, default {HELD_OUT}",
    )
    parser.add_argument(
        "--from-bag", metavar="RUN", help="take the goals of a recording as targets"
    )
    parser.add_argument("--seed", type=int, default=0, help="of targets and proposals, default 0")
    parser.add_argument(
        "--resume", metavar="FOLDER", help="go on with a search, as it was asked for"
    )
    parser.add_argument(
        "--runs", default="runs", metavar="FOLDER", help="where run folders go, default runs/"
    )


def run(args: argparse.Namespace) -> int:
    """Search, compare, and leave what came of it; return the exit code.

    Raises:
        MissingDependencyError: if optuna is not installed.
        RlControlError: if the arm, the settings or the search cannot be used.
    """
    from rl_control.paths import new_run_dir
    from rl_control.report.table import console
    from rl_control.run.run_files import begin_run
    from rl_control.run.tune_files import read_trials, write_asked
    from rl_control.run.tune_run import TuneRun

    asked = _asked(args)
    out = console()
    with out.status(f"building the controller of {asked.robot}"):
        tune = TuneRun(asked)
    try:
        earlier = read_trials(Path(args.resume)) if args.resume else []
        search = tune.search(earlier)
        folder = Path(args.resume) if args.resume else new_run_dir("tune", args.runs)
        file = begin_run(folder, "tune", tune.rig.robot.name, asked.seed)
        write_asked(folder, asked)
        whole = _search(search, asked, folder, out)
        verdict = _compare(tune, search, asked, out) if whole else None
        file.ended(_leave(folder, asked, tune, search, verdict, out))
    finally:
        tune.close()
    return 0 if whole else INTERRUPTED


def _asked(args: argparse.Namespace) -> Asked:
    """What the command line asks for, or what the search that goes on was asked for.

    Raises:
        ConfigError: if a number makes no sense.
        DataError: if there is no such search.
    """
    from dataclasses import replace

    from rl_control.run.robot_flags import check_least
    from rl_control.run.tune_files import Asked, read_asked

    check_least(args, episodes=1, targets=1, seed=0, payload=0.0)
    if args.held_out < 2:
        raise ConfigError("command line", "--held-out", f"found {args.held_out}", "Give 2 or more.")
    if args.resume:
        asked = read_asked(Path(args.resume))
        return replace(asked, episodes=args.episodes or asked.episodes)
    asked = Asked(
        robot=args.robot, base=args.base or "", tip=args.tip or "", payload=args.payload,
        damping=args.damping, friction=args.friction, params=_absolute(args.params),
        bag=_absolute(args.from_bag), search=tuple(args.search), objective=args.objective,
        episodes=args.episodes or EPISODES, targets=args.targets, held_out=args.held_out,
        seed=args.seed,
    )  # fmt: skip
    if asked.episodes < asked.targets:
        raise ConfigError(
            "command line", "--episodes", f"found {asked.episodes}, fewer than the {asked.targets} "
            "targets of a trial", "Give more, or fewer --targets.",
        )  # fmt: skip
    return asked


def _absolute(path: str | None) -> str:
    """The path as it is found from anywhere: a search may go on in another folder."""
    return str(Path(path).absolute()) if path else ""


def _search(search: Search, asked: Asked, folder: Path, out: Console) -> bool:
    """Search until the episodes are spent; say whether they were."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    from rl_control.run.tune_files import write_trials

    columns = (
        TextColumn("searching"), BarColumn(), MofNCompleteColumn(), TextColumn("episodes"),
        TextColumn("{task.fields[best]}"),
    )  # fmt: skip
    try:
        with Progress(*columns, console=out, disable=not out.is_terminal, transient=True) as bar:
            task = bar.add_task("", total=asked.episodes, completed=search.spent, best="")
            while not search.over:
                search.step()
                write_trials(folder, search.trials)
                best = f"best {search.best.cost:.3g}, at the start {search.start.cost:.3g}"
                bar.update(task, completed=search.spent, best=best)
    except KeyboardInterrupt:
        if not search.trials:
            raise
        out.print("stopped: the best so far is kept, but was not compared with the start")
        return False
    return True


def _compare(tune: TuneRun, search: Search, asked: Asked, out: Console) -> Verdict:
    with out.status(f"comparing on {asked.held_out} targets that were not searched on"):
        return tune.verdict(search)


def _leave(
    folder: Path, asked: Asked, tune: TuneRun, search: Search, verdict: Verdict | None, out: Console
) -> dict[str, Any]:
    """Write the parameter file and the picture, say what came of it, and return it."""
    from rl_control.run.tune_files import BEST, PICTURE, write_best
    from rl_control.run.tune_report import picture_of, result_of, summary_of, table_of

    numbers = search.best.numbers if verdict is None else verdict.after.numbers
    config = tune.settings(numbers)
    summary = summary_of(asked, search, verdict)
    notes = (
        f"Settings for {asked.robot}, found by rl_control tune: {summary}",
        f"rl_control launch arm_mpc robot:={asked.robot} params_file:={folder / BEST}",
        f"rl_control reach --robot {asked.robot} --params {folder / BEST}",
    )
    write_best(folder / BEST, tune.values(config), tune.arm_values(), notes)
    out.print(table_of(tune, numbers))
    out.print(summary, highlight=False)
    picture = picture_of(asked, tune, search, verdict, folder / PICTURE)
    if picture is None:
        out.print("no picture: matplotlib is missing (pip install 'rl_control[viz]')")
    out.print(f"left {folder}", soft_wrap=True, markup=False)
    return result_of(search, verdict, numbers)
