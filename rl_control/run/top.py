"""`rl_control top`: an arm and its controller at a glance, live in a terminal."""

from __future__ import annotations

import argparse
import math

from rl_control.errors import ConfigError

HELP = "watch an arm live in the terminal: joints, tip error, solve times, safety, log"
DESCRIPTION = """\
Shows an arm that runs over ROS 2 topics: its joints between their limits, the tip's error, solve
times, what was late, the safety state, the model, other nodes and the log. It only listens. On a
terminal the picture is live until Ctrl-C; in a pipe there is one line a second.

examples:
  rl_control top
  rl_control top --controller policy_controller
  rl_control top --namespace left --rate 5
  rl_control top --once --json

Set ROS_DOMAIN_ID as the nodes have it. Exit status with --once: 1 if no joint states came.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command-line arguments."""
    parser.description = DESCRIPTION
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--namespace", default="", metavar="NS", help="of the arm's nodes")
    parser.add_argument(
        "--controller", default="mpc_controller", metavar="NAME", help="name of its node"
    )
    parser.add_argument(
        "--rate", type=float, default=10.0, metavar="HZ", help="pictures a second, default 10"
    )
    parser.add_argument("--once", action="store_true", help="print one picture and end")
    parser.add_argument(
        "--wait",
        type=float,
        default=5.0,
        metavar="S",
        help="with --once, longest time to wait for everything, default 5 s",
    )
    parser.add_argument("--json", action="store_true", help="print snapshots as JSON, one a line")


def run(args: argparse.Namespace) -> int:
    """Watch in a process that speaks ROS 2; return its exit code.

    Raises:
        ConfigError: if an argument is out of range.
        MissingDependencyError: if ROS 2 is not installed.
    """
    from rl_control.run.in_ros import in_ros

    for flag, value, low, high in (
        ("--rate", args.rate, 0.1, 60.0),
        ("--wait", args.wait, 0.0, 3600.0),
    ):
        if not (math.isfinite(value) and low <= value <= high):
            raise ConfigError(
                "command line", flag, f"found {value:g}", f"Give {low:g} to {high:g}."
            )
    return in_ros("top", args, add_arguments)
