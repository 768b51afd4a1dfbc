"""`rl_control replay`: three ways to go through a recording again."""

from __future__ import annotations

import argparse

HELP = "go through a recording again: its topics, its motion, or what-if"
VERBS = {
    "topics": "publish what was recorded, so that others see it; no arm moves",
    "trajectory": "let an arm go the recorded way again, checked first",
    "counterfactual": "ask what a controller with other weights would have commanded",
}
DESCRIPTION = "Which of the three?\n"
EPILOG = """\
topics          to look at a run in RViz, PlotJuggler or Foxglove, or to feed a node that only
                listens. Messages go out as they are in the bag. What an arm could obey is left out.
trajectory      to repeat a motion. The path of the joints is retimed to the limits, checked for
                limits and collisions, and tracked by a controller that sees the arm; recorded
                commands are not used, for on their own they lead an arm astray.
counterfactual  to compare weights or models on recorded states, without ROS and without an arm,
                faster than real time.

examples:
  rl_control replay topics runs/reach-20260131-120000 --rate 2.0 --clock
  rl_control replay trajectory runs/reach-20260131-120000 --robot iiwa7
  rl_control replay counterfactual runs/reach-20260131-120000 --help
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command-line arguments."""
    from rl_control.run.sub_verbs import add_sub_verbs

    add_sub_verbs(parser, VERBS, DESCRIPTION, EPILOG)


def run(args: argparse.Namespace) -> int:
    """Run the sub-verb; return its exit code.

    Raises:
        RlControlError: what it raises.
    """
    from rl_control.run.sub_verbs import call

    return call("replay", VERBS, args)
