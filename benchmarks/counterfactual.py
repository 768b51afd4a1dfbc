"""How many times faster than real time a recorded run is repeated offline: bag, plans, commands.

python benchmarks/counterfactual.py [--robot iiwa7] [--states 10000]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from rl_control.data.runs.log import read_log
from rl_control.run.counterfactual import counterfactual
from rl_control.run.counterfactual_compare import compared
from rl_control.run.rig import make_rig


def record(folder: Path, robot: str, states: int) -> int:
    """Reach random targets at 200 Hz until there are enough states; return how many there are."""
    rig = make_rig(robot).recorded(folder, time.time_ns())
    rng, count = np.random.default_rng(0), 0
    while count < states:
        q = rig.robot.home + rng.uniform(-0.6, 0.6, rig.robot.n)
        q = np.clip(q, rig.robot.limits.lower, rig.robot.limits.upper)
        goal = rig.goal(rig.model.tip(q).position)
        count += len(rig.reach(goal)[0].controls)
    rig.close()
    return count


def main() -> None:
    """Record a run, repeat it, print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--robot", default="iiwa7")
    parser.add_argument("--states", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        states = record(Path(folder), args.robot, args.states)
        span = 0.005 * states
        for _ in range(args.rounds):
            began = time.perf_counter()
            log = read_log(folder)
            read = time.perf_counter() - began
            result = compared(counterfactual(log), log)
            whole = time.perf_counter() - began
            print(
                f"{args.robot}: {states} states, {span:.1f} s of motion in {whole:.2f} s "
                f"({read:.2f} s of it to read the bag): {span / whole:.1f} times real time, "
                f"{1e3 * whole / states:.3f} ms a state; "
                f"{result.same} of {result.compared} commands the same to the bit"
            )


if __name__ == "__main__":
    main()
