"""One warm MPC step (new state in, first command out) with the full default cost, in a loop.

python benchmarks/mpc.py [--robots iiwa7 panda] [--json FILE]

The arm is simulated; it goes to a target and on to the next one. Every step is timed: `plan` on a
new joint state, then `command`. Steps of a new target (more iterations) are counted apart.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before the libraries load

import argparse
import time
from typing import Any

import numpy as np

from rl_control.report.table import console, number, table
from rl_control.robot.description import robot_names
from rl_control.run.environment import machine, machine_line, versions
from rl_control.run.output import add_json_argument, check_writable, write_json
from rl_control.run.rig import make_rig
from rl_control.tasks.reach import sample_targets

STEPS = 240  # control periods for one target


def measure(robot: str, targets: int, seed: int) -> dict[str, Any]:
    """Return percentiles of the time of a step in [ms], warm and on a new target."""
    rig = make_rig(robot)
    warm: list[float] = []
    first: list[float] = []
    iterations = 0
    try:
        drawn = sample_targets(
            rig.robot, targets, np.random.default_rng(seed), rig.checker.collides
        )
        state = rig.plant.reset()
        for target in drawn:
            rig.mpc.set_goal(rig.goal(target))
            rig.safety.reset()
            for step in range(STEPS):
                joints = state.joints
                began = time.perf_counter()
                rig.mpc.plan(joints, joints.stamp)
                command = rig.mpc.command(joints, joints.stamp)
                (warm if step else first).append(1e3 * (time.perf_counter() - began))
                iterations += rig.mpc.stats.iterations if step else 0
                state = rig.plant.step(rig.safety.apply(command, joints, joints.stamp))
    finally:
        rig.close()
    return {
        "robot": rig.robot.name,
        "horizon": rig.mpc.config.horizon,
        "iterations": iterations / len(warm),
        "warm_ms": {f"p{p}": float(np.percentile(warm, p)) for p in (50, 99)},
        "new_target_ms": {f"p{p}": float(np.percentile(first, p)) for p in (50, 99)},
    }


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--robots", nargs="+", default=robot_names(), choices=robot_names())
    parser.add_argument("--targets", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    add_json_argument(parser)
    args = parser.parse_args()
    check_writable(args.json)
    out = console()
    out.print(machine_line(), soft_wrap=True)
    results = [measure(robot, args.targets, args.seed) for robot in args.robots]
    rows = [
        (
            r["robot"],
            str(r["horizon"]),
            number(r["iterations"], 2),
            number(r["warm_ms"]["p50"], 3),
            number(r["warm_ms"]["p99"], 3),
            number(r["new_target_ms"]["p50"], 2),
        )
        for r in results
    ]
    columns = ("robot", "N", "iterations", "warm p50 [ms]", "p99", "new target p50 [ms]")
    out.print(table("MPC step: state in, command out, full default cost", columns, rows))
    if args.json:
        write_json(args.json, {"machine": machine(), "versions": versions(), "robots": results})


if __name__ == "__main__":
    main()
