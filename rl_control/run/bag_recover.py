"""`rl_control bag recover`: make a bag readable whose recorder was broken off."""

from __future__ import annotations

import argparse

HELP = "make a bag readable whose recorder was broken off"
DESCRIPTION = """\
For MCAP bags whose recorder was killed, whose disk was full or whose file is damaged. Whole
messages are kept, the index and metadata.yaml are made anew; the file as it was stays beside it
as NAME.broken. A bag that is whole stays as it is.

examples:
  rl_control bag recover runs/reach-20260131-120000
  rl_control bag recover my_bag
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command-line arguments."""
    from rl_control.run.bag_arm import add_bag_argument

    parser.description = DESCRIPTION
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    add_bag_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Recover and say what was; return the exit code.

    Raises:
        DataError: if there is nothing to recover, or no space for it.
    """
    from rl_control.data.bags.recover import recover
    from rl_control.report.table import console

    out = console()
    with out.status("reading the bag"):
        found = recover(args.bag)
    for line in found.lines:
        out.print(line, soft_wrap=True, markup=False)
    return 0
