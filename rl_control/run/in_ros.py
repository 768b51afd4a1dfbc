"""A verb that goes on in a process of its own, which speaks ROS 2."""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable

from rl_control.errors import MissingDependencyError
from rl_control.run.supervisor import PARENT_VARIABLE

AddArguments = Callable[[argparse.ArgumentParser], None]


def in_ros(verb: str, args: argparse.Namespace, add_arguments: AddArguments) -> int:
    """Run the module of `rl_control.ros` of the verb's name; return its exit code.

    Args:
        verb: its name; '_' between verb and sub-verb.
        args: its parsed arguments.
        add_arguments: declares them.

    Raises:
        MissingDependencyError: if ROS 2 is not installed.
    """
    if importlib.util.find_spec("rclpy") is None:
        flag = " --ros" if hasattr(args, "ros") else ""
        raise MissingDependencyError("rclpy", f"'rl_control {verb.replace('_', ' ')}{flag}'", "ros")
    command = [sys.executable, "-m", f"rl_control.ros.{verb}", *words(args, add_arguments)]
    # It learns who started it: an arm shall not go on by itself when this process is killed.
    with subprocess.Popen(command, env={**os.environ, PARENT_VARIABLE: str(os.getpid())}) as child:
        try:
            return child.wait()
        except KeyboardInterrupt:
            return child.wait()  # it heard Ctrl-C too, and leaves the arm safe


def words(args: argparse.Namespace, add_arguments: AddArguments) -> list[str]:
    """Return the command line that gives `args`."""
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    places: list[str] = []
    flags: list[str] = []
    for action in parser._actions:
        value = getattr(args, action.dest, action.default)
        if value == action.default or value is argparse.SUPPRESS:
            continue
        values = value if isinstance(value, list) else [value]
        if not action.option_strings:
            places += map(str, values)
        elif isinstance(value, bool):
            flags.append(action.option_strings[0 if value else -1])
        else:
            flags += [action.option_strings[0], *map(str, values)]
    return [*places, *flags]
