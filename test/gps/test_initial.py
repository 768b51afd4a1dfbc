"""First controllers: on double integrators, against closed forms and scipy."""

import numpy as np
import pytest
from scipy.linalg import solve_discrete_are

from rl_control.gps.initial import InitialConfig, first_controller, smooth_way

N, STEPS = 2, 100
START, GOAL = np.array([0.5, -0.4]), np.array([-0.2, 0.9])


def controller(kind="lqr", dt=0.02, inertia=None, **settings):
    config = InitialConfig(kind=kind, **settings)
    way = smooth_way(START, np.tile(GOAL, (STEPS, 1)), config.way, dt)
    M = np.eye(N) if inertia is None else inertia
    return way, first_controller(
        config, way, names=("a", "b"), dt=dt, inertia=np.tile(M, (STEPS, 1, 1)),
        hold=np.zeros((STEPS, N)), unit=np.array([2.0, 3.0]),
    )  # fmt: skip


@pytest.mark.parametrize("damping", [0.8, 1.0, 1.7])
def test_when_steps_are_short_expect_the_frequency_and_damping_asked_for(damping):
    _, found = controller(dt=1e-5, frequency=6.0, damping=damping)
    _, feedback = controller("pd", dt=1e-5, frequency=6.0, damping=damping)
    np.testing.assert_allclose(feedback.K[0, 0], [-36.0, 0.0, -12.0 * damping, 0.0])
    np.testing.assert_allclose(found.K[0], feedback.K[0], rtol=1e-3, atol=1e-9)


def test_when_steps_are_long_expect_the_gains_of_the_discrete_regulator():
    dt, w = 0.05, 5.0
    _, found = controller(dt=dt, frequency=w, damping=1.0)
    A, B = np.array([[1.0, dt], [0.0, 1.0]]), np.array([[0.5 * dt**2], [dt]])
    Q, R = dt * np.diag([w**4, 2.0 * w**2]), dt * np.eye(1)
    P = solve_discrete_are(A, B, Q, R)
    expected = -np.linalg.solve(R + B.T @ P @ B, B.T @ P @ A)[0]
    for t in (0, STEPS - 1):
        np.testing.assert_allclose(found.K[t, 0, [0, 2]], expected, rtol=1e-9)
    assert np.abs(np.linalg.eigvals(A + B @ expected[None])).max() < 1.0


@pytest.mark.parametrize("kind", ["lqr", "pd"])
def test_when_the_inertia_is_known_expect_coupled_joints_to_follow_the_way(kind):
    M = np.array([[1.0, 0.4], [0.4, 0.3]])
    way, found = controller(kind, inertia=M)
    x = np.concatenate([START, np.zeros(N)])
    for t in range(STEPS):
        np.testing.assert_allclose(x[:N], way.q[t], atol=5e-3)
        a = np.linalg.solve(M, found.mean(x[None], t)[0])
        x = np.concatenate([x[:N] + 0.02 * x[N:] + 0.5 * 0.02**2 * a, x[N:] + 0.02 * a])
    np.testing.assert_allclose(x[:N], GOAL, atol=1e-3)


def test_when_the_arm_is_on_its_way_expect_no_more_effort_than_it_needs():
    M = np.array([[1.0, 0.4], [0.4, 0.3]])
    way, found = controller(inertia=M)
    x = np.concatenate([way.q, way.v], axis=1)
    u = (found.K @ x[..., None])[..., 0] + found.k
    np.testing.assert_allclose(u, way.a @ M, atol=1e-9)


def test_when_noise_is_asked_for_expect_it_in_units_of_each_joint():
    _, found = controller(noise=0.25)
    np.testing.assert_allclose(found.covariance[3], np.diag([0.5**2, 0.75**2]))


def test_when_a_way_is_made_expect_rest_at_both_ends_and_its_derivatives():
    way = smooth_way(START, np.tile(GOAL, (STEPS, 1)), 0.8, 0.02)
    np.testing.assert_allclose(way.q[0], START)
    np.testing.assert_allclose(way.q[80:], np.tile(GOAL, (20, 1)))
    for rate in (way.v, way.a):
        np.testing.assert_allclose(rate[[0, 80, 99]], 0.0, atol=1e-9)
    np.testing.assert_allclose(np.gradient(way.q, 0.02, axis=0)[1:-1], way.v[1:-1], atol=2e-3)
    np.testing.assert_allclose(np.gradient(way.v, 0.02, axis=0)[2:78], way.a[2:78], atol=0.02)


def test_when_no_share_is_given_expect_the_arm_to_stay():
    way = smooth_way(START, np.tile(GOAL, (STEPS, 1)), 0.0, 0.02)
    np.testing.assert_array_equal(way.q, np.tile(START, (STEPS, 1)))
    assert not way.v.any()
    assert not way.a.any()


def test_when_the_goal_moves_expect_it_caught_up_with_and_consistent_derivatives():
    t = 0.02 * np.arange(STEPS)[:, None]
    goals = GOAL + 0.3 * np.sin(2.0 * t)
    way = smooth_way(START, goals, 0.5, 0.02)
    np.testing.assert_allclose(way.q[60:], goals[60:], atol=1e-12)
    np.testing.assert_allclose(way.v[1:-1], np.gradient(way.q, 0.02, axis=0)[1:-1], atol=2e-2)
    found = np.gradient(way.v, 0.02, axis=0)
    np.testing.assert_allclose(way.a[2:46], found[2:46], atol=2e-1)  # then the jerk jumps
