"""Over ROS for a minute: state-to-command latency, replans and missed commands.

python benchmarks/ros_latency.py [--seconds 60] [--rate 200] [--robot iiwa7] [--json FILE]

Starts arm_sim and mpc_controller with the launch file, as the demo does, and sends one target after
another. Latency is measured by arm_sim: from publishing a joint state to taking the command that
answers it. Leave the machine alone meanwhile: three processes share its cores.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rl_control.report.table import console, number
from rl_control.robot.description import load_robot
from rl_control.run.demo import draw_targets, start
from rl_control.run.demo_record import read_record, summarize
from rl_control.run.environment import machine_line
from rl_control.run.output import add_json_argument, check_writable, write_json


def main() -> int:
    """Measure and print; return the exit code."""
    args = arguments(__doc__, rate=200.0).parse_args()
    check_writable(args.json)
    report = measure(args, "arm_mpc", {})
    return 1 if report is None else 0


def arguments(description: str | None, rate: float) -> argparse.ArgumentParser:
    """Return the parser of what every such measurement takes.

    Args:
        description: of the measurement.
        rate: joint states a second [Hz], unless another is asked for.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--robot", default="iiwa7")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=rate)
    parser.add_argument("--targets", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    add_json_argument(parser)
    return parser


def measure(args: argparse.Namespace, file: str, more: Mapping[str, str]) -> dict[str, Any] | None:
    """Run a launch file's nodes for a while, print and return what came of it; None if one failed.

    Args:
        args: as `arguments` takes them.
        file: the launch file; it starts arm_sim and one controller.
        more: further arguments of it.
    """
    out = console()
    out.print(machine_line(), soft_wrap=True)
    robot = load_robot(args.robot)
    nodes = {"robot": args.robot, "rate": f"{args.rate:g}", **more}
    targets = draw_targets(robot, args.targets, args.seed)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        if start(nodes, targets, folder, out, args.seconds, diagnostics_rate=2.0, file=file):
            return None
        recorded = read_record(folder / "run.npz", robot)
    report = {**summarize(recorded, robot, args.seed), "rate_hz": args.rate}
    p50, p99, worst = (number(v, 2, 1.0, " ms") for v in report["state_to_command_ms"].values())
    reached, total = sum(result.reached for result in recorded.results), len(recorded.results)
    out.print(
        f"{recorded.simulator.seconds:.0f} s at {args.rate:g} Hz: {number(report['states'], 0)} "
        f"states, {number(report['missed_commands'], 0)} without a command in time, "
        f"{number(report['replan_hz'], 1)} replans a second"
    )
    out.print(f"state to command: p50 {p50}, p99 {p99}, worst {worst}")
    out.print(f"targets reached: {reached} of {total}")
    if args.json:
        write_json(args.json, report)
    return report


if __name__ == "__main__":
    sys.exit(main())
