"""Linear-quadratic regulators against scipy and dense recursions."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.linalg import solve_discrete_are

from rl_control.control.lqr import finite_horizon, infinite_horizon
from rl_control.errors import ConfigError, ShapeError


def system(seed, nx=4, nu=2):
    rng = np.random.default_rng(seed)
    a = np.eye(nx) + 0.3 * rng.normal(size=(nx, nx))
    root = rng.normal(size=(nx, nx))
    return a, rng.normal(size=(nx, nu)), root @ root.T + np.eye(nx), np.diag(rng.uniform(1, 2, nu))


@pytest.mark.parametrize("seed", range(3))
def test_when_the_horizon_is_long_expect_the_stationary_gain(seed):
    a, b, q, r = system(seed)
    cross = 0.1 * np.ones((2, 4))
    gain, p = infinite_horizon(a, b, q, r, cross)
    found = finite_horizon(a, b, q, r, q, 300, cross)
    np.testing.assert_allclose(found.gains[0], gain, atol=1e-9)
    np.testing.assert_allclose(found.values[0], p, rtol=1e-8)
    np.testing.assert_allclose(p, solve_discrete_are(a, b, q, r, s=cross.T), rtol=1e-10)
    assert np.abs(np.linalg.eigvals(a + b @ gain)).max() < 1.0


def test_when_matrices_change_with_time_expect_the_dense_recursion():
    steps = 6
    a, b, q, r = (np.array(m) for m in zip(*(system(s) for s in range(steps)), strict=True))
    found = finite_horizon(a, b, q, r, 2.0 * np.eye(4), steps)
    p = 2.0 * np.eye(4)
    for t in reversed(range(steps)):
        gain = -np.linalg.solve(r[t] + b[t].T @ p @ b[t], b[t].T @ p @ a[t])
        p = q[t] + a[t].T @ p @ (a[t] + b[t] @ gain)
        np.testing.assert_allclose(found.gains[t], gain, atol=1e-10)
        np.testing.assert_allclose(found.values[t], p, rtol=1e-9)


def test_when_starting_at_the_terminal_cost_expect_its_value_last():
    a, b, q, r = system(0)
    terminal = np.diag([1.0, 2.0, 3.0, 4.0])
    found = finite_horizon(a, b, q, r, terminal, 3)
    np.testing.assert_array_equal(found.values[3], terminal)
    assert found.gains.shape == (3, 2, 4)


def test_when_r_is_not_positive_expect_a_refusal():
    a, b, q, _ = system(0)
    with pytest.raises(ConfigError, match="positive definite"):
        finite_horizon(a, 0.0 * b, q, -np.eye(2), q, 3)


def test_when_no_gain_stabilises_expect_a_refusal():
    with pytest.raises(ConfigError, match="stabilising"):
        infinite_horizon(2.0 * np.eye(2), np.zeros((2, 1)), np.eye(2), np.eye(1))


def test_when_shapes_do_not_fit_expect_a_refusal():
    a, b, q, r = system(0)
    with pytest.raises(ShapeError, match="LQR Q"):
        finite_horizon(a, b, q[:2], r, q, 3)
