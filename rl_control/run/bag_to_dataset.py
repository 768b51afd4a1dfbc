"""`rl_control bag to-dataset`: transitions to fit a model to."""

from __future__ import annotations

import argparse
from contextlib import closing

from rl_control.errors import ConfigError

HELP = "make transitions of it, to fit a model to"
DESCRIPTION = """\
Writes what a bag holds of an arm's motion as a file of transitions, which `rl_control fit` takes:
states at even steps, and the mean command between them. Samples that cannot be true and stretches
that cannot be interpolated are left out, and their number is told by reason.

examples:
  rl_control bag to-dataset my_bag motion.safetensors --robot iiwa7
  rl_control bag to-dataset other_bag motion.safetensors --robot my_arm.urdf --tip tool \\
      --state-topic /left/joint_states --command-joints shoulder elbow
  rl_control fit motion.safetensors --robot iiwa7
"""
REASONS = {
    "lacks_joint": "joint states that lack a joint of the robot",
    "malformed": "joint states without one position a joint",
    "no_velocity": "joint states without velocities, where most have them",
    "command_malformed": "commands of another width",
    "not_finite": "states with a NaN or an infinity",
    "out_of_limits": "states more than 0.1 rad or m beyond a position limit",
    "too_fast": "states faster than 1.5 times a velocity limit",
    "duplicate_stamp": "states with the stamp of another one",
    "backward_stamp": "states whose stamp goes back",
    "command_not_finite": "commands with a NaN or an infinity",
    "command_duplicate_stamp": "commands with the stamp of a later one",
    "command_backward_stamp": "commands whose stamp goes back",
    "state_gap": "steps within a gap of the joint states",
    "command_gap": "steps within a gap of the commands",
    "no_command_yet": "steps before the first command",
}
"""What the names of reasons mean."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command-line arguments."""
    from rl_control.run.bag_arm import add_bag_argument, add_motion_flags
    from rl_control.run.robot_flags import add_robot_flags

    parser.description = DESCRIPTION
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add_bag_argument(parser)
    parser.add_argument("out", metavar="OUT", help="file to write, NAME.safetensors")
    add_robot_flags(parser, default=None)
    parser.add_argument("--dt", type=float, default=0.005, help="time step [s], default 0.005")
    add_motion_flags(parser)
    parser.add_argument(
        "--command-joints", nargs="+", default=[], metavar="NAME",
        help="joint order of commands (default: the robot's own)",
    )  # fmt: skip


def run(args: argparse.Namespace) -> int:
    """Write and say what was left out; return the exit code.

    Raises:
        ConfigError: if the time step cannot be used.
        DataError: if the bag cannot be used, or the file not be written.
        RlControlError: if the robot cannot be used.
    """
    from rl_control.data.bags.messages import open_bag
    from rl_control.data.store import save_transitions
    from rl_control.report.table import console
    from rl_control.robot.description import load_robot
    from rl_control.run.bag_arm import motion_topics
    from rl_control.run.load_motion import BagConfig, load_motion
    from rl_control.run.output import check_writable

    if not 0.0 < args.dt <= 1.0:
        raise ConfigError("command line", "--dt", f"found {args.dt:g}", "Give 0 < dt <= 1 s.")
    check_writable(args.out, "OUT")
    robot = load_robot(args.robot, base=args.base, tip=args.tip)
    out = console()
    with out.status("reading the bag"):
        with closing(open_bag(args.bag)) as bag:
            path, topics = bag.path, motion_topics(bag, args)
        commands = topics.commands or BagConfig().command_topic
        config = BagConfig(topics.states, commands, tuple(args.command_joints))
        data, (report,) = load_motion([path], robot, args.dt, config)
    save_transitions(args.out, data)
    for note in topics.notes:
        out.print(note, soft_wrap=True, markup=False)
    out.print(f"{data.size:,} transitions of {args.dt:g} s, {report.seconds:.2f} s of motion")
    for reason, count in sorted(report.rejected.items()):
        out.print(f"  left out: {count:,} {REASONS.get(reason, reason)}")
    out.print(f"left {args.out}", soft_wrap=True, markup=False)
    return 0
