"""`rl_control replay trajectory`: let an arm go a recorded joint path again."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from rl_control.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Callable

    from rich.console import Console

    from rl_control.robot.model import RobotModel
    from rl_control.run.replay_path import ReadyPath
    from rl_control.run.replay_path_report import Tracking
    from rl_control.run.replay_path_run import Replay
    from rl_control.types import Array

    Follow = Callable[[Replay, argparse.Namespace], Tracking]

HELP = "let an arm go a recorded joint path again, checked first and tracked by the MPC"
DESCRIPTION = """\
Takes the way of the joints from a run's bag, a CSV file or a JointTrajectory in YAML, and lets the
MPC keep an arm to it: a simulated one in this process, or with --ros the one behind topics. The
recorded timing is kept where 70 % (--share) of the limits that control may use allow it, and slowed
down where they do not. Joint limits, efforts and collisions are checked along the whole path before
anything moves. A simulated arm begins at the path's start; the arm behind topics is first brought
there, slowly and checked. Of a run of several episodes, such as a reach, the first one is gone, or
--episode K. Ctrl-C brakes it. The run is recorded in a folder under runs/.

examples:
  rl_control replay trajectory runs/reach-20260131-120000
  rl_control replay trajectory runs/reach-20260131-120000 --episode 3
  rl_control replay trajectory path.csv --robot planar2 --speed 2
  rl_control replay trajectory runs/reach-20260131-120000 --save path.yaml --check-only
  rl_control replay trajectory path.yaml --ros                 arm_sim, as launched
  rl_control replay trajectory path.yaml --ros --real-arm      an arm that can do harm
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command-line arguments."""
    from rl_control.run.output import add_json_argument
    from rl_control.run.replay_path import SHARE
    from rl_control.run.replay_path_part import add_part_flags
    from rl_control.run.robot_flags import add_robot_flags, add_topic_flags

    parser.description = DESCRIPTION
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "path", metavar="PATH", help="run folder, bag, CSV file, or JointTrajectory in YAML"
    )
    add_robot_flags(parser)
    parser.add_argument(
        "--speed", type=float, default=1.0, metavar="X", help="times the recorded speed, default 1"
    )
    parser.add_argument(
        "--share",
        type=float,
        default=SHARE,
        metavar="X",
        help=f"of the limits control may use that the path may, default {SHARE}",
    )
    add_part_flags(parser)
    parser.add_argument(
        "--ignore-collision", action="store_true", help="go the path even where the arm touches"
    )
    parser.add_argument(
        "--check-only", action="store_true", help="check and retime the path; nothing moves"
    )
    parser.add_argument(
        "--save", metavar="FILE", help="also write the path as it will be gone: .csv or .yaml"
    )
    parser.add_argument("--gui", action="store_true", help="show the simulator's window")
    parser.add_argument("--no-record", action="store_true", help="leave no folder with a recording")
    parser.add_argument(
        "--runs", default="runs", metavar="FOLDER", help="where run folders go, default runs/"
    )
    parser.add_argument(
        "--ros", action="store_true", help="move the arm behind ROS 2 topics that is there already"
    )
    parser.add_argument(
        "--real-arm", action="store_true", help="with --ros: move it even if it is no simulation"
    )
    parser.add_argument(
        "--period", type=float, default=0.005, metavar="S", help="of that arm's states [s]"
    )
    add_topic_flags(parser)
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Check the path and go it; return the exit code.

    Raises:
        RlControlError: if the path cannot be gone, or the arm cannot be used; nothing has moved.
    """
    from rl_control.run.in_ros import in_ros

    if args.real_arm and not args.ros:
        raise ConfigError(
            "command line", "--real-arm", "found it without --ros", "Add --ros, or leave it out."
        )
    if args.ros and not args.check_only:
        return in_ros("replay_trajectory", args, add_arguments)
    return replay_with(args, _in_simulation)


def replay_with(args: argparse.Namespace, follow: Follow) -> int:
    """Check the path, let `follow` go it, and show how it went; return the exit code.

    Raises:
        RlControlError: if the path cannot be gone, or the arm cannot be used.
    """
    from dataclasses import replace

    from rl_control.plants.collision import CollisionChecker
    from rl_control.report.table import console
    from rl_control.robot.description import load_robot
    from rl_control.robot.settings import load_settings
    from rl_control.run.output import check_writable, write_json
    from rl_control.run.replay_path_report import summary, tracking_table
    from rl_control.run.replay_path_run import Replay

    _check_flags(args)
    check_writable(args.json)
    out = console()
    robot = load_robot(args.robot, base=args.base, tip=args.tip)
    settings = load_settings(args.robot)
    limits = robot.limits.scaled(settings.velocity_scale, settings.effort_scale)
    control = replace(robot, limits=limits)
    checker = None if args.ignore_collision else CollisionChecker(robot)
    try:
        collides = None if checker is None else checker.collides
        ready = _ready(args, control, collides, out)
        if args.check_only:
            return 0
        out.print("building the controller")
        result = follow(Replay(robot, settings, ready, collides), args)
    finally:
        if checker is not None:
            checker.close()
    out.print(tracking_table(result, robot))
    out.print(summary(result))
    if args.json:
        write_json(args.json, result)
    return 1 if result.stopped else 0


def _check_flags(args: argparse.Namespace) -> None:
    for flag, low, high in (("speed", 0.0, 100.0), ("share", 0.0, 1.0)):
        value = getattr(args, flag)
        if not low < value <= high:
            raise ConfigError(
                "command line",
                f"--{flag}",
                f"found {value:g}",
                f"Give more than {low:g}, at most {high:g}.",
            )


def _ready(
    args: argparse.Namespace,
    control: RobotModel,
    collides: Callable[[Array], bool] | None,
    out: Console,
) -> ReadyPath:
    from rl_control.data.paths.files import read_path, write_path
    from rl_control.run.replay_path import ready_path, sampled
    from rl_control.run.replay_path_part import chosen_part

    topic = "/" + args.state_topic.lstrip("/")
    start, end, said = chosen_part(args, control.names, topic)
    if said:
        out.print(f"{said}; another one with --episode")
    recorded = read_path(args.path, control.names, topic, start, end)
    with out.status("checking the path"):
        ready = ready_path(control, recorded, collides, args.speed, args.share)
    if ready.ignored:
        out.print(f"joints that {control.name} does not have, ignored: {', '.join(ready.ignored)}")
    changed = "as recorded" if ready.slowed < 1.001 else f"slowed down {ready.slowed:.2f} times"
    checked = "" if collides is None else ", no collision"
    out.print(
        f"{ready.recorded.source}: {ready.recorded.duration:.2f} s recorded, to be gone in "
        f"{ready.path.duration:.2f} s ({changed}); within the limits{checked}",
        soft_wrap=True,
        markup=False,
    )
    if args.save:
        write_path(args.save, sampled(ready.path))
        out.print(f"left {args.save}", soft_wrap=True, markup=False)
    return ready


def _in_simulation(replay: Replay, args: argparse.Namespace) -> Tracking:
    """Let a simulated arm go the path, recorded in a run's folder if that is wanted."""
    import time

    from rl_control.paths import new_run_dir
    from rl_control.report.table import console
    from rl_control.run.replay_path_run import simulated
    from rl_control.run.rig import make_rig
    from rl_control.run.run_files import begin_run
    from rl_control.run.run_recorder import tell_failure

    out = console()
    rig = make_rig(args.robot, args.base, args.tip, args.gui)
    try:
        if args.no_record:
            return simulated(replay, rig)
        run = begin_run(new_run_dir("replay", args.runs), "replay", replay.robot.name)
        rig = rig.recorded(run.folder, time.time_ns())
        result = simulated(replay, rig)
        run.ended(result)
    finally:
        rig.close()
    tell_failure(rig.recorder, out)
    out.print(f"left {run.folder}", soft_wrap=True, markup=False)
    return result
