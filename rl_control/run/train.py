"""`rl_control train`: train a policy until it does a task by itself."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rl_control.errors import ConfigError, MissingDependencyError, RlControlError

if TYPE_CHECKING:
    from rich.console import Console

    from rl_control.gps.trainer import Trainer
    from rl_control.run.crew import Rollouts
    from rl_control.run.train_run import TrainRun
    from rl_control.run.train_settings import TrainSettings
    from rl_control.run.trials import Trials
    from rl_control.tasks.base import ArmTask

HELP = "train a policy until it does a task by itself"
DESCRIPTION = """\
Trains a neural policy by guided policy search: rollouts of a simulated arm, better controllers
within reach of the policy, a policy that does what these do, and again. Everything is kept in a
folder under runs/: settings, figures, motion, every policy; --resume goes on from there, to the
same bits as if nothing had happened. Ctrl-C ends it at the last iteration that was kept.

examples:
  rl_control train reach --robot planar2                 one target, five rollouts an iteration
  rl_control train reach --robot planar2 --from-nothing  no mass, no inertia known
  rl_control train reach --method guided                 all over the workspace, taught by the MPC
  rl_control train insert --robot iiwa7+peg --train.conditions 4 --iterations 6
  rl_control train my_task.py:Draw --robot arm7 --episode duration=2
  rl_control train --resume runs/train-20260101-120000   after Ctrl-C, or a power cut
  rl_control evaluate runs/train-20260101-120000         how well does the policy do?
"""
ITERATIONS = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command-line arguments."""
    from rl_control.run.output import add_json_argument
    from rl_control.run.train_flags import add_train_flags

    parser.description = DESCRIPTION
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add_train_flags(parser)
    parser.add_argument(
        "--iterations", type=int, metavar="N", help=f"of the whole run, default {ITERATIONS}"
    )
    add_workers_flag(parser)
    parser.add_argument(
        "--out", metavar="FOLDER", help="of the run (default: a new one under --runs)"
    )
    parser.add_argument(
        "--resume",
        nargs="?",
        const="",
        metavar="FOLDER",
        help="go on with a run that was stopped; without a folder, with that of --out",
    )
    parser.add_argument(
        "--runs", default="runs", metavar="FOLDER", help="where run folders go, default runs/"
    )
    add_json_argument(parser)


def add_workers_flag(parser: argparse.ArgumentParser) -> None:
    """Add `--workers`."""
    parser.add_argument(
        "--workers",
        metavar="N",
        help="processes that make rollouts, 0 for this one alone, 'ray' for a Ray cluster "
        "(default: one a core, at most 8); what comes out is the same",
    )


def run(args: argparse.Namespace) -> int:
    """Train; return the exit code.

    Raises:
        RlControlError: if task, robot, settings or the run to resume cannot be used, or an
            iteration cannot be made; what was kept before stays.
    """
    from rl_control.report.table import console
    from rl_control.run.output import check_writable
    from rl_control.run.robot_flags import check_least
    from rl_control.run.train_flags import asked
    from rl_control.run.train_settings import trainer_of
    from rl_control.run.workers import QuietRunner, parse_workers, rollouts_of

    check_least(args, iterations=1, payload=0.0, damping=0.0, friction=0.0)
    check_writable(args.json)
    workers = parse_workers(args.workers)
    use_one_thread()
    out = console()
    with ExitStack() as held:
        found = _found(args, held)
        settings = asked(args) if found is None else found.settings
        # All that can be refused is made first: a run that cannot begin shall leave no folder.
        runner = QuietRunner(settings.spec)
        held.callback(runner.close)
        trainer = trainer_of(settings, runner.task)
        rollouts = runner if workers == 0 else rollouts_of(settings.spec, workers)
        held.callback(rollouts.close)
        state = found or _begun(args, settings, held)
        if found:
            out.print(f"going on after {found.iterations} iterations", highlight=False)
        state, end = _trained(state, trainer, rollouts, args.iterations, out)
        return _finished(state, trainer, end, rollouts, args, out)


def _found(args: argparse.Namespace, held: ExitStack) -> TrainRun | None:
    """The run to go on with, claimed; None for a new one."""
    from rl_control.data.claim import Claim
    from rl_control.run.train_flags import asked
    from rl_control.run.train_run import check_same, resume

    if args.resume is None:
        if args.task is None:
            raise _refused("TASK", "no task is named", "Write `rl_control train reach`, say.")
        return None
    if not (args.resume or args.out):
        raise _refused("--resume", "no folder is named", "Write --resume FOLDER.")
    folder = Path(args.resume or args.out)
    resume(folder)  # before a folder that holds no run is claimed
    held.enter_context(Claim(folder))
    found = resume(folder)
    check_same(found, asked(args, found.settings))
    return found


def _begun(args: argparse.Namespace, settings: TrainSettings, held: ExitStack) -> TrainRun:
    """A new run, in a folder of its own."""
    from rl_control.data.claim import Claim
    from rl_control.paths import new_run_dir
    from rl_control.run.train_run import CONFIG, TrainRun

    folder = new_run_dir("train", args.runs) if args.out is None else Path(args.out)
    folder.mkdir(parents=True, exist_ok=True)
    held.enter_context(Claim(folder))
    if (folder / CONFIG).exists():
        raise _refused("--out", f"{folder} holds a run", "Add --resume, or name another.")
    return TrainRun.begin(folder, settings, args.iterations or ITERATIONS)


def _refused(flag: str, problem: str, remedy: str) -> ConfigError:
    return ConfigError("command line", flag, problem, remedy)


def _trained(
    state: TrainRun, trainer: Trainer, rollouts: Rollouts, iterations: int | None, out: Console
) -> tuple[TrainRun, Any]:
    """Take a run to its end; return it, and the trainer's state."""
    from rl_control.run.train_loop import train
    from rl_control.run.train_report import progress_line

    kept = [state]

    def tell(after: TrainRun) -> None:
        kept[:] = [after]
        out.print(progress_line(after), highlight=False, soft_wrap=True)

    wanted = max(iterations or state.wanted, state.iterations)
    try:
        return train(state, trainer, rollouts, wanted, tell, out.status)
    except (KeyboardInterrupt, RlControlError):
        out.print(
            f"stopped; {kept[0].iterations} iterations are kept, go on with: "
            f"rl_control train --resume {state.folder}",
            soft_wrap=True,
        )
        raise


def _finished(
    state: TrainRun,
    trainer: Trainer,
    end: Any,
    rollouts: Rollouts,
    args: argparse.Namespace,
    out: Console,
) -> int:
    """Leave policy and picture; say how the last trials went."""
    from rl_control.run.output import write_json
    from rl_control.run.train_loop import trial_conditions
    from rl_control.run.train_report import final_line
    from rl_control.run.train_run import RESULT
    from rl_control.run.trials import tried

    policy = trainer.policy(end)
    assert policy is not None
    path = state.finished(policy)
    trials = tried(trainer.model, policy, trial_conditions(state, trainer), rollouts)
    report = state.report(trials.figures("trial"))
    write_json(state.folder / RESULT, report)
    if args.json:
        write_json(args.json, report)
    out.print(final_line(state, trials), highlight=False, soft_wrap=True)
    draw(state, trainer.model.task, trials, None, out)
    out.print(f"left {path}", soft_wrap=True)
    return 0


def draw(
    state: TrainRun, task: ArmTask, trials: Trials, teacher: Trials | None, out: Console
) -> None:
    """Draw how a run went, if there is what it takes."""
    from rl_control.run.train_report import draw_run

    try:
        out.print(f"left {draw_run(state, task, trials, teacher)}", soft_wrap=True)
    except MissingDependencyError as error:
        out.print(f"no picture: {error}", soft_wrap=True)


def use_one_thread() -> None:
    """Let torch compute with one thread: with more, sums depend on how many there are."""
    import torch

    torch.set_num_threads(1)
