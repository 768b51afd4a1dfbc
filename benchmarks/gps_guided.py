"""MPC-guided policy search, reach on iiwa7: success on unseen targets and cost against the MPC's.

Plain regression is the same amount of motion by the MPC alone, and its answers along it.

    python benchmarks/gps_guided.py --seeds 0 1 2 3 4
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace

import numpy as np
import torch

from rl_control.control.mpc_settings import NO_BUDGET, MpcConfig
from rl_control.gps.episode import Episode
from rl_control.gps.guided import GuidedState, guided_iteration, start_guided
from rl_control.gps.guided_settings import GuidedConfig
from rl_control.gps.motions import in_steps
from rl_control.gps.task_model import TaskModel
from rl_control.gps.teacher import PlannerTeacher
from rl_control.policy.training import Policy
from rl_control.report.metrics import wilson_interval
from rl_control.run.assemble import reach_mpc
from rl_control.run.episodes import EpisodeRunner, EpisodeSpec, usual_cost
from rl_control.types import Condition

_CONVERGED = MpcConfig(time_budget=NO_BUDGET, first_iterations=40)


def main() -> None:
    """Train and try, once a seed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--robot", default="iiwa7")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2, 3, 4])
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--plain", action="store_true", help="plain regression instead")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    config = GuidedConfig()
    if arguments.plain:
        config = replace(config, mixing=1.0, nearby=0, imagined=0)
    runner = EpisodeRunner(EpisodeSpec(arguments.robot, "reach"))
    model = TaskModel(runner.task)
    planner = reach_mpc(runner.task.robot, _CONVERGED, usual_cost(arguments.robot))
    for seed in arguments.seeds:
        begun, state = time.perf_counter(), start_guided(model, config)
        for k in range(config.iterations):
            rng = np.random.default_rng([seed, k])
            state, metrics = guided_iteration(
                state, model, PlannerTeacher(planner), runner, config, rng
            )
            print(f"  seed {seed}, {time.perf_counter() - begun:.0f} s: {metrics}", flush=True)
        wall = time.perf_counter() - begun
        trial(runner, model, state, seed, arguments.trials, wall)
    runner.close()


def trial(
    runner: EpisodeRunner, model: TaskModel, state: GuidedState, seed: int, count: int, wall: float
) -> None:
    """Try a policy, and the MPC, where neither has been."""
    conditions = [model.task.draw(np.random.default_rng([seed, 9, k])) for k in range(count)]
    errors, costs = tried(runner, model, state.policy, conditions)
    _, least = tried(runner, model, None, conditions)
    reached = int((errors <= model.task.tolerance).sum())
    low, high = wilson_interval(reached, count)
    print(
        f"seed {seed}: {reached} of {count} ({low:.3f} ... {high:.3f}), "
        f"median {1e3 * np.median(errors):.2f} mm, most {1e3 * errors.max():.1f} mm, "
        f"cost {costs.mean() / least.mean():.3f} x the MPC's "
        f"(median {np.median(costs / least):.3f}, most {(costs / least).max():.2f}), "
        f"{state.seconds:.0f} s of motion, {wall:.0f} s of training",
        flush=True,
    )


def tried(
    runner: EpisodeRunner, model: TaskModel, policy: Policy | None, conditions: list[Condition]
) -> tuple[np.ndarray, np.ndarray]:
    """Errors in [m] and costs, [N] each; the MPC's if there is no policy."""
    task, errors, costs = model.task, [], []
    for condition in conditions:
        rollout = runner.run(Episode(condition, policy))
        x, u = in_steps(rollout, task.robot.names, task.dt, task.steps)
        errors.append(task.error(condition, rollout))
        costs.append(model.expand(condition, x[None], u[None])[1][0])
    return np.array(errors), np.array(costs)


if __name__ == "__main__":
    main()
