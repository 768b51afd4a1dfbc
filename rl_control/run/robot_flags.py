"""The flags that name an arm, the same for every verb."""

from __future__ import annotations

import argparse


def add_robot_flags(parser: argparse.ArgumentParser, default: str | None = "iiwa7") -> None:
    """Add --robot, --base and --tip.

    Args:
        parser: what they are added to.
        default: robot if none is named; None demands one.
    """
    parser.add_argument(
        "--robot",
        default=default,
        required=default is None,
        help="name, or URDF or xacro file" + (f" (default: {default})" if default else ""),
    )
    parser.add_argument("--base", metavar="LINK", help="base link (default: root of the tree)")
    parser.add_argument("--tip", metavar="LINK", help="tip link (default: the robot's own)")
