"""What outputs stand for: against the arm's model, finite differences and their own inverse."""

import numpy as np
import pytest

from rl_control.gps.outputs import Outputs
from rl_control.policy.policy import BASES
from rl_control.robot.arm_model import ArmModel
from rl_control.robot.description import load_robot
from rl_control.robot.rigid_body import RigidBody

STEP = 0.005


@pytest.fixture(scope="module")
def robot():
    return load_robot("iiwa7")


@pytest.fixture(scope="module")
def points(robot):
    rng = np.random.default_rng(0)
    return rng.normal(size=(3, 2, 14)), 5.0 * rng.normal(size=(3, 2, 7))


def efforts_of(model, base, x, u):
    q, v = x[:7], x[7:]
    return {
        "none": lambda: u,
        "gravity": lambda: u + model.gravity_torque(q),
        "inertia": lambda: model.inverse_dynamics(q, np.zeros(7), u, STEP),
        "dynamics": lambda: model.inverse_dynamics(q, v, u, STEP),
    }[base]()


@pytest.mark.parametrize("base", BASES)
def test_when_outputs_become_efforts_expect_the_arm_s_model(robot, points, base):
    outputs, model, (x, u) = Outputs(RigidBody(robot), base, STEP), ArmModel(robot), points
    found = outputs.efforts(x, u)
    for i in np.ndindex(3, 2):
        np.testing.assert_allclose(found[i], efforts_of(model, base, x[i], u[i]), rtol=1e-9)


@pytest.mark.parametrize("base", BASES)
def test_when_efforts_are_traced_back_expect_the_outputs_behind_them(robot, points, base):
    outputs, (x, u) = Outputs(RigidBody(robot), base, STEP), points
    np.testing.assert_allclose(outputs.behind(x, outputs.efforts(x, u)), u, rtol=1e-7, atol=1e-9)


@pytest.mark.parametrize("base", BASES)
def test_when_slopes_are_asked_expect_finite_differences(robot, points, base):
    outputs, x, u = Outputs(RigidBody(robot), base, STEP), points[0][0, 0], points[1][0, 0]
    by_state, by_output = outputs.slopes(x, u)
    h = 1e-6
    for i, step in enumerate(h * np.eye(14)):
        truth = (outputs.efforts(x + step, u) - outputs.efforts(x - step, u)) / (2 * h)
        np.testing.assert_allclose(by_state[:, i], truth, atol=1e-5)
    for i, step in enumerate(h * np.eye(7)):
        truth = (outputs.efforts(x, u + step) - outputs.efforts(x, u - step)) / (2 * h)
        np.testing.assert_allclose(by_output[:, i], truth, atol=1e-6)
