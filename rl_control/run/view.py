"""`rl_control view`: see an arm in a browser, and move it from there."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import signal
import sys
import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from rl_control.errors import ConfigError, MissingDependencyError

if TYPE_CHECKING:
    from rl_control.run.rig import Rig
    from rl_control.view.settings import ViewConfig
    from rl_control.view.snapshot import Source

HELP = "see an arm in a browser: live, simulated or recorded; drag its target, and it follows"
DESCRIPTION = """\
Shows an arm in a browser: where it is, where it is going, its joints' limits, efforts and the
state of its controller. Drag the target, and the arm follows. Three arms can be seen:

  rl_control view                       the one that runs over ROS 2 topics
  rl_control view --sim --robot iiwa7   a simulated one in this process, without ROS
  rl_control view RUN                   a recorded one: the folder of a run or a bag, or a file

An arm behind topics moves only after somebody has ticked "Let me move the arm" on the page. The
page is served to this machine alone unless --host says otherwise; nothing is loaded from the
internet. Ctrl-C ends it.

examples:
  rl_control launch arm_mpc view:=true
  rl_control view --controller policy_controller --port 9000
  rl_control view runs/reach-20260101-120000 --open
"""
_PAUSE = 0.5  # [s] between two looks while nobody watches a recording


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command-line arguments."""
    from rl_control.config import add_flags
    from rl_control.view.settings import ViewConfig

    parser.description = DESCRIPTION
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("run", nargs="?", metavar="RUN", help="a recording to show")
    parser.add_argument("--sim", action="store_true", help="simulate an arm in this process")
    parser.add_argument(
        "--robot",
        help="name, or URDF or xacro file (default: the controller's, or the recording's; iiwa7 "
        "with --sim)",
    )
    parser.add_argument("--base", metavar="LINK", help="base link (default: its own)")
    parser.add_argument("--tip", metavar="LINK", help="tip link (default: its own)")
    parser.add_argument(
        "--controller", default="", metavar="NAME", help="name of its node or in the recording"
    )
    parser.add_argument("--namespace", default="", metavar="NS", help="of the arm's nodes")
    parser.add_argument(
        "--state-topic", default="joint_states", metavar="T", help="of joint states over ROS 2"
    )
    parser.add_argument(
        "--no-record", action="store_true", help="with --sim: leave no folder with a recording"
    )
    parser.add_argument(
        "--camera-topic",
        default="",
        metavar="T",
        help="of a camera's pictures to show, over ROS 2 (those compressed end in /compressed)",
    )
    parser.add_argument("--open", action="store_true", help="open the page in a browser")
    add_flags(parser, ViewConfig)


def run(args: argparse.Namespace) -> int:
    """Serve the page until Ctrl-C; return the exit code.

    Raises:
        ConfigError: if the arguments say nothing together, or the port is taken.
        MissingDependencyError: if viser, or ROS 2 where it is needed, is not installed.
        RlControlError: if the robot or the recording cannot be used.
    """
    from rl_control.config import from_args
    from rl_control.view.settings import ViewConfig

    config = from_args(ViewConfig, args)
    if args.sim and args.run:
        raise ConfigError("command line", "--sim", "given with a recording", "Give one of them.")
    if importlib.util.find_spec("viser") is None:
        raise MissingDependencyError("viser", "'rl_control view'", "view")
    if not (args.sim or args.run):
        return _over_topics(args)
    from rl_control.view.server import check_free

    check_free(config.host, config.port)  # before anything slow begins
    _import_undisturbed("rl_control.view.view", "trimesh")
    with closing(_source(args)) as source:
        return serve(source, config, args.open)


def _import_undisturbed(*modules: str) -> None:
    """Import with signals held back: trimesh swallows a Ctrl-C that comes while it is imported."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        for module in modules:
            importlib.import_module(module)
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _over_topics(args: argparse.Namespace) -> int:
    from rl_control.run.in_ros import in_ros
    from rl_control.run.network import network_defaults

    if importlib.util.find_spec("rclpy") is None:
        raise MissingDependencyError("rclpy", "'rl_control view' without --sim or a run", "ros")
    os.environ.update(network_defaults())
    return in_ros("view", args, add_arguments)


def _source(args: argparse.Namespace) -> Source:
    from rl_control.report.table import console

    out = console()
    if args.run:
        from rl_control.data.runs.log import read_log
        from rl_control.run.view_log import log_source

        with out.status(f"reading {args.run}"):
            return log_source(read_log(args.run, args.controller), args.robot, args.base, args.tip)
    from rl_control.run.rig import make_rig
    from rl_control.run.view_sim import SimSource

    robot = args.robot or "iiwa7"
    with out.status(f"building the controller of {robot}"):
        rig = make_rig(robot, args.base, args.tip)
        return SimSource(rig if args.no_record else _recorded(rig))


def _recorded(rig: Rig) -> Rig:
    from rl_control.paths import new_run_dir
    from rl_control.run.run_files import begin_run

    folder = new_run_dir("view")
    begin_run(folder, "view", rig.robot.name)
    print(f"recording in {folder}", flush=True)
    return rig.recorded(folder, time.time_ns())


def serve(source: Source, config: ViewConfig, show: bool) -> int:
    """Show a source until a signal comes; return the exit code.

    Args:
        source: what is shown.
        config: where, and how often.
        show: open a browser.
    """
    from rl_control.view.view import View

    view = View(source, config)
    announce(view.url, config.host)
    if show:
        import webbrowser

        webbrowser.open(view.url)
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    period = 1.0 / config.frame_rate
    try:
        due = time.monotonic()
        while True:
            view.turn(time.monotonic())
            due = max(due + period, time.monotonic())
            time.sleep(max(0.0, due - time.monotonic()) if view.watchers else _PAUSE)
    except KeyboardInterrupt:
        return 0
    finally:
        signal.signal(signal.SIGTERM, before)
        with suppress(KeyboardInterrupt):
            view.close()


def announce(url: str, host: str) -> None:
    """Say where the page is, and warn where others can open it, too."""
    from rl_control.view.server import is_loopback

    print(f"the arm is shown at {url}", flush=True)
    if not is_loopback(host):
        print(
            f"warning: anybody who reaches this machine at {host} can see the arm and move it",
            file=sys.stderr,
            flush=True,
        )
