"""The command `rl_control VERB`: find the verb's module, parse, call it, say errors in one line."""

from __future__ import annotations

import argparse
import errno
import importlib
import os
import platform
import sys
from collections.abc import Sequence
from types import ModuleType

import rl_control
from rl_control.errors import MissingDependencyError, RlControlError, UnknownNameError

PROGRAM = "rl_control"
BAD_INPUT = 2
INTERRUPTED = 130

# Each verb is the module rl_control.run.VERB with HELP, add_arguments(parser) and run(args). It is
# imported when it is called, so that `--help` is quick and one verb needs no other's libraries.
VERBS = {
    "demo": "watch an arm reach five targets: simulator and MPC as two ROS 2 processes",
    "reach": "reach random targets in one process without ROS, and measure",
    "robots": "list the robots that can be named, or show one",
    "launch": "start the nodes of a launch file, with or without a full ROS 2",
    "collect": "move a simulated arm about informatively, and keep what was seen",
    "fit": "fit a dynamics model to recorded motion, and judge it",
    "learn": "let an arm learn its dynamics: excite, fit, plan on the model, fit again",
    "param": "look at the parameters of a running node, change, dump and load them",
    "tune": "search for better weights of the controller on simulated episodes",
    "train": "train a policy until it does a task by itself",
    "evaluate": "try a trained policy in situations it was not trained on",
    "compare": "put training runs side by side",
    "top": "watch an arm live in the terminal: joints, tip error, solve times, safety, log",
    "record": "record what is said on ROS 2 topics to a bag",
    "bag": "look into a bag, plot, mend, cut or convert it",
    "replay": "go through a recording again: its topics, its motion, or what-if",
    "report": "a run or a bag as one HTML file, with pictures and a film of the arm",
    "view": "see an arm in a browser: live, simulated or recorded; drag its target",
    "rerun": "show a recorded run in the Rerun viewer, or save it for it",
    "explain": "find out from a recording why an arm did what it did",
    "doctor": "check this installation and say how to mend what is amiss",
}

_EXTRA_OF = {
    "pybullet": "sim",
    "pybullet_data": "sim",
    "rclpy": "ros",
    "matplotlib": "viz",
    "imageio": "viz",
    "PIL": "viz",
    "gpytorch": "gp",
    "mcap": "",
    "rosbags": "",
    "onnx": "export",
    "tensorboardX": "learn",
    "torch": "learn",
    "trimesh": "view",
    "viser": "view",
    "ray": "ray",
    "optuna": "tune",
    "rerun": "rerun",
}

_EPILOG = """\
examples:
  rl_control demo                                 the whole toolkit at work, in under a minute
  rl_control reach --robot panda --targets 20     20 random targets, a table of results
  rl_control reach --robot my_arm.urdf --tip tool --json result.json
  rl_control launch arm_mpc robot:=iiwa7 gui:=true
  rl_control doctor                               when something does not work

`rl_control VERB --help` shows a verb's options. Lengths are in m, angles in rad, times in s,
efforts in N m. Exit status: 0 done, 1 the verb's job failed, 2 bad input, 130 stopped by Ctrl-C.
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line `argv` (without the program's name); return the exit status."""
    words = list(sys.argv[1:] if argv is None else argv)
    try:
        if words and not words[0].startswith("-"):
            return _call(words[0], words[1:])
        parser = _top_parser()
        parser.parse_args(words)
        parser.print_help()
        return 0
    except RlControlError as error:
        return _complain(str(error))
    except KeyboardInterrupt:
        print(f"{PROGRAM}: stopped", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:
        # The reader of our output has gone (`| head`): nothing is left to say to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        if error.errno == errno.ENOSPC:
            where = f"{error.filename}: " if error.filename else ""
            return _complain(f"{where}the disk is full. Make room, or write somewhere else.")
        if error.filename is None:
            raise
        return _complain(f"{error.filename}: {error.strerror}. Check the path and its permissions.")


def _call(verb: str, words: list[str]) -> int:
    if verb not in VERBS:
        raise UnknownNameError("verb", verb, list(VERBS))
    module = _import_verb(verb)
    parser = argparse.ArgumentParser(
        prog=f"{PROGRAM} {verb}",
        description=module.HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    module.add_arguments(parser)
    args, unknown = parser.parse_known_args(words)
    if unknown:
        valid = [flag for action in parser._actions for flag in action.option_strings]
        raise UnknownNameError(f"argument of '{verb}'", unknown[0].partition("=")[0], valid)
    try:
        return int(module.run(args))
    except ModuleNotFoundError as error:
        raise _missing(verb, error) from error


def _import_verb(verb: str) -> ModuleType:
    try:
        return importlib.import_module(f"rl_control.run.{verb}")
    except ModuleNotFoundError as error:
        raise _missing(verb, error) from error


def _missing(verb: str, error: ModuleNotFoundError) -> Exception:
    """Return the error to raise: with a remedy where the module belongs to an extra."""
    library = (error.name or "").partition(".")[0]
    if isinstance(error, RlControlError) or library not in _EXTRA_OF:
        return error
    return MissingDependencyError(library, f"'{PROGRAM} {verb}'", _EXTRA_OF[library])


def _top_parser() -> argparse.ArgumentParser:
    width = max(map(len, VERBS))
    verbs = "\n".join(f"  {verb:<{width}}  {text}" for verb, text in VERBS.items())
    parser = argparse.ArgumentParser(
        prog=PROGRAM,
        usage=f"{PROGRAM} VERB [options]",
        description=f"{rl_control.__doc__ or ''}".partition("\n")[0] + f"\n\nverbs:\n{verbs}",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    version = f"{PROGRAM} {rl_control.__version__} (Python {platform.python_version()})"
    parser.add_argument("--version", action="version", version=version)
    return parser


def _complain(message: str) -> int:
    print(f"{PROGRAM}: error: {message}", file=sys.stderr)
    return BAD_INPUT
