"""`rl_control demo`: watch an arm reach five targets over real ROS 2 topics."""

from __future__ import annotations

import argparse
import importlib.util
import json
import random
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rl_control.errors import ConfigError, MissingDependencyError

if TYPE_CHECKING:
    from rich.console import Console

    from rl_control.robot.model import RobotModel
    from rl_control.run.demo_record import Recorded
    from rl_control.run.supervisor import ProcessSpec

HELP = "watch an arm reach five targets: simulator and MPC as two ROS 2 processes"
DESCRIPTION = """\
Starts the simulated arm (arm_sim) and the controller (mpc_controller) as processes of their own
that talk over ROS 2 topics on this machine, sends them targets, prints how it went, and leaves a
plot, a video, the data, a bag of all that was said and the nodes' log in a folder under runs/.

examples:
  rl_control demo
  rl_control demo --robot panda --targets 8 --seed 3
  rl_control demo --gui --no-video
"""
CLIENT = "demo"
BESIDE = ("arm_sim", "bag_recorder")  # what is not the controller
DIAGNOSTICS_RATE = 20.0  # [Hz], so that solve times can be shown
# Domains up to here keep their ports clear of those that Linux gives to others.
LAST_DOMAIN = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command-line arguments."""
    from rl_control.run.output import add_json_argument

    parser.description = DESCRIPTION
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--robot", default="iiwa7", help="name, or URDF or xacro file")
    parser.add_argument("--targets", type=int, default=5, metavar="N", help="default 5")
    parser.add_argument("--seed", type=int, default=0, help="of the random targets, default 0")
    parser.add_argument(
        "--rate", type=float, default=200.0, metavar="HZ", help="joint states a second, default 200"
    )
    parser.add_argument("--gui", action="store_true", help="show the simulator's window")
    parser.add_argument("--no-video", action="store_true", help="leave the plot, but no video")
    parser.add_argument("--no-record", action="store_true", help="record no bag")
    parser.add_argument(
        "--runs", default="runs", metavar="FOLDER", help="where run folders go, default runs/"
    )
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Run the demo; return 0, 1 if a process failed, 128 + a signal's number if one came.

    Raises:
        RlControlError: if the robot cannot be used or ROS 2 is not installed.
    """
    from rl_control.paths import new_run_dir
    from rl_control.report.table import console
    from rl_control.robot.description import load_robot
    from rl_control.run.demo_record import read_record, summarize
    from rl_control.run.output import check_writable, write_json
    from rl_control.run.run_files import begin_run

    if args.targets < 1:
        raise ConfigError("command line", "--targets", f"found {args.targets}", "Give 1 or more.")
    if args.seed < 0:
        raise ConfigError("command line", "--seed", f"found {args.seed}", "Give 0 or more.")
    if importlib.util.find_spec("rclpy") is None:
        raise MissingDependencyError("rclpy", "'rl_control demo'", "ros")
    check_writable(args.json)
    out = console()
    robot = load_robot(args.robot)
    targets = draw_targets(robot, args.targets, args.seed)
    folder = new_run_dir("demo", args.runs)
    begun = begin_run(folder, "demo", robot.name, args.seed)
    nodes = {
        "robot": args.robot,
        "rate": f"{args.rate:g}",
        "gui": str(args.gui).lower(),
        "record": str(not args.no_record).lower(),
        "record_folder": str(folder / "bag"),
    }
    code = start(nodes, targets, folder, out)
    if code:
        return code
    recorded = read_record(folder / "run.npz", robot)
    report = summarize(recorded, robot, args.seed)
    _print(report, out)
    left = [*_pictures(recorded, robot, folder, args.no_video, out), folder / "run.npz"]
    for path in left if args.no_record else [*left, folder / "bag"]:
        out.print(f"left {path}", soft_wrap=True)
    begun.ended(report)
    write_json(folder / "result.json", report)
    if args.json:
        write_json(args.json, report)
    return 0


def start(
    nodes: Mapping[str, str],
    targets: Sequence[Sequence[float]],
    folder: Path,
    out: Console,
    seconds: float = 0.0,
    diagnostics_rate: float = DIAGNOSTICS_RATE,
    file: str = "arm_mpc",
) -> int:
    """Run the two nodes and the client until the client has ended; return the exit code.

    Args:
        nodes: arguments of the launch file, among them "robot".
        targets: tip positions [m] to send one after another.
        folder: where run.npz and nodes.log go.
        out: where progress is shown.
        seconds: the targets are sent again and again until so much time has passed.
        diagnostics_rate: of both nodes in [Hz].
        file: the launch file; it starts arm_sim, one controller, and the recorder if asked to.
    """
    from rl_control.run.launch_file import find_launch_file, read_launch
    from rl_control.run.network import network_defaults
    from rl_control.run.supervisor import ProcessSpec, supervise

    launch = read_launch(find_launch_file(file), nodes)
    (controller,) = (node.name for node in launch.nodes if node.name not in BESIDE)
    environment = {
        **network_defaults(),
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
        "ROS_DOMAIN_ID": str(random.randint(1, LAST_DOMAIN)),
    }
    often = ("-p", f"diagnostics_rate:={diagnostics_rate}")
    specs: list[ProcessSpec] = [
        ProcessSpec(
            node.label,
            (sys.executable, "-m", *node.command, *often),
            {**environment, **node.environment},
        )
        for node in launch.nodes
    ]
    client = (
        *(sys.executable, "-m", "rl_control.ros.demo_client", "--robot", nodes["robot"]),
        *("--controller", controller),
        *("--targets", json.dumps(targets), "--seconds", str(seconds)),
        *("--output", str(folder / "run.npz")),
    )
    specs.append(ProcessSpec(CLIENT, client, environment))
    out.print(
        f"starting {', '.join(node.label for node in launch.nodes)} for {nodes['robot']} "
        f"(ROS domain {environment['ROS_DOMAIN_ID']}, this machine only)"
    )
    with (folder / "nodes.log").open("w", encoding="utf-8") as log:

        def write(line: str) -> None:
            log.write(line + "\n")
            log.flush()
            shown = worth_showing(line)
            if shown:
                out.print(shown, markup=False, soft_wrap=True)

        return supervise(specs, write=write, until=CLIENT)


def worth_showing(line: str) -> str:
    """Return what to show of a line of the nodes' output; "" for what the log file is for."""
    label, _, said = line.partition("] ")
    if label == f"[{CLIENT}":
        return said
    own = line if not line.startswith("[") else ""
    words = ("[ERROR]", "[WARN]", "error:", "compiling")
    return line if any(word in line for word in words) else own


def draw_targets(robot: RobotModel, count: int, seed: int) -> list[list[float]]:
    """Return random tip positions that the arm can reach, [count][3] in [m]."""
    import numpy as np

    from rl_control.plants.collision import CollisionChecker
    from rl_control.tasks.reach import sample_targets

    checker = CollisionChecker(robot)
    try:
        drawn = sample_targets(robot, count, np.random.default_rng(seed), checker.collides)
    finally:
        checker.close()
    return [[round(float(c), 4) for c in target] for target in drawn]


def _print(report: dict[str, Any], out: Console) -> None:
    from rl_control.report.table import number, percent, table, verdict

    rows = [
        (
            str(k + 1),
            " ".join(f"{c:6.3f}" for c in result.target),
            verdict(result.reached),
            number(result.final_error_m, 2, 1e3, " mm"),
            number(result.settle_time_s, 2, 1.0, " s"),
            percent(result.peak_torque_ratio),
            percent(result.peak_velocity_ratio),
        )
        for k, result in enumerate(report["targets"])
    ]
    columns = ("", "target [m]", "reached", "final error", "settled", "torque", "velocity")
    out.print(table(f"{report['robot']} over ROS 2", columns, rows, left=3))
    latency, solve = report["state_to_command_ms"], report["solve_ms"]
    facts = (
        ("replans", number(report["replan_hz"], 0, 1.0, " a second")),
        ("solve", f"p50 {number(solve['p50'], 2)} ms, p99 {number(solve['p99'], 2)} ms"),
        (
            "state to command",
            f"p50 {number(latency['p50'], 2)} ms, p99 {number(latency['p99'], 2)} ms",
        ),
        (
            "missed commands",
            f"{number(report['missed_commands'], 0)} of {number(report['states'], 0)} states",
        ),
        ("worst torque", f"{percent(report['peak_torque_ratio'])} of the limit"),
        ("worst velocity", f"{percent(report['peak_velocity_ratio'])} of the limit"),
    )
    for name, value in facts:
        out.print(f"  {name:<18}{value}")
    out.print()


def _pictures(
    recorded: Recorded, robot: RobotModel, folder: Path, no_video: bool, out: Console
) -> list[Path]:
    from rich.progress import track

    from rl_control.report.plots import plot_run
    from rl_control.run.recording import leave_behind

    if no_video:
        return [plot_run(recorded.run, folder / "run.png")]
    return leave_behind(
        folder,
        recorded.run,
        robot,
        lambda times: track(
            times, "drawing", console=out, disable=not out.is_terminal, transient=True
        ),
    )
