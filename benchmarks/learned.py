"""How fast one plans on learned models: MPC steps, and one iLQR iteration in several ways.

python benchmarks/learned.py [--quick] [--compile] [--json FILE]

The simulated arm carries a payload and its joints rub; models are fitted to some seconds of its
motion (short fits: what the weights are does not change the time). What is compared is measured in
turns, round after round, so that other work on the machine falls on all alike. One thread.
"""

from __future__ import annotations

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")  # before the libraries load

import argparse
import logging
import time
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from turns import Times, in_turns, ratio, span, summary
from ways import Way, ways

from rl_control.control.mpc import Mpc, MpcConfig, MpcController
from rl_control.data.transitions import TransitionDataset
from rl_control.models.fit import fit_model
from rl_control.models.fit_settings import FitConfig
from rl_control.models.learned import LearnedModel
from rl_control.models.net_settings import NetConfig
from rl_control.plants.bullet import BulletPlant
from rl_control.plants.bullet_config import BulletConfig
from rl_control.report.table import console, number, table
from rl_control.robot.model import RobotModel
from rl_control.rollout import rollout
from rl_control.run.assemble import ReachObjective, reach_mpc
from rl_control.run.assemble_learned import LearnedMpc
from rl_control.run.environment import LIBRARIES, machine, machine_line, versions
from rl_control.run.output import add_json_argument, check_writable, write_json
from rl_control.run.rig import Rig, make_rig
from rl_control.tasks.reach import sample_targets
from rl_control.types import Goal

ROBOT = "iiwa7"
PLANT = BulletConfig(payload=3.0, damping=(1.0,), friction=(1.0,))
MPC = MpcConfig(horizon=30, dt=0.02)
NETS = NetConfig(hidden=(64, 64), members=5, epochs=20)
KINDS = {
    "identified": FitConfig(),
    "identified + net": FitConfig(residual="net", nets=NETS),
    "identified + 5 nets": FitConfig(residual="ensemble", nets=NETS),
    "5 nets alone": FitConfig(base="none", residual="ensemble", nets=NETS),
}
STEPS = 240  # control periods for one target
SECONDS = 1.5  # of motion towards each target, to fit to

NOTE = """\
One iteration from standing still: one expansion, one sweep, one rollout of all step sizes.
numpy and torch: BatchProblem, with derivatives of the rigid body and of the cost from the same
kernels; an iteration expands 40 nodes, blocks of ten, and most of it is the rollout, step by step
from Python. A, B of the compiled way: with next states, the members' disagreement and the cost's
expansion in it. Ratios: to the compiled way, each in its quietest round.
"""


@dataclass(frozen=True)
class Run:
    """Warm MPC steps, state in to command out, on the way from goal to goal.

    Attributes:
        times: of each step in [ms].
        iterations: of each step, the mean.
        stopped: goals on the way to which the safety filter stopped the arm.
    """

    times: Times
    iterations: float
    stopped: int


def fitted(rig: Rig, robot: RobotModel, goals: list[Goal]) -> dict[str, LearnedModel]:
    """Return a model of every kind, fitted to motion under the planner on the nominal arm."""
    mpc, period = reach_mpc(robot, MPC, rig.task), rig.plant.period
    data = TransitionDataset.empty(robot.names, period)
    rig.plant.reset()
    for goal in goals:
        mpc.set_goal(goal)
        run = rollout(MpcController(mpc), rig.plant, rig.safety, SECONDS)
        data = data.join(TransitionDataset.of(run, period, "simulated"))
    return {
        name: fit_model(robot, data, config, np.random.default_rng(0)).model
        for name, config in KINDS.items()
    }


def drive(rig: Rig, mpc: Mpc, goals: list[Goal]) -> Run:
    """Return the MPC's steps from home to the first goal and on to the others."""
    times: Times = []
    iterations = stopped = 0
    mpc.reset()
    state = rig.plant.reset()
    for goal in goals:
        mpc.set_goal(goal)
        rig.safety.reset()
        for step in range(STEPS):
            joints = state.joints
            began = time.perf_counter()
            mpc.plan(joints, joints.stamp)
            command = mpc.command(joints, joints.stamp)
            if step:  # a new goal takes more iterations
                times.append(1e3 * (time.perf_counter() - began))
                iterations += mpc.stats.iterations
            state = rig.plant.step(rig.safety.apply(command, joints, joints.stamp))
        stopped += rig.safety.violation is not None
    return Run(times, iterations / len(times), stopped)


def measure_mpc(
    rig: Rig, robot: RobotModel, models: dict[str, LearnedModel], goals: list[Goal], rounds: int
) -> list[dict[str, Any]]:
    """Return the times of MPC steps on every model in [ms]."""
    planners = {"nominal": reach_mpc(robot, MPC, rig.task)}
    for name, model in models.items():
        planners[name] = LearnedMpc(robot, model, MPC, rig.task).mpc
    actions = {name: partial(drive, rig, mpc, goals) for name, mpc in planners.items()}
    return [
        {
            "model": name,
            "iterations": float(np.mean([run.iterations for run in runs])),
            "diverged": planners[name].stats.failures,
            "goals": rounds * len(goals),
            "stopped": sum(run.stopped for run in runs),
            **summary([run.times for run in runs]),
        }
        for name, runs in in_turns(actions, rounds).items()
    ]


def measure_ways(ways: dict[str, Way], rounds: int) -> list[dict[str, Any]]:
    """Return the times of every way, and how they compare with the first."""
    costs = {name: way.iterate()[1] for name, way in ways.items()}
    spent = in_turns({name: way.iterations for name, way in ways.items()}, rounds)
    linear = in_turns({name: way.expansions for name, way in ways.items()}, rounds)
    first = next(iter(ways))
    return [
        {
            "way": name,
            "cost": costs[name],
            "linearize_ms": summary(linear[name]),
            "linearize_ratio": ratio(linear[name], linear[first]),
            "iteration_ms": summary(spent[name]),
            "iteration_ratio": ratio(spent[name], spent[first]),
        }
        for name in ways
    ]


def print_mpc(results: list[dict[str, Any]], out: Any) -> None:
    """Print the table of MPC steps."""
    rows = [
        (
            r["model"],
            number(r["iterations"], 2),
            number(r["median"], 3),
            span(r, 3),
            number(r["p99"], 3),
            number(1e3 / r["median"], 0),
            f"{r['stopped']}/{r['goals']}",
        )
        for r in results
    ]
    columns = ("model", "iterations", "median [ms]", "of rounds", "p99", "rate [Hz]", "stopped")
    title = (
        f"MPC step on {ROBOT}, N = {MPC.horizon}: state in, command out, full default cost\n"
        "stopped: goals on the way to which the safety filter stopped the arm"
    )
    out.print(table(title, columns, rows))


def print_ways(model: str, results: list[dict[str, Any]], out: Any) -> None:
    """Print the table of one model."""
    rows = [
        (
            r["way"],
            number(r["linearize_ms"]["median"], 3),
            span(r["linearize_ms"], 2),
            number(r["linearize_ratio"], 1),
            number(r["iteration_ms"]["median"], 2),
            span(r["iteration_ms"], 2),
            number(r["iteration_ratio"], 1),
            number(r["cost"], 4),
        )
        for r in results
    ]
    columns = (
        *("way", "A, B [ms]", "of rounds", "ratio"),
        *("iteration [ms]", "of rounds", "ratio", "cost"),
    )
    title = f"A, B of all {MPC.horizon + 1} nodes, and a whole iteration, on {model}"
    out.print(table(title, columns, rows))


def main() -> None:
    """Measure both parts and print their tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--quick", action="store_true", help="a few rounds")
    parser.add_argument("--compile", action="store_true", help="torch.compile too; it needs g++")
    add_json_argument(parser)
    args = parser.parse_args()
    check_writable(args.json)
    torch.set_num_threads(1)
    logging.disable(logging.WARNING)  # the table says where the arm was stopped
    out = console()
    out.print(machine_line(), soft_wrap=True)
    rig = make_rig(ROBOT)
    robot = replace(rig.robot, limits=rig.mpc.limits)
    rig.plant.close()
    rig = replace(rig, plant=BulletPlant(rig.robot, PLANT))
    rng = np.random.default_rng(args.seed)
    try:
        targets = sample_targets(rig.robot, 10, rng, rig.checker.collides)
        goals = [rig.goal(target) for target in targets]
        with out.status("fitting"):
            models = fitted(rig, robot, goals)
        with out.status("MPC steps"):
            steps = measure_mpc(rig, robot, models, goals[:2], 2 if args.quick else 8)
        print_mpc(steps, out)
        out.print(NOTE)
        rows = ReachObjective(robot, rig.task, MPC.horizon, MPC.dt).rows(goals[0])
        compared = {}
        for name, model in models.items():
            if model.nets is not None:
                with out.status(name):
                    made = ways(robot, model, rows, args.compile)
                    compared[name] = measure_ways(made, 5 if args.quick else 30)
                print_ways(name, compared[name], out)
    finally:
        rig.close()
    if args.json:
        about = {"machine": machine(), "versions": versions((*LIBRARIES, "torch"))}
        write_json(args.json, {**about, "mpc": steps, "ways": compared})


if __name__ == "__main__":
    main()
