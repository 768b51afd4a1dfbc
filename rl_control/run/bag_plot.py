"""`rl_control bag plot`: what the arm did in a bag, as a picture."""

from __future__ import annotations

import argparse
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from rl_control.data.bags.cdr_rows import NANO

if TYPE_CHECKING:
    from rl_control.data.bags.cdr_rows import Stamps
    from rl_control.data.bags.messages import Bag
    from rl_control.data.bags.motion import BagMotion
    from rl_control.data.runs.goal_path import GoalPath
    from rl_control.report.bag_plot import BagPicture
    from rl_control.report.plots import TargetMark
    from rl_control.robot.model import RobotModel
    from rl_control.run.bag_arm import MotionTopics
    from rl_control.types import Array

HELP = "joints against their limits, speeds, commands and tip error as a picture"
DESCRIPTION = """\
Draws joint positions, velocities and commands of a bag, and the tip's distance from its goals if
goals were recorded. Limits are known where the bag has /robot_description, or with --robot.

examples:
  rl_control bag plot runs/reach-20260131-120000
  rl_control bag plot other_bag --robot my_arm.urdf --tip tool --output motion.png
  rl_control bag plot other_bag --state-topic /left/joint_states
"""
_POSE = "geometry_msgs/msg/PoseStamped"
_GOAL = "/goal"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command-line arguments."""
    from rl_control.run.bag_arm import add_bag_argument, add_motion_flags

    parser.description = DESCRIPTION
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add_bag_argument(parser)
    parser.add_argument("--robot", help="name, or URDF or xacro file (default: as described)")
    parser.add_argument("--base", metavar="LINK", help="base link (default: root of the tree)")
    parser.add_argument("--tip", metavar="LINK", help="tip link (default: the robot's own)")
    add_motion_flags(parser)
    parser.add_argument(
        "--output", metavar="FILE.png", help="the picture (default: NAME.png, NAME being the bag's)"
    )


def run(args: argparse.Namespace) -> int:
    """Draw; return the exit code.

    Raises:
        DataError: if the bag cannot be used.
        RlControlError: if the robot cannot be used.
        MissingDependencyError: if matplotlib is not installed.
    """
    from rl_control.data.bags.messages import open_bag
    from rl_control.data.bags.motion import bag_motion, common_names
    from rl_control.report.bag_plot import plot_bag
    from rl_control.report.table import console
    from rl_control.run.bag_arm import arm_of, motion_topics
    from rl_control.run.output import check_writable

    path = Path(args.output) if args.output else _default(args.bag)
    check_writable(str(path), "--output")
    out = console()
    with closing(open_bag(args.bag)) as bag, out.status("reading the bag"):
        topics = motion_topics(bag, args)
        joints = common_names(bag, topics.states)
        robot, note = arm_of(bag, args.robot, args.base, args.tip, joints)
        names = robot.names if robot is not None else joints
        motion = bag_motion(bag, topics.states, topics.commands, names)
        picture = _picture(bag, motion, topics, robot)
    plot_bag(picture, path)
    told = [f"{count} {reason} left out" for reason, count in motion.left_out.items()]
    for line in [*topics.notes, *([note] if note else []), *told, f"left {path}"]:
        out.print(line, soft_wrap=True, markup=False)
    return 0


def _default(bag: str) -> Path:
    from rl_control.data.bags.find import INSIDE_A_RUN, find_bag

    found = find_bag(bag)
    named = found.parent if found.name == INSIDE_A_RUN else found
    return Path(f"{named.stem}.png")


def _picture(
    bag: Bag, motion: BagMotion, topics: MotionTopics, robot: RobotModel | None
) -> BagPicture:
    from rl_control.report.bag_plot import BagPicture

    def seconds(received: Stamps) -> Array:
        return np.asarray((received - bag.start_time) / NANO)

    targets: tuple[TargetMark, ...] = ()
    tips = None
    if robot is not None:
        targets = _targets(bag, topics, robot, motion.states.stamps / NANO)
        tips = _tips(robot, motion.states.positions) if targets else None
    return BagPicture(
        title=f"{bag.path}" + (f"   {robot.name}" if robot is not None else ""),
        names=motion.names,
        times=seconds(motion.states.received),
        positions=motion.states.positions,
        velocities=motion.states.velocities,
        command_times=seconds(motion.commands.received),
        commands=motion.commands.values,
        limits=robot.limits if robot is not None else None,
        targets=targets,
        tips=tips,
    )


def _targets(
    bag: Bag, topics: MotionTopics, robot: RobotModel, stamps: Array
) -> tuple[TargetMark, ...]:
    """The goals of the one controller in the bag, or of the one in the arm's namespace.

    Args:
        bag: open.
        topics: of the motion.
        robot: the arm.
        stamps: of its states, [S] in [s].
    """
    from rl_control.data.bags.messages import messages_of
    from rl_control.report.plots import TargetMark

    goals = [topic for topic in bag.of_kind(_POSE) if topic.endswith(_GOAL)]
    space = topics.states.rpartition("/")[0]
    near = [topic for topic in goals if topic.startswith(f"{space}/")]
    chosen = near if len(goals) > 1 else goals
    if len(chosen) != 1:
        return ()
    marks = []
    paths = _paths(bag, chosen[0])
    for received, message in messages_of(bag, bag.path, chosen[0], _POSE):
        p, stamp = message.pose.position, message.header.stamp
        path = paths.get((stamp.sec * NANO + stamp.nanosec, p.x, p.y, p.z))
        along = None if path is None else _tips(robot, path.positions_at(stamps))
        at = (received - bag.start_time) / NANO
        marks.append(TargetMark(at, np.array([p.x, p.y, p.z]), along=along))
    return tuple(marks)


def _paths(bag: Bag, topic: str) -> dict[tuple[float, ...], GoalPath]:
    """The paths of goals that move, by the stamp and the position that `topic` told of them."""
    from rl_control.data.runs.events import pair_goals

    raws: list[list[bytes]] = [[], [], []]
    received: list[list[int]] = [[], [], []]
    for k, name in enumerate((topic, f"{topic}_joints", f"{topic}_path")):
        connections = [one for one in bag.connections if one.topic == name]
        for _, at, raw in bag.messages(connections) if connections else ():
            raws[k].append(raw)
            received[k].append(at)
    times = [np.array(one, dtype=np.int64) for one in received]
    goals = pair_goals(raws[0], times[0], raws[1], times[1], raws[2])
    return {
        (max(goal.stamp, 0), *goal.position.tolist()): goal.path
        for goal in goals
        if goal.path is not None
    }


def _tips(robot: RobotModel, positions: Array) -> Array:
    from rl_control.robot.kinematics import Kinematics

    tips = Kinematics(robot).tips(np.nan_to_num(positions))[0]
    tips[~np.isfinite(positions).all(axis=1)] = np.nan
    return tips
