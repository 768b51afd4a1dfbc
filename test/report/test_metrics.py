"""Judging runs made up so that the answer is known."""

from __future__ import annotations

import numpy as np
import pytest

from rl_control.report.metrics import judge, limit_violation, percentile
from rl_control.types import JointLimits, Trajectory

PERIOD = 0.01
LIMITS = JointLimits(("a", "b"), [-1.0, -1.0], [1.0, 1.0], [2.0, 4.0], [10.0, 20.0])


def still(steps: int = 50) -> Trajectory:
    """A run in which nothing moves and the tip is at the origin."""
    times = PERIOD * np.arange(steps + 1)
    return Trajectory(
        LIMITS.names,
        times,
        np.zeros((steps + 1, 4)),
        np.zeros((steps, 2)),
        np.zeros((steps + 1, 3)),
    )


def test_when_the_arm_settled_expect_reached_with_its_time_and_final_error():
    run = still()
    run.tips[-1] = [0.0, 3e-3, 4e-3]
    result = judge(run, np.zeros(3), LIMITS, 1.25)
    assert result.reached
    assert result.settle_time_s == 1.25
    assert result.final_error_m == pytest.approx(5e-3)
    assert result.target == (0.0, 0.0, 0.0)


def test_when_the_arm_never_settled_expect_not_reached():
    result = judge(still(), np.ones(3), LIMITS, None)
    assert not result.reached
    assert result.settle_time_s is None


def test_when_limits_are_passed_expect_the_worst_shares():
    run = still()
    run.states[7, 0] = -1.25
    run.states[9, 2] = 3.0
    run.controls[3, 1] = -15.0
    result = judge(run, np.zeros(3), LIMITS, None)
    assert result.position_limit_violation_rad == pytest.approx(0.25)
    assert result.peak_velocity_ratio == pytest.approx(1.5)
    assert result.peak_torque_ratio == pytest.approx(0.75)


def test_when_joint_has_no_position_limit_expect_no_violation():
    free = JointLimits(("a",), [-np.inf], [np.inf], [1.0], [1.0])
    assert limit_violation(np.array([[100.0]]), free) == 0.0


def test_when_there_are_no_values_expect_no_percentile():
    assert percentile(np.array([]), 99) is None
    assert percentile(np.array([1.0, 3.0]), 50) == 2.0
