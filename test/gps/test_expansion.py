"""A mean of expansions: against the cost itself and finite differences."""

import numpy as np
import pytest

from rl_control.control.batch_cost import ArmCost
from rl_control.gps.expansion import expand_cost
from rl_control.robot.rigid_body import RigidBody


def value(found, x, u, t):
    if t == found.steps:
        return 0.5 * x @ found.last_H @ x + found.last_g @ x + found.c[t]
    z = np.concatenate([x, u])
    return 0.5 * z @ found.H[t] @ z + found.g[t] @ z + found.c[t]


def motions(small, count, seed=0):
    rng = np.random.default_rng(seed)
    task = small.task
    states = rng.normal(scale=0.3, size=(count, task.steps + 1, 4))
    states[..., :2] += task.robot.home
    return states, rng.normal(size=(count, task.steps, 2))


def cost_of(small):
    task = small.task
    return ArmCost(RigidBody(task.robot), task.cost, task.dt)


def test_when_one_motion_is_expanded_expect_its_costs_and_slopes_by_finite_differences(small):
    condition = small.task.condition(np.array([0.3, -0.2]))
    rows, cost = small.task.rows(condition), cost_of(small)
    states, controls = motions(small, 1)
    found, costs = expand_cost(cost, rows, states, controls)
    zero = np.zeros(2)
    for t in (0, 7, small.task.steps):
        x, u = states[0, t], controls[0, t] if t < small.task.steps else zero
        exact = cost.value(x[None], u[None], rows[t : t + 1])[0]
        np.testing.assert_allclose(value(found, x, u, t), exact, rtol=1e-9)
        np.testing.assert_allclose(costs[0, t], exact, rtol=1e-9)
        size = 4 if t == small.task.steps else 6
        for i in range(size):
            step = 1e-6 * np.eye(6)[i]
            ends = [(x + s * step[:4], u + s * step[4:]) for s in (1.0, -1.0)]
            truth = [cost.value(a[None], b[None], rows[t : t + 1])[0] for a, b in ends]
            model = [value(found, a, b, t) for a, b in ends]
            slope = (truth[0] - truth[1]) / 2e-6
            assert abs((model[0] - model[1]) / 2e-6 - slope) < 1e-5 * (1.0 + abs(slope))


def test_when_motions_are_many_expect_the_mean_of_their_expansions_everywhere(small):
    condition = small.task.condition(np.array([0.3, -0.2]))
    rows, cost = small.task.rows(condition), cost_of(small)
    states, controls = motions(small, 4)
    together, costs = expand_cost(cost, rows, states, controls)
    alone = [expand_cost(cost, rows, states[i : i + 1], controls[i : i + 1])[0] for i in range(4)]
    rng = np.random.default_rng(5)
    for t in (0, 11, small.task.steps):
        x, u = rng.normal(size=4), rng.normal(size=2)
        mean = np.mean([value(one, x, u, t) for one in alone])
        np.testing.assert_allclose(value(together, x, u, t), mean, rtol=1e-9)
    assert costs.shape == (4, small.task.steps + 1)


def test_when_a_cost_is_expanded_expect_symmetric_semidefinite_curvature(small):
    condition = small.task.condition(np.array([0.3, -0.2]))
    found, _ = expand_cost(cost_of(small), small.task.rows(condition), *motions(small, 3))
    for H in (*found.H, found.last_H):
        np.testing.assert_allclose(H, H.T, atol=1e-10)
        assert np.linalg.eigvalsh(H).min() > -1e-9 * np.abs(H).max()


@pytest.mark.parametrize("base", ["none", "gravity", "inertia", "dynamics"])
def test_when_controls_are_outputs_expect_costs_and_slopes_by_finite_differences(small, base):
    condition, outputs = small.task.condition(np.array([0.3, -0.2])), small.outputs(base, 0.005)
    rows, cost, price = small.task.rows(condition), cost_of(small), np.array([0.3, 0.7])
    states, controls = motions(small, 1)
    found, costs = expand_cost(cost, rows, states, controls, outputs, price)

    def exact(x, u, t):
        efforts = outputs.efforts(x, u)
        own = 0.5 * price @ u**2
        return cost.value(x[None], efforts[None], rows[t : t + 1])[0] + own

    for t in (0, 7):
        x, u = states[0, t], controls[0, t]
        np.testing.assert_allclose(costs[0, t], exact(x, u, t), rtol=1e-9)
        for i in range(6):
            step = 1e-6 * np.eye(6)[i]
            ends = [(x + s * step[:4], u + s * step[4:]) for s in (1.0, -1.0)]
            truth = [exact(a, b, t) for a, b in ends]
            model = [value(found, a, b, t) for a, b in ends]
            np.testing.assert_allclose(
                (model[0] - model[1]) / 2e-6, (truth[0] - truth[1]) / 2e-6, rtol=1e-5, atol=1e-6
            )
        # Gauss-Newton is exact in outputs alone, in which efforts are affine.
        bend = (exact(x, u + 1e-3, t) - 2.0 * exact(x, u, t) + exact(x, u - 1e-3, t)) / 1e-6
        np.testing.assert_allclose(found.H[t, 4:, 4:].sum(), bend, rtol=1e-4)
