"""How few rollouts guided policy search needs.

    python benchmarks/gps.py
    python benchmarks/gps.py --seeds 1 --only planar2

Cases:

    planar2      MDGPS with unknown dynamics: one reach of its own for every seed, from home, in a
                 vertical plane under gravity; 5 iterations of 3 rollouts of 3 s. Known are the
                 kinematics and the limits; first controllers and cost take every link for a ball
                 of 1 kg.
    planar2-weightless
                 the same, but the first controllers know nothing of gravity either.

The policy is judged alone, without noise, after every iteration: the greatest distance of the tip
from its target during the last 0.25 s of 3 s. The table has the rollouts and the motion after
which that is within 1 cm and stays so, and the distance at the end.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from rl_control.gps.episode import Episode
from rl_control.gps.initial import InitialConfig
from rl_control.gps.mdgps import mdgps_iteration, start_mdgps
from rl_control.gps.settings import MdgpsConfig
from rl_control.gps.task_model import TaskModel
from rl_control.models.guess import guessed_robot
from rl_control.plants.bullet import BulletPlant
from rl_control.plants.collision import CollisionChecker
from rl_control.policy.controller import LinearGaussianRunner, PolicyController
from rl_control.policy.linear_gaussian import LinearGaussianController
from rl_control.policy.training_settings import PolicyConfig
from rl_control.report.metrics import wilson_interval
from rl_control.report.table import console, number, table
from rl_control.robot.description import load_robot
from rl_control.robot.kinematics import Kinematics
from rl_control.robot.settings import load_settings
from rl_control.rollout import rollout
from rl_control.run.environment import machine, machine_line, versions
from rl_control.run.output import add_json_argument, check_writable, write_json
from rl_control.safety.filter import SafetyFilter
from rl_control.safety.settings import SafetyConfig
from rl_control.tasks.base import ArmTask
from rl_control.tasks.catalog import make_task
from rl_control.tasks.reach_config import ReachConfig
from rl_control.types import Trajectory

CASES = ("planar2", "planar2-weightless")
ITERATIONS = 5
TOLERANCE = 0.01  # [m]
SPEED = 0.5  # share of the speed limits at which the cost begins to rise


class Arm:
    """The simulated arm, of which the trainer knows the kinematics and the limits only."""

    def __init__(self, name: str) -> None:
        self.robot = load_robot(name)
        settings = load_settings(name)
        limits = self.robot.limits.scaled(SPEED, settings.effort_scale)
        self.known = replace(guessed_robot(self.robot), limits=limits)
        self.kinematics = Kinematics(self.robot)
        self.checker = CollisionChecker(self.robot)

    def collect(self, episodes: Sequence[Episode]) -> list[Trajectory]:
        """Make rollouts, each in a simulation of its own."""
        return [self._rollout(episode) for episode in episodes]

    def use(self, task: ArmTask) -> None:
        """Make rollouts of this task from now on."""
        self.duration = task.duration

    def _rollout(self, episode: Episode) -> Trajectory:
        actor, condition = episode.actor, episode.condition
        rng = None if episode.seed is None else np.random.default_rng(episode.seed)
        plant = BulletPlant(self.robot)
        controller: Any
        if isinstance(actor, LinearGaussianController):
            controller = LinearGaussianRunner(actor, plant.period, rng)
        else:
            tips, goal = self.kinematics.tips, condition.goal
            controller = PolicyController(actor, tips, plant.period, goal=goal, rng=rng)
        # What would hold the arm is not known: a stop only damps it.
        safety = SafetyFilter(self.robot.limits, SafetyConfig(), np.zeros_like)
        plant.reset(condition.q, condition.v)
        trajectory = rollout(controller, plant, safety, self.duration)
        plant.close()
        return trajectory


def trained(arm: Arm, seed: int, weightless: bool) -> dict[str, Any]:
    """Train on one reach; return the policy's error after every iteration."""
    usual = ReachConfig()
    # What is wanted is the end: a costly way would be hurried along at the end's expense.
    weights = replace(usual.weights, posture=(1.0,), velocity=(2.0,))
    terminal = replace(usual.terminal, tip_position=20.0, posture=20.0)
    config_of_task = replace(usual, weights=weights, terminal=terminal)
    episodes = {"duration": 3.0, "tolerance": TOLERANCE}
    task = make_task("reach", arm.known, episodes, config_of_task, arm.checker.collides)
    arm.use(task)
    condition = task.draw(np.random.default_rng([seed, 0]))
    config = MdgpsConfig(
        samples=3,
        policy=PolicyConfig(floor=0.05),
        initial=InitialConfig(gravity=not weightless),
    )
    model = TaskModel(task)
    state = start_mdgps(model, [condition], config)
    errors, costs = [], []
    for iteration in range(ITERATIONS):
        rng = np.random.default_rng([seed, 1, iteration])
        state, metrics = mdgps_iteration(state, model, arm.collect, config, rng)
        (alone,) = arm.collect([Episode(condition, state.policy)])
        errors.append(task.error(condition, alone))
        costs.append(metrics.cost)
    within = [error <= TOLERANCE for error in errors]
    first = next((k for k in range(ITERATIONS) if all(within[k:])), None)
    return {
        "seed": seed,
        "target": condition.goal.position.tolist(),
        "away": float(np.abs(condition.goal.posture - condition.q).max()),
        "errors_m": errors,
        "costs": costs,
        "rollouts": None if first is None else (first + 1) * config.samples,
        "seconds": None if first is None else (first + 1) * config.samples * task.duration,
    }


def rows_of(results: list[dict[str, Any]]) -> list[tuple[str, ...]]:
    """One row a seed."""
    return [
        (
            str(one["seed"]),
            number(one["away"], 2),
            *(number(error, 1, 1e3) for error in one["errors_m"]),
            number(one["rollouts"], 0),
            number(one["seconds"], 0),
        )
        for one in results
    ]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--only", nargs="+", choices=CASES)
    parser.add_argument("--seeds", type=int, default=5)
    add_json_argument(parser)
    args = parser.parse_args()
    check_writable(args.json)
    out = console()
    out.print(machine_line(), soft_wrap=True)
    report: dict[str, Any] = {"machine": machine(), "versions": versions()}
    columns = (
        *("seed", "way [rad]"),
        *(f"after {3 * (k + 1)} [mm]" for k in range(ITERATIONS)),
        *("rollouts", "motion [s]"),
    )
    for case in args.only or CASES:
        arm = Arm("planar2")
        results = [trained(arm, seed, "weightless" in case) for seed in range(args.seeds)]
        arm.checker.close()
        report[case] = results
        out.print(table(f"MDGPS, {case}: error of the policy alone", columns, rows_of(results)))
        good = sum(one["errors_m"][-1] <= TOLERANCE for one in results)
        low, high = wilson_interval(good, len(results))
        median = statistics.median(one["errors_m"][-1] for one in results)
        out.print(
            f"within 1 cm after 15 rollouts: {good} of {len(results)} "
            f"({100 * low:.0f}-{100 * high:.0f} %), median {1e3 * median:.1f} mm"
        )
    if args.json:
        write_json(args.json, report)


if __name__ == "__main__":
    main()
