"""Commands while a model is learned: state-to-command latency with and without a refit under way.

python benchmarks/learning_latency.py [--seconds 60] [--robot iiwa7] [--residual none] [--json FILE]

Starts arm_sim, mpc_controller and dynamics_learner with the launch file arm_learning, sends one
target after another, and lets the learner refit as often as it can. A probe hears every command:
its latency is the time from the stamp of the state that it answers to its sending, as DDS has
stamped that. It counts as "during a refit" if the learner's diagnostics (20 a second) said so
shortly before. arm_sim's own measurement, which includes the command's way back, is shown for the
whole run. Leave the machine alone meanwhile: six processes share its cores. (Joints that dry
friction holds take the simulator some milliseconds a state: --friction measures that, too.)
"""

from __future__ import annotations

import argparse
import json
import random
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from rl_control.report.table import console, number
from rl_control.robot.description import load_robot
from rl_control.run.demo import CLIENT, LAST_DOMAIN, draw_targets, worth_showing
from rl_control.run.demo_record import read_record
from rl_control.run.environment import machine_line
from rl_control.run.launch_file import find_launch_file, read_launch
from rl_control.run.network import network_defaults
from rl_control.run.output import add_json_argument, check_writable, write_json
from rl_control.run.supervisor import ProcessSpec, supervise

PROBE = "probe"
ALLOWED_MS = 8.0  # of the 99th percentile
DIAGNOSTICS_RATE = 20.0  # [Hz]
OFTEN = {"refit.period": 0.1, "refit.least_new": 0.1, "refit.judged": 2.0, "save_period": 1.0}


def main() -> int:
    """Measure and print; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--robot", default="iiwa7")
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--rate", type=float, default=200.0)
    parser.add_argument("--payload", type=float, default=2.0)
    parser.add_argument("--friction", type=float, default=0.0, help="of every joint [N m]")
    parser.add_argument("--residual", choices=("none", "net", "ensemble"), default="none")
    parser.add_argument("--targets", type=int, default=20)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, help="of models; left behind (default: none is)")
    parser.add_argument("--probe", type=Path, help=argparse.SUPPRESS)
    add_json_argument(parser)
    args = parser.parse_args()
    if args.probe is not None:
        return probe(args.probe)
    check_writable(args.json)
    out = console()
    out.print(machine_line(), soft_wrap=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        code = supervise(processes(args, folder), write=_printed(out, folder), until=CLIENT)
        if code:
            return code
        report = measured(args, folder)
    for key, found in report["latency_ms"].items():
        p50, p99, worst = (number(found[k], 2, 1.0, " ms") for k in ("p50", "p99", "max"))
        out.print(f"{key:<18}{found['count']:>7} commands: p50 {p50}, p99 {p99}, worst {worst}")
    learned = report["learner"]
    out.print(
        f"{learned['fits']} fits (the last one {learned['last_fit_s']:.1f} s), "
        f"{learned['accepted']} versions kept, the controller took {report['versions_taken']}; "
        f"speed error {learned['speed_error']:.4f}, of the arm as described "
        f"{learned['nominal_speed_error']:.4f}; coverage of 90 % intervals "
        f"{learned['coverage_90']:.2f}"
    )
    out.print(
        f"targets reached: {report['reached']} of {report['targets']}; states without a command in "
        f"time: {report['missed']} of {report['states']}"
    )
    if args.json:
        write_json(args.json, report)
    worst = max(found["p99"] for found in report["latency_ms"].values())
    return int(worst > ALLOWED_MS)


def processes(args: argparse.Namespace, folder: Path) -> list[ProcessSpec]:
    """The three nodes, the client that sends targets, and the probe."""
    launch = read_launch(
        find_launch_file("arm_learning"),
        {
            "robot": args.robot,
            "rate": f"{args.rate:g}",
            "payload": f"{args.payload:g}",
            "friction": f"[{args.friction}]",
            "folder": str((args.folder or folder / "models").absolute()),
        },
    )
    environment = {
        **network_defaults(),
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
        "ROS_DOMAIN_ID": str(random.randint(1, LAST_DOMAIN)),
    }
    members = {"none": 0, "net": 1, "ensemble": 5}[args.residual]
    own: dict[str, dict[str, Any]] = {
        "mpc_controller": {"learned.networks": members},
        "dynamics_learner": {**OFTEN, "fit.residual": args.residual},
    }
    specs = []
    for node in launch.nodes:
        more = {"diagnostics_rate": DIAGNOSTICS_RATE, **own.get(node.name, {})}
        rules = [text for key, value in more.items() for text in ("-p", f"{key}:={value}")]
        command = (sys.executable, "-m", *node.command, *rules)
        specs.append(ProcessSpec(node.label, command, {**environment, **node.environment}))
    targets = draw_targets(load_robot(args.robot), args.targets, args.seed)
    client = (
        *(sys.executable, "-m", "rl_control.ros.demo_client", "--robot", args.robot),
        *("--targets", json.dumps(targets), "--seconds", str(args.seconds)),
        *("--output", str(folder / "run.npz")),
    )
    listener = (sys.executable, __file__, "--probe", str(folder / "probe.json"))
    return [
        *specs,
        ProcessSpec(PROBE, listener, environment),
        ProcessSpec(CLIENT, client, environment),
    ]


def measured(args: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """What the probe and the client have written down."""
    heard = json.loads((folder / "probe.json").read_text(encoding="utf-8"))
    recorded = read_record(folder / "run.npz", load_robot(args.robot))
    latency = np.array(heard["latencies"])
    during = np.array(heard["refitting"], dtype=bool)
    simulator = heard["arm_sim"]
    own = {key: float(simulator[f"state_to_command_ms.{key}"]) for key in ("p50", "p99", "max")}
    return {
        "robot": args.robot,
        "rate_hz": args.rate,
        "residual": args.residual,
        "latency_ms": {
            "during a refit": _percentiles(latency[during]),
            "otherwise": _percentiles(latency[~during]),
            "seen by arm_sim": {**own, "count": int(simulator["commands"])},
        },
        "learner": {
            key: float(value) if "." in value or value == "nan" else int(value)
            for key, value in heard["dynamics_learner"].items()
            if key
            in (
                *("fits", "accepted", "last_fit_s", "dataset_s"),
                *("speed_error", "nominal_speed_error", "coverage_90"),
            )
        },
        "versions_taken": int(heard["mpc_controller"]["model.version"]),
        "missed": int(simulator["missed"]),
        "states": int(simulator["states"]),
        "reached": sum(result.reached for result in recorded.results),
        "targets": len(recorded.results),
    }


def probe(path: Path) -> int:
    """Hear commands and diagnostics until asked to stop; write them down."""
    import rclpy
    from diagnostic_msgs.msg import DiagnosticArray
    from rclpy.node import Node
    from rclpy.signals import SignalHandlerOptions
    from std_msgs.msg import Float64MultiArray

    from rl_control.ros import qos
    from rl_control.ros.convert import command_answers
    from rl_control.ros.diagnostics import diagnostic_values
    from rl_control.ros.motion_messages import labelled_stamp

    latencies: list[float] = []
    refitting: list[bool] = []
    reports: dict[str, dict[str, str]] = {"dynamics_learner": {}, "mpc_controller": {}}
    reports["arm_sim"] = {}

    def on_command(message: Float64MultiArray, info: dict[str, int]) -> None:
        stamp = labelled_stamp(command_answers(message))
        if stamp is not None and reports["dynamics_learner"]:
            latencies.append(1e-6 * (info["source_timestamp"] - stamp))
            refitting.append(reports["dynamics_learner"]["fitting"] == "1")

    def on_report(message: DiagnosticArray) -> None:
        for name in reports:
            reports[name] = diagnostic_values(message, name) or reports[name]

    stopped: list[int] = []
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signal_number, lambda number, frame: stopped.append(number))
    rclpy.init(args=[], signal_handler_options=SignalHandlerOptions.NO)
    node = Node("probe")
    commands = "effort_controller/commands"
    node.create_subscription(Float64MultiArray, commands, on_command, qos.events(1000))
    node.create_subscription(DiagnosticArray, "/diagnostics", on_report, qos.events(100))
    while not stopped:
        rclpy.spin_once(node, timeout_sec=0.05)
    path.write_text(
        json.dumps({"latencies": latencies, "refitting": refitting, **reports}), encoding="utf-8"
    )
    rclpy.try_shutdown()
    return 0


def _percentiles(values: np.ndarray) -> dict[str, float]:
    if not len(values):
        return dict.fromkeys(("p50", "p99", "max"), float("nan")) | {"count": 0}
    p50, p99 = np.percentile(values, [50, 99])
    return {"p50": float(p50), "p99": float(p99), "max": float(values.max()), "count": len(values)}


def _printed(out: Any, folder: Path) -> Any:
    def write(line: str) -> None:
        shown = worth_showing(line)
        if shown or "version" in line or "ended with" in line or line.startswith("  "):
            out.print(shown or line, markup=False, soft_wrap=True)

    return write


if __name__ == "__main__":
    sys.exit(main())
