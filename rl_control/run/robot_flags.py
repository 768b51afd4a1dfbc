"""The flags that name an arm, and say how it differs from its description."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from rl_control.errors import ConfigError

if TYPE_CHECKING:
    from rl_control.plants.bullet_config import BulletConfig


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


def add_arm_flags(parser: argparse.ArgumentParser) -> None:
    """Add --payload, --damping and --friction of a simulated arm."""
    parser.add_argument("--payload", type=float, default=0.0, metavar="KG", help="at the tip")
    parser.add_argument(
        "--damping", type=float, metavar="D", help="of every joint [N m s/rad] (default: URDF's)"
    )
    parser.add_argument(
        "--friction", type=float, metavar="F", help="of every joint [N m] (default: URDF's)"
    )


def plant_config(args: argparse.Namespace) -> BulletConfig:
    """Return the simulated arm that the flags describe."""
    from rl_control.plants.bullet_config import BulletConfig

    return BulletConfig(
        payload=args.payload,
        damping=() if args.damping is None else (args.damping,),
        friction=() if args.friction is None else (args.friction,),
    )


def check_least(args: argparse.Namespace, **least: float) -> None:
    """Refuse numbers below the least that makes sense.

    Args:
        args: parsed flags; None passes.
        least: flag to least value.

    Raises:
        ConfigError: naming the flag.
    """
    for flag, bound in least.items():
        value = getattr(args, flag)
        if value is not None and not value >= bound:
            raise ConfigError(
                "command line", f"--{flag}", f"found {value}", f"Give {bound:g} or more."
            )


def add_topic_flags(parser: argparse.ArgumentParser) -> None:
    """Add the topics of an arm behind ROS 2."""
    parser.add_argument(
        "--state-topic", default="joint_states", metavar="T", help="of that arm's joint states"
    )
    parser.add_argument(
        "--command-topic",
        default="effort_controller/commands",
        metavar="T",
        help="of that arm's effort commands",
    )
