"""`rl_control reach`: reach random targets in one process without ROS, and measure."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rl_control.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from rich.console import Console

    from rl_control.report.metrics import TargetResult
    from rl_control.report.plots import RunRecord
    from rl_control.run.rig import Rig
    from rl_control.run.run_files import RunFile
    from rl_control.types import Array, Goal

HELP = "reach random targets in one process without ROS, and measure"
DESCRIPTION = """\
Drives a simulated arm to one target after another, each time from its home position, by MPC that
replans at every joint state. Targets are tip positions of joint vectors drawn from the middle 70 %
of the limits, free of collision and above the floor. One is reached when the tip stays within 5 mm
and the joints below 2 % of their speed limits for 0.25 s, inside 4 s. Everything is recorded in a
folder under runs/: bag/ has what ROS 2 nodes would have published, run.json what was measured; see
rl_control report, explain and replay. Simulated time stands still while a plan is made, so that
solves need no budget.

examples:
  rl_control reach --robot panda --targets 20
  rl_control reach --robot my_arm.urdf --tip tool --json result.json
  rl_control reach --robot iiwa7 --target 0.4 0.3 0.7 --film
  rl_control reach --robot iiwa7 --params runs/tune-20260101-120000/best.yaml
  rl_control reach --robot iiwa7 --planner icem --sampling.samples 200
"""
FILMED = 5  # targets shown in the plot and the video


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command-line arguments."""
    from rl_control.config import add_flags
    from rl_control.control.planner_settings import PlannerConfig
    from rl_control.run.output import add_json_argument
    from rl_control.run.reach_settings import UNHURRIED
    from rl_control.run.robot_flags import add_robot_flags

    parser.description = DESCRIPTION
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add_robot_flags(parser)
    parser.add_argument(
        "--params",
        metavar="FILE",
        help="parameter file of the node mpc_controller, for its weights, limits and planner",
    )
    parser.add_argument("--targets", type=int, default=10, metavar="N", help="default 10")
    parser.add_argument(
        "--target",
        type=float,
        nargs=3,
        action="append",
        metavar=("X", "Y", "Z"),
        help="a target of your own in the base frame [m], in place of random ones; repeatable",
    )
    parser.add_argument("--seed", type=int, default=0, help="of the random targets, default 0")
    parser.add_argument("--gui", action="store_true", help="show the simulator's window")
    parser.add_argument("--no-record", action="store_true", help="leave no folder with a recording")
    parser.add_argument(
        "--film",
        action="store_true",
        help=f"also leave a plot and a video of the first {FILMED} targets in the run's folder",
    )
    parser.add_argument(
        "--runs", default="runs", metavar="FOLDER", help="where run folders go, default runs/"
    )
    add_json_argument(parser)
    add_flags(parser, PlannerConfig, base=UNHURRIED)


def run(args: argparse.Namespace) -> int:
    """Reach every target and print the table; return the exit code.

    Raises:
        UnreachableTargetError: if a target of the user's own cannot be reached; nothing moves.
        RlControlError: if the robot cannot be used.
    """
    from rl_control.config import from_args
    from rl_control.control.planner_settings import PlannerConfig
    from rl_control.report.table import console
    from rl_control.run.output import check_writable, write_json
    from rl_control.run.reach_settings import UNHURRIED, RigConfig
    from rl_control.run.rig import make_rig
    from rl_control.run.rig_settings import from_file, planner_of, retuned, with_planner
    from rl_control.run.run_recorder import tell_failure

    if args.targets < 1:
        raise ConfigError("command line", "--targets", f"found {args.targets}", "Give 1 or more.")
    if args.seed < 0:
        raise ConfigError("command line", "--seed", f"found {args.seed}", "Give 0 or more.")
    check_writable(args.json)
    base = planner_of(from_file(args.params, RigConfig())) if args.params else UNHURRIED
    settings = from_args(PlannerConfig, args, base)
    out = console()
    with out.status(f"building the controller of {args.robot}"):
        rig = make_rig(args.robot, args.base, args.tip, args.gui, settings)
    try:
        if args.params:
            rig = retuned(rig, with_planner(from_file(args.params, rig.config), settings))
        # Every goal is found before anything moves: a target out of reach stops the whole.
        with out.status("finding joint vectors for the targets"):
            goals = [rig.goal(target) for target in _targets(args, rig)]
        rig, run = _begun(args, rig)
        outcomes = _reach_all(rig, goals, out)
        report = _report(args, settings.planner, rig, outcomes)
        out.print(_table(rig, outcomes))
        _print_summary(report, out)
        if run is not None:
            run.ended(report)
            if args.film:
                _film(run.folder, rig, outcomes, out)
    finally:
        rig.close()
    if run is not None:
        tell_failure(rig.recorder, out)
        out.print(f"left {run.folder}", soft_wrap=True, markup=False)
    if args.json:
        write_json(args.json, report)
    return 0 if report["success_rate"] == 1.0 else 1


@dataclass(frozen=True)
class Outcome:
    """One target: how it went, and the run itself."""

    result: TargetResult
    record: RunRecord


def _begun(args: argparse.Namespace, rig: Rig) -> tuple[Rig, RunFile | None]:
    """The rig and the file of a run that begins; no file if nothing is to be left."""
    import time

    from rl_control.paths import new_run_dir
    from rl_control.run.run_files import begin_run

    if args.no_record and not args.film:
        return rig, None
    seed = None if args.target else args.seed
    run = begin_run(new_run_dir("reach", args.runs), "reach", rig.robot.name, seed)
    return rig if args.no_record else rig.recorded(run.folder, time.time_ns()), run


def _targets(args: argparse.Namespace, rig: Rig) -> list[Any]:
    import numpy as np

    from rl_control.tasks.reach import sample_targets

    if args.target:
        return list(args.target)
    generator = np.random.default_rng(args.seed)
    return list(sample_targets(rig.robot, args.targets, generator, rig.checker.collides))


def _reach_all(rig: Rig, goals: list[Goal], out: Console) -> list[Outcome]:
    from rich.progress import track

    outcomes = []
    for goal in track(
        goals, "reaching targets", console=out, disable=not out.is_terminal, transient=True
    ):
        outcomes.append(reach_one(rig, goal))
    return outcomes


def reach_one(rig: Rig, goal: Goal) -> Outcome:
    """Move from home to one goal and judge the run."""
    from rl_control.report.metrics import judge
    from rl_control.report.plots import RunRecord, TargetMark

    trajectory, settled = rig.reach(goal)
    solve_ms = trajectory.extra["solve_ms"]
    record = RunRecord(
        title=f"{rig.robot.name}: one target",
        trajectory=trajectory,
        limits=rig.robot.limits,
        targets=(TargetMark(0.0, goal.position, settled),),
        solve_times=trajectory.times[: len(solve_ms)],
        solve_ms=solve_ms,
        tolerance=rig.task.tolerance,
    )
    return Outcome(judge(trajectory, goal.position, rig.robot.limits, settled), record)


def _report(
    args: argparse.Namespace, planner: str, rig: Rig, outcomes: list[Outcome]
) -> dict[str, Any]:
    import numpy as np

    from rl_control.report.metrics import percentile
    from rl_control.run.environment import machine, versions

    solve_ms: Array = np.concatenate([outcome.record.solve_ms for outcome in outcomes])
    moved = sum(float(outcome.record.trajectory.times[-1]) for outcome in outcomes)
    results = [outcome.result for outcome in outcomes]
    settled = np.array([r.settle_time_s for r in results if r.settle_time_s is not None])
    return {
        "robot": rig.robot.name,
        "tip": rig.robot.tip,
        "planner": planner,
        "seed": None if args.target else args.seed,
        "success_rate": sum(result.reached for result in results) / len(results),
        "final_error_m": {
            "p50": percentile(np.array([r.final_error_m for r in results]), 50),
            "max": max(r.final_error_m for r in results),
        },
        "settle_time_s": {"p50": percentile(settled, 50), "max": percentile(settled, 100)},
        "peak_torque_ratio": max(r.peak_torque_ratio for r in results),
        "peak_velocity_ratio": max(r.peak_velocity_ratio for r in results),
        "position_limit_violation_rad": max(r.position_limit_violation_rad for r in results),
        "solve_ms": {"p50": percentile(solve_ms, 50), "p99": percentile(solve_ms, 99)},
        "replan_hz": len(solve_ms) / moved,
        "targets": results,
        "versions": versions(),
        "machine": machine(),
    }


def _table(rig: Rig, outcomes: list[Outcome]) -> Any:
    from rl_control.report.table import number, percent, table, verdict

    rows = []
    for k, outcome in enumerate(outcomes):
        result = outcome.result
        rows.append(
            (
                str(k + 1),
                " ".join(f"{c:6.3f}" for c in result.target),
                verdict(result.reached),
                number(result.final_error_m, 2, 1e3),
                number(result.settle_time_s, 2),
                percent(result.peak_torque_ratio),
                percent(result.peak_velocity_ratio),
                number(result.position_limit_violation_rad, 3),
            )
        )
    columns = (
        "", "target [m]", "reached", "error [mm]", "settled [s]", "torque", "velocity",
        "past limit [rad]",
    )  # fmt: skip
    return table(f"{rig.robot.name}: {len(rows)} targets", columns, rows, left=3)


def _print_summary(report: dict[str, Any], out: Console) -> None:
    from rl_control.report.table import number

    reached = sum(result.reached for result in report["targets"])
    total = len(report["targets"])
    color = "green" if reached == total else "bold red"
    out.print(f"[{color}]reached {reached} of {total}[/]")
    out.print(
        f"median error {number(report['final_error_m']['p50'], 2, 1e3, ' mm')}, "
        f"median settle time {number(report['settle_time_s']['p50'], 2, 1.0, ' s')}; "
        f"solve p50 {number(report['solve_ms']['p50'], 2, 1.0, ' ms')}, "
        f"p99 {number(report['solve_ms']['p99'], 2, 1.0, ' ms')}; "
        f"{report['replan_hz']:.0f} replans a second"
    )


def _film(folder: Path, rig: Rig, outcomes: list[Outcome], out: Console) -> None:
    from rich.progress import track

    from rl_control.run.recording import joined, leave_behind

    first = outcomes[:FILMED]
    whole = joined([o.record for o in first], f"{rig.robot.name}: {len(first)} targets, by MPC")
    paths = leave_behind(
        folder,
        whole,
        rig.robot,
        lambda times: track(
            times, "drawing", console=out, disable=not out.is_terminal, transient=True
        ),
    )
    for path in paths:
        out.print(f"left {path}", soft_wrap=True)
