"""Numbers that judge a run: reached or not, how fast, how near the limits."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rl_control.types import Array, JointLimits, Trajectory


@dataclass(frozen=True)
class TargetResult:
    """How one target went.

    Attributes:
        target: wanted tip position, [3] in [m].
        reached: whether the arm settled there in time.
        final_error_m: distance of the tip from the target at the end in [m].
        settle_time_s: from the start until the tip was there to stay in [s]; None if never.
        peak_torque_ratio: greatest applied effort as a share of the joint's limit.
        peak_velocity_ratio: greatest joint speed as a share of the joint's limit.
        position_limit_violation_rad: how far a joint went past its limit, in [rad] or [m].
    """

    target: tuple[float, float, float]
    reached: bool
    final_error_m: float
    settle_time_s: float | None
    peak_torque_ratio: float
    peak_velocity_ratio: float
    position_limit_violation_rad: float


def judge(
    trajectory: Trajectory, target: Array, limits: JointLimits, settle_time: float | None
) -> TargetResult:
    """Judge `trajectory`, which has tip positions, as the way to one `target` [3] in [m].

    Args:
        trajectory: from the moment the target was given.
        target: wanted tip position.
        limits: of the joints; the ratios refer to them.
        settle_time: when the arm had settled in [s] from the start; None if it did not.
    """
    tips = np.full((1, 3), np.nan) if trajectory.tips is None else trajectory.tips
    speed = np.abs(trajectory.velocities) / limits.velocity
    x, y, z = (float(c) for c in target)
    return TargetResult(
        target=(x, y, z),
        reached=settle_time is not None,
        final_error_m=float(np.linalg.norm(tips[-1] - target)),
        settle_time_s=settle_time,
        peak_torque_ratio=float((np.abs(trajectory.controls) / limits.effort).max(initial=0.0)),
        peak_velocity_ratio=float(speed.max(initial=0.0)),
        position_limit_violation_rad=limit_violation(trajectory.positions, limits),
    )


def limit_violation(positions: Array, limits: JointLimits) -> float:
    """Return how far positions [T, n] leave the limits at worst; 0 if they never do."""
    below, above = limits.lower - positions, positions - limits.upper
    return max(float(below.max(initial=0.0)), float(above.max(initial=0.0)), 0.0)


def percentile(values: Array, share: float) -> float | None:
    """Return the `share` percentile of `values`, or None of no values."""
    return float(np.percentile(values, share)) if len(values) else None


def wilson_interval(successes: int, trials: int) -> tuple[float, float]:
    """Return the 95 % interval of a rate of success; all of it without trials.

    Source: Wilson, "Probable inference, the law of succession, and statistical inference" (1927).
    """
    if trials == 0:
        return 0.0, 1.0
    from scipy.stats import binomtest  # slow to import

    interval = binomtest(successes, trials).proportion_ci(method="wilson")
    return float(interval.low), float(interval.high)
