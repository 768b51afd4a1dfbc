"""`rl_control param`: look at the parameters of a running node and change them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from rl_control.config.assignments import assignments
from rl_control.errors import ConfigError, UnknownNameError

HELP = "look at the parameters of a running node, change, dump and load them"
DESCRIPTION = """\
Asks a running node by the standard services, as `ros2 param` does, without ros2cli. What is set
counts from the node's next plan or command on; several values are taken all or not at all.

  list NODE                        every parameter and its value; * where it may change live
  get NODE NAME ...                the values in force
  set NODE NAME=VALUE ...          all of them at once, or none; a list as [1, 2, 3]
  describe NODE [NAME ...]         meaning, unit, range, whether it may change live
  dump NODE ... [--out FILE]       a parameter file that starts the nodes in the same state
  load NODE FILE                   set what the file says and may change live; tell what cannot

NODE is a name (mpc_controller) or, where several have it, the full one (/left/mpc_controller).

examples:
  rl_control param set mpc_controller task.weights.posture=30 velocity_scale=0.5
  rl_control param set mpc_controller task.weights.velocity=[0.2, 0.2, 0.4, 0.4, 1, 1, 1]
  rl_control param dump arm_sim mpc_controller --out mine.yaml
  rl_control launch arm_mpc params_file:=mine.yaml
"""
VERBS = ("list", "get", "set", "describe", "dump", "load")
# What each of them wants after the node: least and greatest number, and what.
_WANTED: dict[str, tuple[int, int | None, str]] = {
    "list": (0, 0, "nothing more"),
    "get": (1, None, "one or more names"),
    "set": (1, None, "one or more NAME=VALUE"),
    "describe": (0, None, "names, or none for all"),
    "dump": (0, None, "further nodes, or none; --out FILE"),
    "load": (1, 1, "a parameter file"),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command-line arguments."""
    parser.description = DESCRIPTION
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("what", metavar="WHAT", help=f"one of: {', '.join(VERBS)}")
    parser.add_argument("node", metavar="NODE", help="name of the node")
    parser.add_argument("rest", nargs="*", metavar="NAME[=VALUE]", help="see above")
    parser.add_argument("--out", metavar="FILE", help="of a dump (default: the terminal)")
    parser.add_argument(
        "--wait", type=float, default=5.0, metavar="S", help="for the node, default 5 s"
    )


def run(args: argparse.Namespace) -> int:
    """Ask in a process that speaks ROS 2; return its exit code.

    Raises:
        ConfigError: if the command line makes no sense.
        UnknownNameError: if there is no such sub-verb.
        MissingDependencyError: if ROS 2 is not installed.
    """
    from rl_control.run.in_ros import in_ros
    from rl_control.run.output import check_writable

    check_words(args)
    check_writable(args.out, "--out")
    return in_ros("param", args, add_arguments)


def check_words(args: argparse.Namespace) -> None:
    """Refuse a command line that makes no sense.

    Raises:
        ConfigError: if there are too many or too few words.
        UnknownNameError: if there is no such sub-verb.
    """
    if args.what not in VERBS:
        raise UnknownNameError("sub-verb of param", args.what, VERBS)
    least, most, what = _WANTED[args.what]
    if len(args.rest) < least or (most is not None and len(args.rest) > most):
        found = " ".join(args.rest) or "nothing"
        raise ConfigError(
            "command line", f"param {args.what} {args.node}", f"found {found}", f"Give {what}."
        )
    if not 0.0 < args.wait < 3600.0:
        raise ConfigError("command line", "--wait", f"found {args.wait:g}", "Give seconds.")


def assigned(words: Sequence[str]) -> dict[str, str]:
    """Return {name: text} of words NAME=VALUE, or of the two words NAME VALUE.

    Raises:
        ConfigError: if a word is no assignment, or a name comes twice.
    """
    if len(words) == 2 and "=" not in words[0]:
        words = [f"{words[0]}={words[1]}"]
    return assignments(words, "set")
