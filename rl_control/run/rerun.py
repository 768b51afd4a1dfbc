"""`rl_control rerun`: a recorded run in the Rerun viewer."""

from __future__ import annotations

import argparse
import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

    from rl_control.data.runs.log import RunLog
    from rl_control.robot.model import RobotModel

HELP = "show a recorded run in the Rerun viewer, or save it for it"
DESCRIPTION = """\
Reads the bag of a run and tells the Rerun viewer of it: joints and commands as curves, the tip's
error, solve times and costs, the arm with its goal and its plans in space, and the log.

examples:
  rl_control rerun runs/reach-20260101-120000
  rl_control rerun runs/reach-20260101-120000 --save reach.rrd
  rl_control rerun some_bag/ --robot panda

Needs the extra 'rerun'. The arm is drawn with its meshes where the extra 'view' is installed.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command-line arguments."""
    parser.description = DESCRIPTION
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("run", metavar="RUN", help="folder of a run or a bag, or one bag file")
    parser.add_argument("--save", metavar="FILE", help="write FILE.rrd instead of a viewer's start")
    parser.add_argument(
        "--controller", default="", metavar="NAME", help="of its node, where the bag has several"
    )
    parser.add_argument("--robot", help="name, or URDF or xacro file; default: the recorded one")
    parser.add_argument("--tip", help="tip link, default: the recorded one")


def run(args: argparse.Namespace) -> int:
    """Show or save the run; return 0.

    Raises:
        MissingDependencyError: if rerun is not installed.
        ConfigError: if the file cannot be written.
        DataError: if the bag cannot be read.
        RlControlError: if the robot that is named cannot be used.
    """
    rerun: Any = importlib.import_module("rerun")
    from rl_control.data.runs.log import read_log
    from rl_control.report.table import console
    from rl_control.run.output import check_writable
    from rl_control.run.rerun_log import write_run

    check_writable(args.save, "--save")
    out = console()
    log = read_log(args.run, args.controller)
    robot = _arm(log, args.robot, args.tip, out)
    stream = rerun.RecordingStream("rl_control")
    if args.save:
        stream.save(args.save)
    else:
        stream.spawn()
    seconds = write_run(stream, log, robot)
    stream.flush()
    stream.disconnect()
    where = f"left {args.save}" if args.save else "sent to the viewer"
    out.print(f"{where}: {seconds:.1f} s, {len(log.states.stamps)} states", soft_wrap=True)
    return 0


def _arm(log: RunLog, named: str | None, tip: str | None, out: Console) -> RobotModel | None:
    """Return the arm of a run; without one that is known, None, saying so.

    Raises:
        RlControlError: if the robot that is named cannot be used.
    """
    from rl_control.errors import RlControlError
    from rl_control.run.recorded_robot import recorded_robot

    try:
        return recorded_robot(log, named, tip=tip)
    except RlControlError as error:
        if named is not None:
            raise
        out.print(f"the arm is not shown: {error}", soft_wrap=True, markup=False)
        return None
