"""`rl_control bag trim`: cut a piece out of a bag."""

from __future__ import annotations

import argparse
from contextlib import closing

from rl_control.errors import ConfigError

HELP = "cut a piece out of a bag"
DESCRIPTION = """\
Writes a piece of a bag as a new bag; messages keep their bytes and times. What was latched before
the piece (goals, settings, the robot's description) stands at its start.

examples:
  rl_control bag trim runs/reach-20260131-120000 cut --from 12 --to 20
  rl_control bag trim my_bag states_only --topics /joint_states
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command-line arguments."""
    from rl_control.run.bag_arm import add_bag_argument

    parser.description = DESCRIPTION
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add_bag_argument(parser)
    parser.add_argument("out", metavar="OUT", help="folder of the new bag; must not exist")
    parser.add_argument(
        "--from", dest="start", type=float, metavar="S",
        help="where it begins [s], after the bag's first message",
    )  # fmt: skip
    parser.add_argument("--to", dest="end", type=float, metavar="S", help="where it ends [s]")
    parser.add_argument("--topics", nargs="+", default=[], metavar="T", help="default: all")


def run(args: argparse.Namespace) -> int:
    """Cut and say what there is; return the exit code.

    Raises:
        ConfigError: if the piece ends before it begins.
        UnknownNameError: if the bag has no such topic.
        DataError: if the bag cannot be read, or OUT not be written.
    """
    from rl_control.data.bags.messages import open_bag
    from rl_control.data.bags.trim import trim
    from rl_control.report.table import console

    if args.start is not None and args.end is not None and not args.start < args.end:
        problem = f"found --from {args.start:g} and --to {args.end:g}"
        raise ConfigError("command line", "--to", problem, "Let it end after it begins.")
    with closing(open_bag(args.bag)) as bag:
        origin = bag.start_time
    start, end = (
        None if seconds is None else origin + round(seconds * 1e9)
        for seconds in (args.start, args.end)
    )
    out = console()
    with out.status("cutting"):
        cut = trim(args.bag, args.out, start, end, args.topics)
    for topic, count in sorted(cut.counts.items()):
        out.print(f"  {count:>10,}  {topic}", soft_wrap=True, markup=False)
    if cut.latched:
        out.print(f"{cut.latched} latched message(s) from before stand at the start")
    out.print(f"left {cut.folder}", soft_wrap=True, markup=False)
    return 0
