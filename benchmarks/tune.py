"""How much a search of 50 episodes gives back of what a detuned controller has lost.

    python benchmarks/tune.py [--quick]

Every case is searched with several seeds (of targets and proposals) from weights that are wrong on
purpose. Printed are settle times on targets that the search never saw, before and after, and the
share that was saved; beside them what the toolkit's own weights give on the same targets.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from rl_control.run.reach_settings import RigConfig
from rl_control.run.tune_files import Asked
from rl_control.run.tune_run import TuneRun
from rl_control.run.tune_score import cost_of, mean_episode
from rl_control.run.tune_space import numbers_of

EPISODES, TARGETS, HELD_OUT = 50, 4, 12
SEEDS = range(5)
# Factors on the toolkit's weights.
CASES = {
    "velocity x 30": {"velocity": 30.0},
    "posture / 10": {"posture": 0.1},
    "both": {"velocity": 30.0, "posture": 0.1},
}
PLAIN = {"posture": 10.0, "velocity": 0.2}


def detuned(factors: dict[str, float], folder: Path) -> Path:
    """Write a parameter file with these weights multiplied."""
    weights = ", ".join(f"{name}: [{PLAIN[name] * factor}]" for name, factor in factors.items())
    path = folder / "detuned.yaml"
    path.write_text(
        f"mpc_controller:\n  ros__parameters:\n    task:\n      weights: {{{weights}}}\n"
    )
    return path


def one_search(robot: str, params: Path, objective: str, seed: int) -> tuple[float, float, float]:
    """Search once; return the mean cost before, after, and with the toolkit's own weights."""
    asked = Asked(
        robot, "", "", 0.0, None, None, str(params), "", (), objective, EPISODES, TARGETS,
        HELD_OUT, seed,
    )  # fmt: skip
    tune = TuneRun(asked)
    try:
        search = tune.search()
        while not search.over:
            search.step()
        verdict = tune.verdict(search)
        plain = tune.held_out(numbers_of(RigConfig(), tune.dimensions))
        scale = mean_episode(search.start.episodes)
        own = float(np.mean([cost_of(episode, objective, scale) for episode in plain]))
        return float(verdict.before.costs.mean()), float(verdict.after.costs.mean()), own
    finally:
        tune.close()


def main() -> None:
    """Search every case, and print what came of it."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="one seed, planar2 only")
    parser.add_argument("--objective", default="settle_time")
    args = parser.parse_args()
    robots, seeds = ("planar2", "iiwa7"), SEEDS
    if args.quick:
        robots, seeds = ("planar2",), range(1)
    print(f"{args.objective}, mean of {HELD_OUT} new targets; search of {EPISODES} episodes")
    with tempfile.TemporaryDirectory() as folder:
        for robot in robots:
            for case, factors in CASES.items():
                params, began = detuned(factors, Path(folder)), time.perf_counter()
                rows = np.array([one_search(robot, params, args.objective, s) for s in seeds])
                gains = 1.0 - rows[:, 1] / rows[:, 0]
                seconds = (time.perf_counter() - began) / len(rows)
                print(
                    f"{robot:8s} {case:14s} before {rows[:, 0].mean():.3f}  after "
                    f"{rows[:, 1].mean():.3f}  (toolkit's own {rows[:, 2].mean():.3f})  gain "
                    f"{gains.mean():.0%} (least {gains.min():.0%}), {seconds:.0f} s a search",
                    flush=True,
                )


if __name__ == "__main__":
    main()
