"""`rl_control launch`: start the nodes of a launch file where there is no `ros2 launch`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from rl_control.errors import ConfigError
from rl_control.run.launch_file import (
    LaunchArgument,
    find_launch_file,
    read_arguments,
    read_launch,
)
from rl_control.run.network import network_defaults
from rl_control.run.supervisor import ProcessSpec, supervise

HELP = "start the nodes of a launch file (the same files `ros2 launch` reads)"
DESCRIPTION = """\
Starts every node of a ROS 2 launch file (YAML format) as a process of its own, shows their output
line by line under their names, and ends them together: on Ctrl-C, or when the first of them fails.

Unless ROS_AUTOMATIC_DISCOVERY_RANGE is set, the nodes talk on this machine only, so that a
simulated arm's commands cannot reach somebody else's arm on the network. For an arm whose driver
runs on another machine set ROS_AUTOMATIC_DISCOVERY_RANGE=SUBNET. Unless
FASTDDS_BUILTIN_TRANSPORTS is set, it is UDPv4: shared memory left behind by a killed process can
stall those started after it.

examples:
  rl_control launch arm_mpc robot:=panda gui:=true
  rl_control launch arm_mpc --show-args
  rl_control launch ./my.launch.yaml
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command-line arguments."""
    parser.description = DESCRIPTION
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "file", metavar="FILE", help="name of a file in launch/ (such as arm_mpc), or a path"
    )
    parser.add_argument("arguments", nargs="*", metavar="NAME:=VALUE", help="launch arguments")
    parser.add_argument(
        "-s", "--show-args", action="store_true", help="list the file's arguments and stop"
    )
    parser.add_argument(
        "--grace",
        type=float,
        default=5.0,
        metavar="SECONDS",
        help="time the nodes get to end after Ctrl-C before they are killed (default 5)",
    )


def run(args: argparse.Namespace) -> int:
    """Run the verb; return its exit code.

    Raises:
        ConfigError: if the launch file or an argument is wrong.
        UnknownNameError: if the file, or an argument of it, does not exist.
    """
    path = find_launch_file(args.file)
    if args.show_args:
        print("\n".join(_describe(argument) for argument in read_arguments(path)))
        return 0
    launch = read_launch(path, parse_assignments(args.arguments))
    environment = network_defaults()
    specs = [
        ProcessSpec(
            node.label,
            (sys.executable, "-m", *node.command),
            {**environment, **node.environment},
        )
        for node in launch.nodes
    ]
    last = next((node.label for node in launch.nodes if node.ends_all), None)
    return supervise(specs, grace=args.grace, until=last)


def parse_assignments(texts: Sequence[str]) -> dict[str, str]:
    """Return {name: value} of texts "name:=value".

    Raises:
        ConfigError: if a text is not of that form, or a name is given twice.
    """
    values: dict[str, str] = {}
    for text in texts:
        name, mark, value = text.partition(":=")
        if not mark or not name:
            raise ConfigError("command line", text, "is no assignment", "Write NAME:=VALUE.")
        if name in values:
            raise ConfigError("command line", name, "given twice", "Give it once.")
        values[name] = value
    return values


def _describe(argument: LaunchArgument) -> str:
    default = "required" if argument.default is None else f"default '{argument.default}'"
    choices = f"; one of {', '.join(argument.choices)}" if argument.choices else ""
    return f"{argument.name}: {argument.description} ({default}{choices})"
