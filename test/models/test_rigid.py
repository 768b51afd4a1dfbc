"""The rigid-body model against finite differences, its own equations and physics."""

from __future__ import annotations

import casadi as ca
import numpy as np
import pytest

from rl_control.interfaces import DynamicsModel
from rl_control.models.rigid import RigidModel
from rl_control.robot.description import load_robot
from rl_control.robot.rigid_body import RigidBody

DT = 0.02


@pytest.fixture(scope="module", params=["planar2", "iiwa7"])
def model(request):
    return RigidModel(load_robot(request.param), DT)


def batch(model, size=7, seed=0):
    rng, n = np.random.default_rng(seed), model.nu
    limits = model.robot.limits
    q = rng.uniform(limits.lower, limits.upper, (size, n))
    v = 0.3 * rng.uniform(-limits.velocity, limits.velocity, (size, n))
    return np.hstack([q, v]), 0.3 * rng.uniform(-limits.effort, limits.effort, (size, n))


def test_when_asked_for_its_sizes_expect_a_dynamics_model(model):
    assert isinstance(model, DynamicsModel)
    assert (model.nx, model.nu, model.dt) == (2 * model.robot.n, model.robot.n, DT)


def test_when_stepping_expect_semi_implicit_euler_on_the_equations_of_motion(model):
    x, u = batch(model)
    n = model.nu
    q, v, effort = (ca.SX.sym(letter, n) for letter in "qvu")
    body = RigidBody(model.robot)
    acceleration = ca.Function("a", [q, v, effort], [body.forward_dynamics(q, v, effort, DT)])
    faster = x[:, n:] + DT * acceleration(x[:, :n].T, x[:, n:].T, u.T).full().T
    following = model.step(x, u)
    np.testing.assert_allclose(following[:, n:], faster, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(following[:, :n], x[:, :n] + DT * faster, rtol=1e-9, atol=1e-9)


def test_when_there_is_no_damping_expect_inverse_dynamics_to_give_the_efforts_back():
    model = RigidModel(load_robot("iiwa7").without_damping(), DT)
    x, u = batch(model)
    n = model.nu
    a = (model.step(x, u)[:, n:] - x[:, n:]) / DT
    q, v, acceleration = (ca.SX.sym(letter, n) for letter in "qva")
    body = RigidBody(model.robot)
    inverse = ca.Function("u", [q, v, acceleration], [body.inverse_dynamics(q, v, acceleration)])
    np.testing.assert_allclose(
        inverse(x[:, :n].T, x[:, n:].T, a.T).full().T, u, rtol=1e-7, atol=1e-6
    )


def test_when_linearizing_expect_finite_differences(model):
    x, u = batch(model, 4)
    a, b = model.linearize(x, u)
    assert a.shape == (4, model.nx, model.nx)
    assert b.shape == (4, model.nx, model.nu)
    step = 1e-6
    for matrix, point, which in ((a, x, 0), (b, u, 1)):
        for j in range(point.shape[1]):
            arguments = []
            for sign in (1.0, -1.0):
                moved = point.copy()
                moved[:, j] += sign * step
                arguments.append((moved, u) if which == 0 else (x, moved))
            slope = (model.step(*arguments[0]) - model.step(*arguments[1])) / (2.0 * step)
            scale = 1.0 + np.abs(matrix[:, :, j]).max()
            np.testing.assert_allclose(matrix[:, :, j], slope, atol=1e-5 * scale)


def test_when_damping_is_strong_and_the_step_long_expect_no_oscillation():
    """The wrist's inertia is so small that damping taken at the step's start would explode."""
    model = RigidModel(load_robot("iiwa7"), DT)
    assert max(joint.damping for joint in model.robot.joints) == 0.5
    n = model.nu
    x = np.concatenate([model.robot.home, np.zeros(n)])[None]
    x[0, -1] = 5.0
    q = ca.SX.sym("q", n)
    gravity = ca.Function("g", [q], [model.body.gravity_torque(q)])
    wrist = [x[0, -1]]
    for _ in range(25):
        x = model.step(x, np.asarray(gravity(x[0, :n])).reshape(1, n))
        wrist.append(x[0, -1])
    assert (np.diff(np.abs(wrist)) < 0.0).all()
    assert min(wrist) > -0.05
    assert abs(wrist[-1]) < 0.5


def test_when_asked_how_sure_it_is_expect_zeros(model):
    x, u = batch(model, 3)
    np.testing.assert_array_equal(model.uncertainty(x, u), np.zeros((3, model.nx)))


def test_when_a_batch_is_split_expect_the_same_bits(model):
    x, u = batch(model, 11)
    whole = model.step(x, u)
    for i in range(11):
        np.testing.assert_array_equal(model.step(x[i : i + 1], u[i : i + 1])[0], whole[i])
