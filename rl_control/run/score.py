"""How good a policy is: in situations it never saw, beside the controller, and how quick."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.random import SeedSequence, default_rng

from rl_control.errors import DataError
from rl_control.gps.episode import Collect
from rl_control.gps.trainer import Trainer
from rl_control.policy.policy import check_policy
from rl_control.policy.store import load_policy
from rl_control.policy.training import Policy
from rl_control.report.metrics import percentile, wilson_interval
from rl_control.robot.rigid_body import RigidBody
from rl_control.run.environment import machine, versions
from rl_control.run.policy_runner import PolicyRunner
from rl_control.run.train_loop import Status
from rl_control.run.train_run import TEST, TrainRun, resume
from rl_control.run.train_settings import TrainSettings, as_plain, of_plain
from rl_control.run.trials import Trials, tried, tried_by
from rl_control.tasks.base import ArmTask
from rl_control.types import Array, Condition, JointState

_CALLS = 2000  # of the policy, to time it
_WARM_UP = 200  # more, that do not count


@dataclass(frozen=True)
class Trained:
    """A policy and what it was trained for.

    Attributes:
        source: the run's folder, or the policy's file.
        settings: of the training.
        policy: the newest one.
        run: the run; None of a policy alone.
    """

    source: Path
    settings: TrainSettings
    policy: Policy
    run: TrainRun | None


def find_trained(source: Path) -> Trained:
    """Return the policy in a run's folder or in a file that a run has left.

    Raises:
        DataError: if there is neither, or it is damaged, or says nothing of its training.
        PolicyError: if the policy cannot be used.
    """
    if source.is_dir():
        run = resume(source)
        if not run.iterations:
            raise DataError(source, "its run has no policy yet", "Go on with it: --resume.")
        return Trained(source, run.settings, load_policy(run.policy)[0], run)
    policy, about = load_policy(source)
    if "run" not in about:
        raise DataError(
            source, "it says nothing of its training", "Name a run, or the policy that it has left."
        )
    return Trained(source, of_plain(about["run"], str(source)), policy, None)


def test_conditions(task: ArmTask, seed: int, count: int) -> list[Condition]:
    """Return situations to judge policies in: the same for every policy of a task."""
    return [task.draw(default_rng(SeedSequence([seed, TEST, k]))) for k in range(count)]


@dataclass(frozen=True)
class Evaluation:
    """What was found of a policy.

    Attributes:
        unseen: in situations it was not trained on.
        teacher: the same by the trainer's controllers, or the planner; None if not asked.
        trained: in those it was trained on; None if there are none.
        action_us: times of the policy's actions in [us].
    """

    unseen: Trials
    teacher: Trials | None
    trained: Trials | None
    action_us: Array


def evaluate(
    found: Trained,
    trainer: Trainer,
    collect: Collect,
    planned: Collect | None,
    seed: int,
    count: int,
    status: Status = nullcontext,
) -> Evaluation:
    """Try a policy.

    Args:
        found: it.
        trainer: of its run.
        collect: makes rollouts.
        planned: makes those of the planner, which knows the arm as described; None for none.
        seed: of the situations.
        count: number of them.
        status: makes a context around what takes long, of a few words about it.

    Raises:
        PolicyError: if the policy is of another arm or task.
        RlControlError: if a rollout cannot be made.
    """
    model = trainer.model
    check_policy(found.source, found.policy, model.task.robot.names, model.task.name)
    conditions = test_conditions(model.task, seed, count)
    with status("the policy"):
        unseen = tried(model, found.policy, conditions, collect)
    teacher = None
    if planned is not None:
        with status("the controller"):
            actors = [trainer.controller(condition) for condition in conditions]
            teacher = tried_by(model, actors, conditions, planned)
    known = _trained_on(found, trainer)
    with status("where it was trained"):
        trained = tried(model, found.policy, known, collect) if known else None
    return Evaluation(unseen, teacher, trained, action_times(found.policy, model.task, unseen))


def action_times(policy: Policy, task: ArmTask, trials: Trials) -> Array:
    """Return times of actions of the deployed policy in [us], along motions it has made."""
    run = trials.trajectories[0]
    period = float(run.times[1] - run.times[0])
    runner = PolicyRunner(policy, RigidBody(task.robot), period)
    runner.set_goal(task.goal(trials.conditions[0], 0.0))
    still, names = np.zeros(task.robot.n), task.robot.names
    rows = [k % len(run.states) for k in range(_WARM_UP + _CALLS)]
    states = [
        JointState(names, run.positions[row], run.velocities[row], still, k * period)
        for k, row in enumerate(rows)
    ]
    taken = np.empty(len(states))
    for k, state in enumerate(states):
        began = time.perf_counter()
        runner.act(state)
        taken[k] = 1e6 * (time.perf_counter() - began)
    return taken[_WARM_UP:]


def report_of(found: Trained, evaluation: Evaluation, seed: int) -> dict[str, Any]:
    """Return what was found as plain values."""
    unseen, teacher = evaluation.unseen, evaluation.teacher
    run = found.run
    return {
        "source": str(found.source),
        "settings": as_plain(found.settings),
        "iterations": None if run is None else run.iterations,
        "motion_s": None if run is None else run.rows[-1]["seconds"],
        "wall_s": None if run is None else run.wall_s,
        "seed": seed,
        "unseen": judged(unseen),
        "controller": None if teacher is None else judged(teacher),
        "trained": None if evaluation.trained is None else judged(evaluation.trained),
        "cost_ratio": None
        if teacher is None
        else float(unseen.costs.mean() / teacher.costs.mean()),
        "action_us": _spread(evaluation.action_us),
        "controller_ms": None if teacher is None else _spread(_times(teacher)),
        "software": versions(),
        "machine": machine(),
    }


def judged(trials: Trials) -> dict[str, Any]:
    """Return how trials went as plain values."""
    good, count = int(trials.succeeded.sum()), len(trials.succeeded)
    return {
        "trials": count,
        "succeeded": good,
        "share": good / count,
        "interval": wilson_interval(good, count),
        "error_m": {"p50": percentile(trials.errors, 50), "max": percentile(trials.errors, 100)},
        "cost": float(trials.costs.mean()),
    }


def planner_settings(settings: TrainSettings) -> TrainSettings:
    """Return the same settings with the arm as described, for a planner that is compared with."""
    return replace(settings, from_nothing=False)


def _trained_on(found: Trained, trainer: Trainer) -> Sequence[Condition]:
    if found.run is None:
        return ()
    return trainer.conditions(trainer.load(found.run.checkpoint))


def _times(trials: Trials) -> Array:
    """Times of the controller's actions in [ms]."""
    return np.concatenate([run.extra["act_ms"] for run in trials.trajectories])


def _spread(values: Array) -> dict[str, float | None]:
    return {"p50": percentile(values, 50), "p99": percentile(values, 99)}
