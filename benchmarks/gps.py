"""How few rollouts guided policy search by mirror descent needs.

    python benchmarks/gps.py
    python benchmarks/gps.py --seeds 10 --only planar2

Cases:

    planar2      unknown dynamics: one reach of its own for every seed, from home, in a vertical
                 plane under gravity; 3 rollouts of 3 s an iteration. Known are the kinematics and
                 the limits; first controllers and cost take every link for a ball of 1 kg.
    planar2-weightless
                 the same, but the first controllers know nothing of gravity either.
    insert       iiwa7 brings a peg into a hole with 0.8 mm of clearance: four holes at the corners
                 of a box of 0.2 m, 5 rollouts of 5 s of each an iteration. The arm is known, the
                 contact is not.

The policy is judged alone, without noise, after every iteration. planar2: the greatest distance of
the tip from its target during the last 0.25 s; the table has the rollouts and the motion after
which it is within 1 cm and stays so. insert: how many of the four holes trained on the peg comes
into; after the last iteration, how many of `--trials` holes that are drawn from the box.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from rl_control.gps.initial import InitialConfig
from rl_control.gps.mdgps import mdgps_iteration, start_mdgps
from rl_control.gps.settings import MdgpsConfig
from rl_control.gps.task_model import TaskModel
from rl_control.report.metrics import wilson_interval
from rl_control.report.table import console, number, table
from rl_control.run.environment import machine, machine_line, versions
from rl_control.run.episodes import EpisodeRunner, EpisodeSpec
from rl_control.run.output import add_json_argument, check_writable, write_json
from rl_control.run.train import use_one_thread
from rl_control.run.train_settings import METHODS
from rl_control.run.trials import tried

_MDGPS = METHODS["mdgps"]
_PLANAR = replace(_MDGPS.config, samples=3)
_TEST = 101  # what a generator of holes to try is for


@dataclass(frozen=True)
class Case:
    """What is trained, and how.

    Attributes:
        robot: name of the arm.
        task: name of the task.
        count: situations that are trained on.
        config: of the trainer.
        iterations: of a run.
        known: whether masses and inertias may be used.
    """

    robot: str
    task: str
    count: int
    config: MdgpsConfig
    iterations: int
    known: bool


CASES: Mapping[str, Case] = {
    "planar2": Case("planar2", "reach", 1, _PLANAR, 5, known=False),
    "planar2-weightless": Case(
        "planar2",
        "reach",
        1,
        replace(_PLANAR, initial=InitialConfig(gravity=False)),
        5,
        known=False,
    ),
    "insert": Case("iiwa7+peg", "insert", 4, _MDGPS.of_task["insert"], 4, known=True),
}


def trained(case: Case, runner: EpisodeRunner, seed: int, trials: int) -> dict[str, Any]:
    """Train; return what came out."""
    began, model, task = time.perf_counter(), TaskModel(runner.task), runner.task
    conditions = task.training(np.random.default_rng([seed, 0]), case.count)
    state = start_mdgps(model, conditions, case.config)
    errors, reached = [], []
    for iteration in range(case.iterations):
        rng = np.random.default_rng([seed, 1, iteration])
        state, _ = mdgps_iteration(state, model, runner, case.config, rng)
        alone = tried(model, state.policy, conditions, runner)
        errors.append(float(alone.errors.max()))
        reached.append(int(alone.succeeded.sum()))
    wall = time.perf_counter() - began
    unseen = None
    if trials:
        drawn = [task.draw(np.random.default_rng([seed, _TEST, k])) for k in range(trials)]
        unseen = int(tried(model, state.policy, drawn, runner).succeeded.sum())
    a_time = case.config.samples * case.count
    good = [count == case.count for count in reached]
    first = next((k for k in range(case.iterations) if all(good[k:])), None)
    return {
        "seed": seed,
        "errors_m": errors,
        "trained": reached,
        "unseen": unseen,
        "trials": trials,
        "rollouts": None if first is None else (first + 1) * a_time,
        "seconds": None if first is None else (first + 1) * a_time * task.duration,
        "motion_s": state.seconds,
        "wall_s": wall,
    }


def reach_table(name: str, results: list[dict[str, Any]]) -> Any:
    """The greatest distance from the target after each iteration."""
    case = CASES[name]
    columns = (
        "seed",
        *(f"after {case.config.samples * (k + 1)} [mm]" for k in range(case.iterations)),
        *("rollouts", "motion [s]"),
    )
    rows = [
        (
            str(one["seed"]),
            *(number(error, 1, 1e3) for error in one["errors_m"]),
            number(one["rollouts"], 0),
            number(one["seconds"], 0),
        )
        for one in results
    ]
    return table(f"MDGPS, {name}: error of the policy alone", columns, rows)


def insert_table(name: str, results: list[dict[str, Any]]) -> Any:
    """In how many holes the peg comes."""
    case = CASES[name]
    a_time = case.config.samples * case.count
    columns = (
        "seed",
        *(f"of 4 after {a_time * (k + 1)}" for k in range(case.iterations)),
        *("unseen", "interval [%]", "motion [s]", "wall [s]"),
    )
    rows = []
    for one in results:
        low, high = wilson_interval(one["unseen"], one["trials"])
        rows.append(
            (
                str(one["seed"]),
                *(str(count) for count in one["trained"]),
                f"{one['unseen']} of {one['trials']}",
                f"{100 * low:.0f}-{100 * high:.0f}",
                number(one["motion_s"], 0),
                number(one["wall_s"], 0),
            )
        )
    return table(f"MDGPS, {name}: the policy alone", columns, rows)


def summary(name: str, results: list[dict[str, Any]]) -> str:
    """One line over all seeds."""
    case = CASES[name]
    good = sum(one["trained"][-1] == case.count for one in results)
    low, high = wilson_interval(good, len(results))
    errors = [one["errors_m"][-1] for one in results]
    return (
        f"all of what was trained on, after {case.config.samples * case.count * case.iterations} "
        f"rollouts: {good} of {len(results)} seeds ({100 * low:.0f}-{100 * high:.0f} %), "
        f"worst error: median {1e3 * statistics.median(errors):.1f} mm, "
        f"most {1e3 * max(errors):.1f} mm"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=CASES)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--trials", type=int, default=100, help="unseen holes of insert")
    add_json_argument(parser)
    args = parser.parse_args()
    check_writable(args.json)
    use_one_thread()
    out = console()
    out.print(machine_line(), soft_wrap=True)
    report: dict[str, Any] = {"machine": machine(), "versions": versions()}
    for name in args.only or CASES:
        case = CASES[name]
        cost = _MDGPS.cost(case.robot, case.task)
        spec = EpisodeSpec(case.robot, case.task, cost=cost, known=case.known)
        runner = EpisodeRunner(spec)
        insert = case.task == "insert"
        results = []
        for seed in range(args.seeds):
            results.append(trained(case, runner, seed, args.trials if insert else 0))
            out.print(f"{name}, seed {seed}: {results[-1]}", highlight=False, soft_wrap=True)
        runner.close()
        report[name] = results
        out.print((insert_table if insert else reach_table)(name, results))
        out.print(summary(name, results), soft_wrap=True)
    if args.json:
        write_json(args.json, report)


if __name__ == "__main__":
    main()
