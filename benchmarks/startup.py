"""How long until things are ready: the import, a controller from a warm and from an empty cache.

python benchmarks/startup.py [--robots iiwa7] [--repeats 5] [--json FILE]

Every measurement is a process of its own. "Ready" is from the process's start until an `Mpc` has
answered its first state; "import" is `import rl_control` in a running interpreter.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any

from rl_control.report.table import console, number, table
from rl_control.robot.description import robot_names
from rl_control.run.environment import machine, machine_line, versions
from rl_control.run.output import add_json_argument, check_writable, write_json

IMPORT = "import time; t = time.perf_counter(); import rl_control; print(time.perf_counter() - t)"
BARE = "print(0.0)"
READY = """
import numpy as np
from rl_control.robot.description import load_robot
from rl_control.run.assemble import reach_mpc
from rl_control.types import JointState
robot = load_robot({robot!r})
mpc = reach_mpc(robot)
still = np.zeros(robot.n)
state = JointState(robot.names, robot.home, still, still, 0.0)
mpc.plan(state, 0.0)
mpc.command(state, 0.0)
print(0.0)
"""


def timed(code: str, cache: str | None = None) -> tuple[float, float]:
    """Run `code` in a process; return its wall time and the number it printed, both in [s]."""
    environment = dict(os.environ)
    if cache is not None:
        environment |= {"RL_CONTROL_CACHE": cache, "NUMBA_CACHE_DIR": f"{cache}/numba"}
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, text=True, check=True
    )
    return time.perf_counter() - began, float(done.stdout.split()[-1])


def measure(robot: str, repeats: int) -> dict[str, Any]:
    """Return the times of one robot in [s]."""
    code = READY.format(robot=robot)
    with tempfile.TemporaryDirectory() as folder:
        cold = timed(code, folder)[0]
        warm = [timed(code, folder)[0] for _ in range(repeats)]
    return {"robot": robot, "first_s": cold, "ready_s": statistics.median(warm)}


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--robots", nargs="+", default=["iiwa7"], choices=robot_names())
    parser.add_argument("--repeats", type=int, default=5)
    add_json_argument(parser)
    args = parser.parse_args()
    check_writable(args.json)
    out = console()
    out.print(machine_line(), soft_wrap=True)
    imported = statistics.median(timed(IMPORT)[1] for _ in range(args.repeats))
    bare = statistics.median(timed(BARE)[0] for _ in range(args.repeats))
    out.print(f"import rl_control: {imported:.3f} s (a bare Python process takes {bare:.3f} s)")
    results = [measure(robot, args.repeats) for robot in args.robots]
    rows = [(r["robot"], number(r["ready_s"], 2), number(r["first_s"], 2)) for r in results]
    columns = ("robot", "ready, warm cache [s]", "ready, empty cache [s]")
    out.print(table("From process start to the first command", columns, rows))
    if args.json:
        about = {"machine": machine(), "versions": versions()}
        write_json(args.json, {**about, "import_s": imported, "bare_s": bare, "robots": results})


if __name__ == "__main__":
    main()
