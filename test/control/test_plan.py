"""What a plan says between its nodes, at its ends, and about limits."""

from __future__ import annotations

import numpy as np
import pytest

from rl_control.control.ilqr import Solution, Status
from rl_control.control.plan import make_plan
from rl_control.types import JointLimits

N, DT = 4, 0.1


@pytest.fixture
def plan():
    rng = np.random.default_rng(0)
    solution = Solution(
        states=rng.normal(size=(N + 1, 4)),
        controls=np.array([[1.0, 0.0], [2.0, -5.0], [3.0, 5.0], [4.0, 0.0]]),
        gains=rng.normal(size=(N, 2, 4)),
        steps=np.zeros((N, 2)),
        cost=1.5,
        gap=0.0,
        status=Status.ITERATION_LIMIT,
        iterations=2,
        regularization=1e-9,
        step_size=1.0,
        slope=0.0,
    )
    return make_plan(solution, 9.9, 10.0, DT, 0.2, np.array([4.0, 5.0]))


def test_when_made_expect_the_solve_and_its_times_kept(plan):
    assert (plan.stamp, plan.start, plan.end) == (9.9, 10.0, pytest.approx(10.4))
    assert (plan.cost, plan.iterations, plan.status) == (1.5, 2, Status.ITERATION_LIMIT)
    assert plan.saturated == 3 / 8


def test_when_at_a_node_expect_its_state_and_control(plan):
    for t in range(N):
        time = 10.0 + t * DT + 1e-12
        np.testing.assert_allclose(plan.state_at(time), plan.states[t], atol=1e-9)
        np.testing.assert_allclose(
            plan.control_at(time, plan.state_at(time)), plan.controls[t], atol=1e-9
        )


def test_when_between_nodes_expect_everything_interpolated(plan):
    time, rest = 10.0 + 1.25 * DT, 0.25
    state = 0.75 * plan.states[1] + 0.25 * plan.states[2]
    np.testing.assert_allclose(plan.state_at(time), state)
    away = np.array([0.1, -0.2, 0.3, 0.4])
    gain = (1 - rest) * plan.gains[1] + rest * plan.gains[2]
    nominal = (1 - rest) * plan.controls[1] + rest * plan.controls[2]
    np.testing.assert_allclose(plan.control_at(time, state + away), nominal + gain @ away)


def test_when_beyond_its_ends_expect_the_ends(plan):
    np.testing.assert_array_equal(plan.state_at(0.0), plan.states[0])
    np.testing.assert_array_equal(plan.state_at(99.0), plan.states[-1])
    np.testing.assert_array_equal(plan.control_at(99.0, plan.states[-1]), plan.controls[-1])


def test_when_within_limits_expect_no_violation_else_the_worst(plan):
    def limits(reach, speed):
        return JointLimits(("a", "b"), [-reach] * 2, [reach] * 2, [speed] * 2, [1.0] * 2)

    q, v = np.abs(plan.states[:, :2]).max(), np.abs(plan.states[:, 2:]).max()
    assert plan.violation(limits(q, v)) == 0.0
    assert plan.violation(limits(q - 0.3, v)) == pytest.approx(0.3)
    assert plan.violation(limits(np.inf, v - 0.2)) == pytest.approx(0.2)
