"""`rl_control record`: record ROS 2 topics to a bag, for people at the arm."""

from __future__ import annotations

import argparse
import importlib.util
import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rl_control.errors import ConfigError, DataError, MissingDependencyError

if TYPE_CHECKING:
    from rich.console import Console

_ALWAYS_THERE = ("/diagnostics", "/parameter_events", "/rosout")  # the recorder speaks there, too
HELP = "record what is said on ROS 2 topics to a bag"
DESCRIPTION = """\
Records topics to a bag (rosbag2 folder, MCAP files) that `ros2 bag`, Foxglove, PlotJuggler and the
verbs of this program read. Without TOPIC everything is recorded that is not hidden. Topics are
looked for all the time. End it with Ctrl-C. A kill costs the last half second at most: then run
`rl_control bag recover`. It only listens.

examples:
  rl_control record
  rl_control record /joint_states '/mpc_controller/*' --duration 60
  rl_control record --output runs/monday/bag --exclude '/camera/*' --split-size 500

Set ROS_DOMAIN_ID as the nodes have it. Exit status: 0 done, 1 nothing was heard, 2 bad input, or
the disk is full or the folder was removed.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command-line arguments."""
    parser.description = DESCRIPTION
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "topics", nargs="*", metavar="TOPIC", help="to record; '*' stands for any letters"
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="FOLDER",
        help="of the bag, which must not exist; default runs/record-DATE-TIME/bag",
    )
    parser.add_argument(
        "-x", "--exclude", nargs="+", default=[], metavar="TOPIC", help="to leave out"
    )
    parser.add_argument("--all", action="store_true", help="hidden topics, too (/a/_b)")
    parser.add_argument(
        "--duration", type=float, default=0.0, metavar="S", help="end after so many seconds"
    )
    parser.add_argument(
        "--split-size",
        type=float,
        default=1000.0,
        metavar="MB",
        help="begin another file at this size, default 1000; 0 for one file",
    )
    parser.add_argument(
        "--paused", action="store_true", help="begin paused: see the service /record/pause"
    )


def run(args: argparse.Namespace) -> int:
    """Record in a process that speaks ROS 2; return the exit code.

    Raises:
        ConfigError: if an argument is out of range.
        DataError: if the folder exists.
        MissingDependencyError: if ROS 2 is not installed.
    """
    from rl_control.paths import new_run_dir
    from rl_control.report.table import console
    from rl_control.run.in_ros import in_ros
    from rl_control.run.run_files import begin_run

    _check(args)
    begun = None
    if args.output is None:
        folder = new_run_dir("record")
        args.output = str(folder / "bag")
        begun = begin_run(folder, "record", robot="")
    out = console()
    out.print(f"recording to {args.output}; Ctrl-C ends it", soft_wrap=True)
    code = in_ros("record", args, add_arguments)
    found = _information(Path(args.output))
    if begun is not None:
        begun.ended({"messages": found.get("message_count", 0), "exit_code": code})
    return code or _say(Path(args.output), found, out)


def _check(args: argparse.Namespace) -> None:
    for flag, value in (("--duration", args.duration), ("--split-size", args.split_size)):
        if not (math.isfinite(value) and value >= 0.0):
            raise ConfigError("command line", flag, f"found {value:g}", "Give 0 or more.")
    if importlib.util.find_spec("rclpy") is None:
        raise MissingDependencyError("rclpy", "'rl_control record'", "ros")
    if args.output is not None and Path(args.output).exists():
        raise DataError(
            args.output, "there is something of that name", "Name a folder that does not exist."
        )


def _information(bag: Path) -> dict[str, Any]:
    """What the bag says of itself; empty where there is none."""
    import yaml

    try:
        text = (bag / "metadata.yaml").read_text(encoding="utf-8")
        return dict(yaml.safe_load(text)["rosbag2_bagfile_information"])
    except (OSError, yaml.YAMLError, KeyError, TypeError):
        return {}


def _say(bag: Path, found: dict[str, Any], out: Console) -> int:
    """Print what has been recorded, and what to do with it; return the exit code."""
    rows = found.get("topics_with_message_count", [])
    heard = [row for row in rows if row["topic_metadata"]["name"] not in _ALWAYS_THERE]
    if not any(row["message_count"] for row in heard):
        print(
            "rl_control: nothing was heard. Do the nodes run, in this ROS_DOMAIN_ID? "
            "`rl_control doctor` tells what may keep them apart.",
            file=sys.stderr,
        )
        return 1
    count, seconds = found["message_count"], found["duration"]["nanoseconds"] * 1e-9
    topics = sum(row["message_count"] > 0 for row in rows)
    size = sum(file.stat().st_size for file in bag.glob("*.mcap"))
    named = bag.parent if bag.name == "bag" else bag
    out.print(
        f"{count:,} messages of {topics} topic{'s' * (topics != 1)}, {seconds:.1f} s, "
        f"{size / 1e6:.1f} MB: {bag}\n"
        f"next: rl_control bag info {named}",
        soft_wrap=True,
        markup=False,
    )
    return 0
