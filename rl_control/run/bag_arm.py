"""The motion in a bag and the arm it is of: what the bag tools share."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from rl_control.data.bags.messages import messages_of
from rl_control.data.bags.topics import choose_if_there, choose_topic
from rl_control.errors import RlControlError

if TYPE_CHECKING:
    from rl_control.data.bags.messages import Bag
    from rl_control.robot.model import RobotModel

STATES, COMMANDS = "/joint_states", "/effort_controller/commands"
JOINT_STATE, COMMAND = "sensor_msgs/msg/JointState", "std_msgs/msg/Float64MultiArray"
_DESCRIPTION, _TEXT = "/robot_description", "std_msgs/msg/String"


@dataclass(frozen=True)
class MotionTopics:
    """Where a bag tells what an arm did.

    Attributes:
        states: topic of joint states.
        commands: topic of commands; "" if there is none.
        notes: what to say about the choice, a sentence each.
    """

    states: str
    commands: str
    notes: tuple[str, ...]


def add_bag_argument(parser: argparse.ArgumentParser) -> None:
    """Add the bag."""
    parser.add_argument("bag", metavar="BAG", help="folder of a run or a bag, or one file of it")


def add_motion_flags(parser: argparse.ArgumentParser) -> None:
    """Add the topics of joint states and commands."""
    parser.add_argument(
        "--state-topic", default="", metavar="T",
        help=f"of joint states (default: {STATES}, or the only one)",
    )  # fmt: skip
    parser.add_argument(
        "--command-topic", default="", metavar="T",
        help=f"of effort commands (default: {COMMANDS}, or the only one)",
    )  # fmt: skip


def motion_topics(bag: Bag, args: argparse.Namespace) -> MotionTopics:
    """Return the topics that the flags name, or those that are meant.

    Raises:
        DataError: if a bag has no joint states, or several topics that may be meant.
    """
    states = choose_topic(bag, JOINT_STATE, args.state_topic, STATES, "joint states")
    commands = choose_if_there(bag, COMMAND, args.command_topic, COMMANDS, "commands")
    notes = tuple(note for note in (states.note, commands.note) if note)
    return MotionTopics(states.name, commands.name, notes)


def arm_of(
    bag: Bag, named: str | None, base: str | None, tip: str | None, joints: Sequence[str]
) -> tuple[RobotModel | None, str]:
    """Return the robot that is named, or that the bag describes; and what to say about it.

    Args:
        bag: open.
        named: a robot's name or file; None for the one in the bag.
        base: its base link; None for its own.
        tip: its tip link; None for its own.
        joints: that the bag's joint states name.

    Raises:
        RlControlError: if the robot that is named cannot be used.
    """
    from rl_control.robot.description import load_robot

    if named is not None:
        return load_robot(named, base=base, tip=tip), ""
    text = _description(bag)
    if not text:
        return None, "no limits: the bag does not describe its robot; name it with --robot"
    try:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "robot.urdf"
            file.write_text(text, encoding="utf-8")
            robot = load_robot(file, base=base, tip=tip)
    except RlControlError as error:
        return None, f"no limits: the bag's description of its robot cannot be used ({error})"
    missing = [name for name in robot.names if name not in joints]
    if missing:
        told = f"no limits: joint states lack {', '.join(missing)} of the robot described"
        return None, f"{told}; name the arm's --tip, or its --robot"
    return robot, ""


def _description(bag: Bag) -> str:
    """The newest URDF in a bag; "" if there is none."""
    topics = [topic for topic in bag.of_kind(_TEXT) if topic.endswith(_DESCRIPTION)]
    text = ""
    for topic in topics[:1]:
        for _, message in messages_of(bag, bag.path, topic, _TEXT):
            text = message.data
    return text
