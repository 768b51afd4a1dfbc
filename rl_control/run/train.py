"""`rl_control train`: train a policy until it does a task by itself."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rl_control.errors import ConfigError, RlControlError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from rl_control.gps.trainer import Trainer
    from rl_control.run.crew import Rollouts
    from rl_control.run.train_place import MakePlace
    from rl_control.run.train_run import TrainRun
    from rl_control.run.train_settings import TrainSettings

HELP = "train a policy until it does a task by itself"
DESCRIPTION = """\
Trains a neural policy by guided policy search: rollouts of a simulated arm, better controllers
within reach of the policy, a policy that does what these do, and again. Everything is kept in a
folder under runs/: settings, figures, motion, every policy; --resume goes on from there, to the
same bits as if nothing had happened. Ctrl-C ends it at the last iteration that was kept.
Simulated rollouts are kept in the run's own format and leave no bag; rl_control evaluate records
one. With --ros the rollouts are those of an arm behind ROS 2 topics, which is moved slowly to each
start; every episode of it is kept as it ends, and a bag beside them (bag/, and one more for each
--resume) has all that is said on topics.

examples:
  rl_control train reach --robot planar2                 one target, five rollouts an iteration
  rl_control train reach --robot planar2 --from-nothing  no mass, no inertia known
  rl_control train reach --method guided                 all over the workspace, taught by the MPC
  rl_control train insert --robot iiwa7+peg --train.conditions 4 --iterations 6
  rl_control train my_task.py:Draw --robot arm7 --episode duration=2
  rl_control train --resume runs/train-20260101-120000   after Ctrl-C, or a power cut
  rl_control train reach --robot planar2 --ros           an arm behind topics
  rl_control evaluate runs/train-20260101-120000         how well does the policy do?
"""
ITERATIONS = 5


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command-line arguments."""
    from rl_control.run.output import add_json_argument
    from rl_control.run.train_flags import add_ros_flags, add_train_flags

    parser.description = DESCRIPTION
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add_train_flags(parser)
    add_ros_flags(parser)
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
    parser.add_argument(
        "--no-video", action="store_true", help="leave the picture of the run, but no video"
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
    from rl_control.run.in_ros import in_ros
    from rl_control.run.train_flags import refuse_simulation_flags
    from rl_control.run.train_place import Simulation
    from rl_control.run.workers import parse_workers

    if args.ros:
        refuse_simulation_flags(args)
        return in_ros("train", args, add_arguments)
    workers = parse_workers(args.workers)
    return train_with(args, lambda settings: Simulation(settings.spec, workers))


def train_with(
    args: argparse.Namespace,
    make_place: MakePlace,
    tell: Callable[[TrainRun], None] = lambda run: None,
) -> int:
    """Train on the arm that `make_place` gives; return the exit code.

    Args:
        args: the verb's.
        make_place: makes where episodes are made, of the run's settings.
        tell: is given the run before the first iteration and after each.

    Raises:
        RlControlError: see `run`.
    """
    from rl_control.report.table import console
    from rl_control.run.output import check_writable
    from rl_control.run.robot_flags import check_least
    from rl_control.run.train_flags import asked
    from rl_control.run.train_settings import trainer_of

    check_least(args, iterations=1, payload=0.0, damping=0.0, friction=0.0)
    check_writable(args.json)
    use_one_thread()
    out = console()
    with ExitStack() as held:
        found = _found(args, held)
        settings = asked(args) if found is None else found.settings
        # All that can be refused is made first: a run that cannot begin shall leave no folder.
        place = make_place(settings)
        held.callback(place.close)
        trainer = trainer_of(settings, place.task)
        state = found or _begun(args, settings, held)
        if found:
            out.print(f"going on after {found.iterations} iterations", highlight=False)
        rollouts = place.rollouts(state.folder)
        tell(state)
        state, end = _trained(state, trainer, rollouts, args, tell, out)
        return _finished(state, trainer, end, rollouts, args, out)


def _found(args: argparse.Namespace, held: ExitStack) -> TrainRun | None:
    """The run to go on with, claimed; None for a new one."""
    from rl_control.data.claim import Claim
    from rl_control.run.train_flags import asked
    from rl_control.run.train_place import EPISODES
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
    if (folder / EPISODES).exists() and not args.ros:
        raise _refused("--resume", f"{folder} is of an arm behind topics", "Add --ros.")
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
    state: TrainRun,
    trainer: Trainer,
    rollouts: Rollouts,
    args: argparse.Namespace,
    tell: Callable[[TrainRun], None],
    out: Console,
) -> tuple[TrainRun, Any]:
    """Take a run to its end; return it, and the trainer's state."""
    from rl_control.run.train_loop import train
    from rl_control.run.train_report import progress_line

    kept = [state]

    def note(after: TrainRun) -> None:
        kept[:] = [after]
        out.print(progress_line(after), highlight=False, soft_wrap=True)
        tell(after)

    wanted = max(args.iterations or state.wanted, state.iterations)
    try:
        return train(state, trainer, rollouts, wanted, note, out.status)
    except (KeyboardInterrupt, RlControlError):
        out.print(
            f"stopped; {kept[0].iterations} iterations are kept, go on with: "
            f"rl_control train --resume {state.folder}{' --ros' if args.ros else ''}",
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
    """Leave policy, picture and video; say how the last trials went."""
    from rl_control.run.output import write_json
    from rl_control.run.train_loop import trial_conditions
    from rl_control.run.train_report import final_line, leave_pictures
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
    known = trainer.conditions(end)[: state.settings.train.trials]
    trained = tried(trainer.model, policy, known, rollouts) if known else None
    leave_pictures(state, trainer.model.task, trials, None, out, trained, film=not args.no_video)
    out.print(f"left {path}", soft_wrap=True)
    return 0


def use_one_thread() -> None:
    """Let torch compute with one thread: with more, sums depend on how many there are."""
    import torch

    torch.set_num_threads(1)
