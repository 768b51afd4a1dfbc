"""`rl_control bag to-csv`: tables of joint states and commands, or a path to go again."""

from __future__ import annotations

import argparse
import math
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from rl_control.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rl_control.data.bags.messages import Bag
    from rl_control.run.bag_arm import MotionTopics

HELP = "make tables of it, or a path to go again"
DESCRIPTION = """\
Writes a folder OUT with one CSV for the joint states and one for the commands. Each begins with a
line of units (marked with #), then the columns' names:

  time           time of receipt in s, after the bag's first message
  stamp          stamp of the message in ns; of a command, that of the state it answers
  NAME.position  in rad, of a prismatic joint in m; NAME.velocity and NAME.effort accordingly
  NAME.command   in N m, of a prismatic joint in N

Every message is a row, in order of receipt; what it does not tell is an empty cell. With --merged
OUT is one file: a row a joint state, with the newest command by then. With --trajectory OUT is a
path (.csv or .yaml) that `rl_control replay trajectory` goes again: smoothed, a point every 0.02 s.

examples:
  rl_control bag to-csv runs/reach-20260131-120000 tables
  rl_control bag to-csv my_bag motion.csv --merged
  rl_control bag to-csv my_bag path.csv --trajectory --joints shoulder elbow
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command-line arguments."""
    from rl_control.run.bag_arm import add_bag_argument, add_motion_flags

    parser.description = DESCRIPTION
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add_bag_argument(parser)
    parser.add_argument("out", metavar="OUT", help="folder or file to write")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--merged", action="store_true", help="one table of both")
    kind.add_argument("--trajectory", action="store_true", help="a path to go again")
    parser.add_argument(
        "--joints", nargs="+", default=[], metavar="NAME", help="joints to write (default: all)"
    )
    parser.add_argument(
        "--command-joints", nargs="+", default=[], metavar="NAME",
        help="joint order of commands (default: that of the joint states)",
    )  # fmt: skip
    parser.add_argument(
        "--start", type=float, default=0.0, metavar="S", help="of a path, in the recording [s]"
    )
    parser.add_argument(
        "--end", type=float, default=math.inf, metavar="S", help="of a path, in the recording [s]"
    )
    add_motion_flags(parser)


def run(args: argparse.Namespace) -> int:
    """Write; return the exit code.

    Raises:
        DataError: if the bag cannot be used, or the files not be written.
        ConfigError: if OUT is there already.
    """
    from rl_control.data.bags.messages import open_bag
    from rl_control.report.table import console
    from rl_control.run.bag_arm import motion_topics

    path = Path(args.out)
    if path.exists():
        raise ConfigError("command line", "OUT", f"{path} is there already", "Name a new one.")
    out = console()
    with closing(open_bag(args.bag)) as bag, out.status("reading the bag"):
        topics = motion_topics(bag, args)
        told = (
            _trajectory(bag, topics, path, args)
            if args.trajectory
            else _tables(bag, topics, path, args)
        )
    for line in [*topics.notes, *told]:
        out.print(line, soft_wrap=True, markup=False)
    return 0


def _trajectory(
    bag: Bag, topics: MotionTopics, path: Path, args: argparse.Namespace
) -> Sequence[str]:
    from rl_control.data.bags.motion import common_names
    from rl_control.data.paths.bag import read_bag_path
    from rl_control.data.paths.files import write_path

    names = args.joints or common_names(bag, topics.states)
    joint_path = read_bag_path(bag.path, names, topics.states, args.start, args.end)
    write_path(path, joint_path)
    count = len(joint_path.times)
    return [f"left {path}: {count} points, {joint_path.duration:.2f} s, of {', '.join(names)}"]


def _tables(bag: Bag, topics: MotionTopics, path: Path, args: argparse.Namespace) -> Sequence[str]:
    from rl_control.data.bags.csv import all_names, write_commands, write_merged, write_states

    there = all_names(bag, topics.states)
    names = args.joints or there
    _require(names, there)
    listed = args.command_joints or _listed(bag, topics, there)
    if args.merged:
        rows = write_merged(bag, topics.states, topics.commands, names, listed, path)
        return [f"left {path}: {rows} rows"]
    path.mkdir(parents=True)
    told = []
    jobs = [(topics.states, write_states, names)]
    jobs += [(topics.commands, write_commands, listed)] if topics.commands else []
    for topic, write, columns in jobs:
        file = path / f"{topic.strip('/').replace('/', '_')}.csv"
        told.append(f"left {file}: {write(bag, topic, columns, file)} rows")
    return told


def _require(names: Sequence[str], there: Sequence[str]) -> None:
    from rl_control.types import joint_index

    joint_index(there, names)


def _listed(bag: Bag, topics: MotionTopics, there: Sequence[str]) -> Sequence[str]:
    """Names for what commands list: the joints of most joint states if they are as many."""
    from rl_control.data.bags.messages import messages_of
    from rl_control.data.bags.motion import COMMAND, common_names

    if not topics.commands:
        return ()
    _, first = next(messages_of(bag, bag.path, topics.commands, COMMAND))
    usual = common_names(bag, topics.states)
    for names in (usual, there):
        if len(names) == len(first.data):
            return names
    return [f"value_{k}" for k in range(len(first.data))]
