"""`rl_control replay topics`: publish what a bag holds, as it was recorded."""

from __future__ import annotations

import argparse

HELP = "publish what a bag holds, as it was recorded"
DESCRIPTION = """\
Publishes the messages of a bag over ROS 2: bit for bit, in their order and with their spacing,
with the reliability and durability they were recorded with. Latched messages from before --start
come first. On a terminal the space key pauses and goes on, Ctrl-C ends; the service
/bag_player/pause (std_srvs/SetBool) pauses from elsewhere.

No arm moves by it:
- Topics that arms and controllers obey (commands, joint trajectories, targets) are left out.
- With --with-commands they are published as long as nobody else publishes there, and nobody
  listens but nodes known to move nothing: recorders, `ros2 topic`, PlotJuggler, Foxglove,
  dynamics_learner, and those of --heard-by. It ends before the first command that another would
  hear. To repeat a motion use `replay trajectory`.
- A topic that has a publisher already is refused: who listens would hear two sources. So is one
  that a controller acts on which has an arm to command. --anyway lifts these two.

With --clock, /clock follows the bag: the recorded one if there is one, else the times of receipt,
100 times a second. Listeners want use_sim_time then.

examples:
  rl_control replay topics runs/reach-20260131-120000
  rl_control replay topics bag_0.mcap --rate 0.5 --start 12 --duration 5 --loop
  rl_control replay topics old_bag --topics /joint_states "/mpc_controller/*" --clock
  rl_control replay topics old_bag --with-commands \\
      --remap /effort_controller/commands:=/old/commands
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command-line arguments."""
    parser.description = DESCRIPTION
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("bag", metavar="BAG", help="folder of a run or a bag, or one file of it")
    parser.add_argument("--rate", type=float, metavar="R", help="seconds of the bag a second")
    parser.add_argument("--start", type=float, metavar="S", help="offset into the bag [s]")
    parser.add_argument("--duration", type=float, metavar="S", help="how much of it [s]")
    parser.add_argument("--loop", action="store_true", help="begin again at the end")
    parser.add_argument("--paused", action="store_true", help="begin paused")
    parser.add_argument(
        "--topics", nargs="+", default=[], metavar="T", help="names or patterns (default: all)"
    )
    parser.add_argument(
        "--remap", nargs="+", default=[], metavar="/OLD:=/NEW", help="publish under another name"
    )
    parser.add_argument("--clock", action="store_true", help="publish /clock on the bag's time")
    parser.add_argument(
        "--with-commands", action="store_true", help="also what arms obey, see above"
    )
    parser.add_argument(
        "--heard-by", nargs="+", default=[], metavar="NODE",
        help="more nodes that may hear commands because they move nothing",
    )  # fmt: skip
    parser.add_argument(
        "--anyway", action="store_true", help="beside other publishers, and to controllers"
    )


def run(args: argparse.Namespace) -> int:
    """Publish in a process that speaks ROS 2; return its exit code.

    Raises:
        DataError: if there is no such bag.
        MissingDependencyError: if ROS 2 is not installed.
    """
    from rl_control.data.bags.find import find_bag
    from rl_control.run.in_ros import in_ros

    find_bag(args.bag)  # a wrong name is said at once
    return in_ros("replay_topics", args, add_arguments)
