"""100 random targets for each named robot: reached, error, settle time, limits, solve time.

python benchmarks/reach.py [--robots iiwa7 panda] [--targets 100] [--seed 0] [--json FILE]
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from rl_control.report.table import console, number, percent, table
from rl_control.robot.description import robot_names
from rl_control.run import reach
from rl_control.run.environment import machine, machine_line, versions
from rl_control.run.output import add_json_argument, check_writable, write_json


def measure(robot: str, targets: int, seed: int) -> dict[str, Any]:
    """Run the verb `reach` as a user would; return what it wrote."""
    parser = argparse.ArgumentParser()
    reach.add_arguments(parser)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "reach.json"
        words = ["--robot", robot, "--targets", str(targets), "--seed", str(seed)]
        reach.run(parser.parse_args([*words, "--json", str(path)]))
        return dict(json.loads(path.read_text(encoding="utf-8")))


def main() -> None:
    """Measure every robot and print one table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--robots", nargs="+", default=robot_names(), choices=robot_names())
    parser.add_argument("--targets", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    add_json_argument(parser)
    args = parser.parse_args()
    check_writable(args.json)
    out = console()
    results = [measure(robot, args.targets, args.seed) for robot in args.robots]
    out.print(machine_line(), soft_wrap=True)
    rows = [
        (
            result["robot"],
            f"{sum(one['reached'] for one in result['targets'])}/{len(result['targets'])}",
            number(result["final_error_m"]["p50"], 3, 1e3),
            number(result["final_error_m"]["max"], 3, 1e3),
            number(result["settle_time_s"]["p50"], 2),
            number(result["settle_time_s"]["max"], 2),
            percent(result["peak_torque_ratio"]),
            percent(result["peak_velocity_ratio"]),
            number(result["position_limit_violation_rad"], 3),
            number(result["solve_ms"]["p50"], 3),
            number(result["solve_ms"]["p99"], 3),
        )
        for result in results
    ]
    columns = (
        "robot", "reached", "error [mm]", "worst", "settled [s]", "worst", "torque", "velocity",
        "past limit", "solve [ms]", "p99",
    )  # fmt: skip
    out.print(table(f"Reach, seed {args.seed} (medians and worst values)", columns, rows))
    if args.json:
        write_json(args.json, {"machine": machine(), "versions": versions(), "robots": results})


if __name__ == "__main__":
    main()
