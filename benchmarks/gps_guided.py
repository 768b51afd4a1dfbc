"""MPC-guided policy search, reach over the whole middle workspace: success and cost beside the MPC.

    python benchmarks/gps_guided.py [--seeds 0 1 2 3 4] [--only guided plain hidden ...] [--json F]

Each case trains on 90 motions of 3 s (hidden on 60), and is tried with 100 targets that none of
them went to.

    guided       the MPC is asked along the ways of the policy, on the arm and on the model
    plain        regression: 90 motions of the MPC, its efforts along them, squared deviations,
                 about as many steps of descent
    output       as guided, but deviations weighted evenly, not by the MPC's own cost to go
    hamiltonian  as guided, but deviations weighted by the control Hamiltonian
    hidden       as guided, by a policy with memory that sees no velocities

Costs are the task's along the whole motion, compared with those of the MPC to the same targets.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before the libraries load

import argparse
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch

from rl_control.control.mpc_settings import NO_BUDGET, MpcConfig
from rl_control.gps.guided import Guide, GuidedState, guided_iteration, start_guided
from rl_control.gps.guided_settings import GuidedConfig
from rl_control.gps.task_model import TaskModel
from rl_control.gps.teacher import PlannerTeacher
from rl_control.models.rigid import RigidModel
from rl_control.policy.training_settings import PolicyConfig
from rl_control.report.metrics import wilson_interval
from rl_control.report.table import console, number, table
from rl_control.run.assemble import reach_mpc
from rl_control.run.environment import machine, machine_line, versions
from rl_control.run.episodes import EpisodeRunner, EpisodeSpec, usual_cost
from rl_control.run.output import add_json_argument, check_writable, write_json
from rl_control.run.trials import Trials, tried
from rl_control.types import Condition

_ASKED = MpcConfig(time_budget=NO_BUDGET, first_iterations=20, iterations=3)
_TRIAL = 101  # what a generator of targets to try is for
GUIDED = GuidedConfig()
_PLAIN_EPOCHS = 400
CASES: Mapping[str, GuidedConfig] = {
    "guided": GUIDED,
    "plain": replace(
        GUIDED,
        mixing=1.0,
        rehearsals=0,
        loss="output",
        tolerance=1e6,
        policy=replace(GUIDED.policy, epochs=_PLAIN_EPOCHS),
    ),
    "output": replace(GUIDED, loss="output"),
    "hamiltonian": replace(GUIDED, loss="hamiltonian"),
    "hidden": replace(
        GUIDED,
        parts=("position", "posture_error", "target", "tip_error"),
        base="inertia",  # dynamics would see the velocities
        iterations=2,
        rehearsals=8,
        policy=PolicyConfig(network="gru", epochs=30),
    ),
}
# A policy with memory acts once a step of the task.
SETTINGS: Mapping[str, Mapping[str, float]] = {"hidden": {"dt": 0.01}}


def trained(
    runner: EpisodeRunner, model: TaskModel, robot: str, config: GuidedConfig, seed: int
) -> tuple[GuidedState, dict[str, float]]:
    """Train; return what came out, and the time it took in [s]."""
    arm = model.task.robot
    teacher = PlannerTeacher(reach_mpc(arm, _ASKED, usual_cost(robot, "reach")))
    guide = Guide(model, RigidModel(arm, config.period), teacher, config)
    wall, cpu = time.perf_counter(), time.process_time()
    state = start_guided(guide)
    for k in range(config.iterations):
        state, _ = guided_iteration(state, guide, runner, np.random.default_rng([seed, k]))
    took = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
    return state, took


def judged(trials: Trials, planner: Trials) -> dict[str, float]:
    """Figures of a policy's trials beside the planner's."""
    ratios = trials.costs / planner.costs
    return {
        "reached": int(trials.succeeded.sum()),
        "trials": len(ratios),
        "error_p50_m": float(np.median(trials.errors)),
        "error_max_m": float(trials.errors.max()),
        "cost_ratio": float(trials.costs.mean() / planner.costs.mean()),
        "ratio_p50": float(np.median(ratios)),
        "ratio_max": float(ratios.max()),
    }


def row(case: str, found: Mapping[str, Any]) -> tuple[str, ...]:
    """One line of the table."""
    low, high = wilson_interval(int(found["reached"]), int(found["trials"]))
    return (
        case,
        str(found["seed"]),
        f"{found['reached']} of {found['trials']} ({100 * low:.0f}-{100 * high:.0f} %)",
        number(found["error_p50_m"], 2, 1e3),
        number(found["error_max_m"], 1, 1e3),
        number(found["cost_ratio"], 3),
        number(found["ratio_p50"], 3),
        number(found["ratio_max"], 2),
        number(found["motion_s"], 0),
        number(found["wall_s"], 0),
        number(found["cpu_s"], 0),
    )


def targets(model: TaskModel, seed: int, count: int) -> list[Condition]:
    """Return situations that no training draws."""
    return [model.task.draw(np.random.default_rng([seed, _TRIAL, k])) for k in range(count)]


def measure(robot: str, cases: Sequence[str], seeds: Sequence[int], trials: int) -> dict[str, Any]:
    """Train and try every case with every seed."""
    found: dict[str, Any] = {case: [] for case in cases}
    planned: dict[tuple[float, int], Trials] = {}  # the planner's, by time step and seed
    for case in cases:
        runner = EpisodeRunner(EpisodeSpec(robot, "reach", SETTINGS.get(case, {})))
        model = TaskModel(runner.task)
        for seed in seeds:
            conditions, key = targets(model, seed, trials), (model.task.dt, seed)
            planner = planned.get(key) or tried(model, None, conditions, runner)
            planned[key] = planner
            state, took = trained(runner, model, robot, CASES[case], seed)
            told = judged(tried(model, state.policy, conditions, runner), planner)
            one = {"seed": seed, "motion_s": state.seconds, **told, **took}
            found[case].append(one)
            print(*row(case, one), flush=True)
        runner.close()
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--robot", default="iiwa7")
    parser.add_argument("--only", nargs="+", choices=CASES, default=["guided", "plain"])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--trials", type=int, default=100)
    add_json_argument(parser)
    args = parser.parse_args()
    check_writable(args.json)
    torch.set_num_threads(1)
    out = console()
    out.print(machine_line(), soft_wrap=True)
    found = measure(args.robot, args.only, args.seeds, args.trials)
    columns = (
        *("case", "seed", "within 1 cm", "p50 [mm]", "max", "mean cost / MPC's", "p50", "max"),
        *("motion [s]", "wall [s]", "CPU [s]"),
    )
    rows = [row(case, one) for case, all_ in found.items() for one in all_]
    out.print(table(f"MPC-guided policy search, reach, {args.robot}", columns, rows))
    if args.json:
        about = {"machine": machine(), "versions": versions()}
        write_json(args.json, {**about, "robot": args.robot, "of": found})


if __name__ == "__main__":
    main()
