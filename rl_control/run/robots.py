"""`rl_control robots`: the robots known by name, or one arm's joints and limits."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

    from rl_control.robot.model import RobotModel
    from rl_control.types import Array

HELP = "list the robots known by name, or one arm's joints and limits"
DESCRIPTION = """\
Without an argument: the robots that every verb knows by name. With a name or the path of a URDF or
xacro file: the joints from base to tip with their limits, or what is wrong with the description.

examples:
  rl_control robots
  rl_control robots panda
  rl_control robots my_arm.urdf --tip gripper
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command-line arguments."""
    parser.description = DESCRIPTION
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument(
        "robot", nargs="?", metavar="ROBOT", help="a robot's name, or a URDF or xacro file"
    )
    parser.add_argument("--base", metavar="LINK", help="base link (default: root of the tree)")
    parser.add_argument("--tip", metavar="LINK", help="tip link (default: end of the longest arm)")


def run(args: argparse.Namespace) -> int:
    """Print the table; return the exit code.

    Raises:
        RlControlError: if the robot is unknown or its description cannot be used.
    """
    from rl_control.report.table import console
    from rl_control.robot.description import load_robot

    out = console()
    if args.robot is None:
        out.print(_all_robots())
        out.print("Any URDF or xacro file works as well: rl_control robots FILE")
        return 0
    robot = load_robot(args.robot, base=args.base, tip=args.tip)
    out.print(_one_robot(robot))
    held = ", ".join(f"{name} at {value:g}" for name, value in robot.locked.items())
    out.print(f"base {robot.base}, tip {robot.tip}, moving mass {_mass(robot):.2f} kg")
    if held:
        out.print(f"held still: {held}")
    out.print(f"from {robot.source}", soft_wrap=True)
    return 0


def _all_robots() -> Table:
    from rl_control.errors import MissingDependencyError
    from rl_control.report.table import table
    from rl_control.robot.catalog import CATALOG
    from rl_control.robot.description import load_robot

    rows = []
    for name, entry in CATALOG.items():
        try:
            robot = load_robot(name)
        except MissingDependencyError as error:
            rows.append((name, f"needs {error.library}", "", "", "", "", ""))
            continue
        rows.append(
            (
                name,
                robot.tip,
                entry.about,
                "pybullet_data" if entry.borrowed else "rl_control",
                str(robot.n),
                _span(robot.limits.velocity),
                _span(robot.limits.effort),
            )
        )
    columns = ("robot", "tip", "what it is", "source", "joints", "speed [rad/s]", "effort [N m]")
    return table("Robots known by name", columns, rows, left=4)


def _one_robot(robot: RobotModel) -> Table:
    from rl_control.report.table import number, table

    limits = robot.limits
    rows = [
        (
            joint.name,
            joint.kind,
            number(float(limits.lower[k]), 3),
            number(float(limits.upper[k]), 3),
            number(float(robot.home[k]), 3),
            f"{limits.velocity[k]:g}",
            f"{limits.effort[k]:g}",
        )
        for k, joint in enumerate(robot.joints)
    ]
    columns = ("joint", "kind", "lower", "upper", "home", "speed", "effort")
    return table(f"{robot.name}: {robot.n} joints [SI units]", columns, rows, left=2)


def _mass(robot: RobotModel) -> float:
    return sum(joint.inertia.mass for joint in robot.joints)


def _span(values: Array) -> str:
    """Return the least and the greatest of `values` as text, or the one value they share."""
    numbers = sorted({float(value) for value in values})
    ends = numbers if len(numbers) == 1 else [numbers[0], numbers[-1]]
    return " to ".join(f"{value:g}" for value in ends)
