"""What an episode is worth to a search: the smaller, the better."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from rl_control.report.metrics import judge
from rl_control.run.rig import Rig
from rl_control.run.trials import stopped
from rl_control.types import Array, Goal, Trajectory

OBJECTIVES = {
    "settle_time": "time from the start until the tip is at the target to stay",
    "tracking_error": "distance from the target along the way, as a share of that at the start, "
    "summed over time",
    "effort": "squared effort beyond what holds the arm, as a share of the limits, mean of the "
    "joints, summed over time",
    "combined": "mean of the three, each as a share of what the settings at the start give",
}
SINGLE = ("settle_time", "tracking_error", "effort")
_FIGURES = (*SINGLE, "final_error")


@dataclass(frozen=True)
class Episode:
    """How one episode went; all figures but the error are in [s].

    A target that was not reached counts from the time limit on, the more the further the tip is
    from it in the end; a limit that was left, or a stop of the safety filter, counts twice the
    time limit in every figure. So neither can ever be worth it.

    Attributes:
        reached: whether the arm settled.
        sound: whether it kept its limits, and was not stopped.
        settle_time: see `OBJECTIVES`.
        tracking_error: see `OBJECTIVES`.
        effort: see `OBJECTIVES`.
        final_error: distance of the tip from the target in the end in [m].
    """

    reached: bool
    sound: bool
    settle_time: float
    tracking_error: float
    effort: float
    final_error: float


def run_episode(rig: Rig, goal: Goal) -> Episode:
    """Let the rig move from home to a goal; judge it."""
    trajectory, settled = rig.reach(goal)
    return judge_episode(rig, goal, trajectory, settled)


def judge_episode(rig: Rig, goal: Goal, trajectory: Trajectory, settled: float | None) -> Episode:
    """Return how a run went.

    Args:
        rig: that made it.
        goal: what it was to reach.
        trajectory: it, with tip positions.
        settled: when the arm had settled in [s] from the start; None if it did not.
    """
    limit = rig.task.time_limit
    result = judge(trajectory, goal.position, rig.robot.limits, settled)
    sound = (
        not stopped(trajectory)
        and result.position_limit_violation_rad <= 0.0
        and result.peak_velocity_ratio <= 1.0
    )
    distances = _distances(trajectory, goal.position)
    left = float(min(distances[-1] / max(distances[0], 1e-6), 1.0))
    if not sound:
        worst = 2.0 * limit
        return Episode(False, False, worst, worst, worst, result.final_error_m)
    steps = np.diff(trajectory.times)
    # What comes after the arm has settled is as it is then, up to the time limit.
    rest = max(limit - float(trajectory.times[-1] - trajectory.times[0]), 0.0)
    tracking = float(steps @ distances[:-1]) / max(float(distances[0]), 1e-6) + rest * left
    penalty = 0.0 if settled is not None else limit * (1.0 + left)
    return Episode(
        reached=settled is not None,
        sound=True,
        settle_time=penalty if settled is None else settled,
        tracking_error=tracking + penalty,
        effort=float(steps @ _efforts(rig.model.gravity_torque, trajectory, rig)) + penalty,
        final_error=result.final_error_m,
    )


def cost_of(episode: Episode, objective: str, scale: Episode | None = None) -> float:
    """Return what an episode costs.

    Args:
        episode: how it went.
        objective: one of `OBJECTIVES`.
        scale: the mean episode of the settings at the start; for "combined".
    """
    if objective != "combined":
        return float(getattr(episode, objective))
    if scale is None:
        return 1.0
    shares = [getattr(episode, name) / max(getattr(scale, name), 1e-9) for name in SINGLE]
    return float(np.mean(shares))


def mean_episode(episodes: Sequence[Episode]) -> Episode:
    """Return an episode with the mean of the figures."""
    return Episode(
        reached=all(episode.reached for episode in episodes),
        sound=all(episode.sound for episode in episodes),
        **{key: float(np.mean([getattr(e, key) for e in episodes])) for key in _FIGURES},
    )


def _distances(trajectory: Trajectory, target: Array) -> Array:
    assert trajectory.tips is not None  # a simulated arm knows its tip
    return np.asarray(np.linalg.norm(trajectory.tips - target, axis=1))


def _efforts(gravity: Callable[[Array], Array], trajectory: Trajectory, rig: Rig) -> Array:
    """Mean squared share of the effort limits beyond what holds the arm, [T]."""
    holding = np.array([gravity(q) for q in trajectory.positions[:-1]])
    shares = (trajectory.controls - holding) / rig.robot.limits.effort
    return np.asarray(np.mean(shares**2, axis=1))
