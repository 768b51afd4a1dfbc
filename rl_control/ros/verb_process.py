"""A verb that goes on in a process of its own: its errors as one message, its exit code."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence

from rl_control.errors import RlControlError
from rl_control.run.in_ros import AddArguments


def run_verb(
    verb: str,
    add_arguments: AddArguments,
    work: Callable[[argparse.Namespace], int],
    argv: Sequence[str] | None,
) -> int:
    """Parse the command line of a verb and do its work; return the exit code."""
    parser = argparse.ArgumentParser(prog=f"rl_control {verb}", allow_abbrev=False)
    add_arguments(parser)
    args = parser.parse_args(argv)
    try:
        return work(args)
    except RlControlError as error:
        print(f"rl_control: error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
