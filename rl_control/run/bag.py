"""`rl_control bag`: tools for recorded bags."""

from __future__ import annotations

import argparse

HELP = "look into a bag, plot, mend, cut or convert it"
VERBS = {
    "info": "what is in a bag, and whether it is whole",
    "plot": "joints against their limits, speeds, commands and tip error as a picture",
    "recover": "make a bag readable whose recorder was broken off",
    "trim": "cut a piece out of a bag",
    "to-dataset": "make transitions of it, to fit a model to",
    "to-csv": "make tables of it, or a path to go again",
}
DESCRIPTION = """\
Tools for bags of this package and of others: MCAP or SQLite, any joint order, namespaced topics.
A bag is named by the folder of a run, its own folder, or one .mcap or .db3 file. No ROS is needed.
"""
EPILOG = """\
examples:
  rl_control bag info runs/reach-20260131-120000
  rl_control bag plot my_bag --robot my_arm.urdf
  rl_control bag trim my_bag cut --from 12 --to 20

`rl_control bag WHAT --help` shows the options of each.
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

    return call("bag", VERBS, args)
