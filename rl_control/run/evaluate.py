"""`rl_control evaluate`: try a trained policy in situations it was not trained on."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from rl_control.robot.model import RobotModel
    from rl_control.run.score import Evaluation, Trained

HELP = "try a trained policy in situations it was not trained on"
DESCRIPTION = """\
Lets a policy do its task alone and without noise in situations drawn anew, the same for every
policy of a task, and beside it the planner (MPC), which knows the arm as described. Tells how
often it succeeds, with the 95 % interval of Wilson, what that costs beside the planner, and how
long an action takes. In a run's folder it leaves evaluation.json, draws training.png anew, and
shows some of the trials in policy.gif. The policy's trials are recorded as a bag in a folder of
their own under runs/, for rl_control report and other tools.

examples:
  rl_control evaluate runs/train-20260101-120000
  rl_control evaluate policy.safetensors --trials 20 --no-controller
"""
FILE = "evaluation.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command-line arguments."""
    from rl_control.run.output import add_json_argument
    from rl_control.run.train import add_workers_flag

    parser.description = DESCRIPTION
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("source", metavar="RUN_OR_POLICY", help="folder of a run, or policy file")
    parser.add_argument(
        "--trials", type=int, default=100, metavar="N", help="situations, default 100"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the situations, default 0")
    parser.add_argument(
        "--controller",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="also let the planner do it",
    )
    parser.add_argument(
        "--no-video", action="store_true", help="leave the picture of a run, but no video"
    )
    parser.add_argument("--no-record", action="store_true", help="leave no folder with a bag")
    parser.add_argument(
        "--runs", default="runs", metavar="FOLDER", help="where that folder goes, default runs/"
    )
    add_workers_flag(parser)
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Try the policy; return the exit code.

    Raises:
        RlControlError: if it, or its task, cannot be used.
    """
    from rl_control.report.table import console
    from rl_control.run.output import check_writable, write_json
    from rl_control.run.robot_flags import check_least
    from rl_control.run.score import find_trained, report_of

    check_least(args, trials=1, seed=0)
    check_writable(args.json)
    out = console()
    found = find_trained(Path(args.source))
    evaluation, robot = _evaluated(found, args, out)
    report = report_of(found, evaluation, args.seed)
    _tell(report, out)
    if not args.no_record:
        _record(found, evaluation, robot, report, args, out)
    if found.run is not None:
        write_json(found.run.folder / FILE, report)
    if args.json:
        write_json(args.json, report)
    return 0


def _record(
    found: Trained,
    evaluation: Evaluation,
    robot: RobotModel,
    report: dict[str, Any],
    args: argparse.Namespace,
    out: Console,
) -> None:
    """Leave the policy's trials as a bag, and what came of them."""
    import time

    from rl_control.paths import new_run_dir
    from rl_control.run.counterfactual_settings import ReplayConfig
    from rl_control.run.run_files import begin_run
    from rl_control.run.run_recorder import tell_failure
    from rl_control.run.trials_bag import leave_bag

    given, source = found.settings, found.source if found.run is None else found.run.policy
    settings = ReplayConfig(
        robot=given.robot, base=given.base or "", tip=given.tip or "", lock_step=True,
        policy=str(source), shadow="none",
    )  # fmt: skip
    run = begin_run(new_run_dir("evaluate", args.runs), "evaluate", robot.name, args.seed)
    with out.status("recording"):
        recorder = leave_bag(run.folder, robot, settings, evaluation.unseen, time.time_ns())
    tell_failure(recorder, out)
    run.ended(report)
    out.print(f"left {run.folder}", soft_wrap=True, markup=False)


def _evaluated(
    found: Trained, args: argparse.Namespace, out: Console
) -> tuple[Evaluation, RobotModel]:
    from rl_control.run.score import evaluate, planner_settings
    from rl_control.run.train_report import leave_pictures
    from rl_control.run.train_settings import trainer_of
    from rl_control.run.workers import QuietRunner, parse_workers, rollouts_of

    workers = parse_workers(args.workers)
    with ExitStack() as held:
        spec = found.settings.spec
        runner = QuietRunner(spec)
        held.callback(runner.close)
        collect = runner if workers == 0 else rollouts_of(spec, workers)
        held.callback(collect.close)
        planned = collect if args.controller else None
        other = planner_settings(found.settings).spec
        if args.controller and other != spec:
            planned = rollouts_of(other, workers)
            held.callback(planned.close)
        trainer = trainer_of(found.settings, runner.task)
        made = evaluate(found, trainer, collect, planned, args.seed, args.trials, out.status)
        if found.run is not None:
            trials = (made.unseen, made.teacher, out, made.trained)
            leave_pictures(found.run, runner.task, *trials, film=not args.no_video)
    return made, runner.task.robot


def _tell(report: dict[str, Any], out: Console) -> None:
    from rl_control.report.table import number, table

    who = (
        ("policy, unseen", report["unseen"]),
        ("policy, trained", report["trained"]),
        ("controller", report["controller"]),
    )
    rows = [
        (
            name,
            f"{one['succeeded']} of {one['trials']}",
            share_text(one),
            number(one["error_m"]["p50"], 1, 1e3),
            number(one["error_m"]["max"], 1, 1e3),
            number(one["cost"], 3),
        )
        for name, one in who
        if one is not None
    ]
    columns = ("", "succeeded", "[%], 95 % interval", "error [mm]", "worst", "mean cost")
    settings = report["settings"]
    out.print(table(f"{settings['task']} on {settings['robot']}", columns, rows))
    action = report["action_us"]
    line = f"an action of the policy: p50 {action['p50']:.1f} us, p99 {action['p99']:.1f} us"
    if report["controller"] is not None:
        times = report["controller_ms"]
        line += f"; of the controller: p50 {times['p50']:.2f} ms, p99 {times['p99']:.2f} ms"
        line = f"cost beside the controller's: {report['cost_ratio']:.3f}; {line}"
    out.print(line, highlight=False, soft_wrap=True)


def share_text(judged: dict[str, Any]) -> str:
    """Return a share of successes in percent, with its interval."""
    low, high = judged["interval"]
    return f"{100 * judged['share']:.0f} ({100 * low:.0f}-{100 * high:.0f})"
