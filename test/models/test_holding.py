"""What holds a learned arm: gravity where it is rigid, Newton's method where it is not."""

from dataclasses import replace

import numpy as np
import pytest

from rl_control.models.holding import hold_torque, mass_matrix, nearly_hold_torque
from rl_control.models.learned import rigid_model
from rl_control.models.mechanics import Mechanics
from rl_control.robot.description import load_robot

Q = np.array([0.4, -0.7])


class RigidResidual:
    """The rigid body disguised as a residual, which is all that a model from nothing has."""

    def __init__(self, mechanics, dt):
        self._mechanics, self._dt = mechanics, dt

    def mean(self, x, u):
        return self._mechanics.acceleration(x, u, self._dt)

    def linearize(self, x, u):
        return self._mechanics.linearize(x, u, self._dt)

    def std(self, x, u):
        return np.ones_like(u)


@pytest.fixture
def mechanics():
    return Mechanics(load_robot("planar2").without_damping())


@pytest.fixture
def learned(mechanics):
    rigid = rigid_model(mechanics, 0.02)
    return replace(rigid, mechanics=None, residual=RigidResidual(mechanics, 0.02))


def test_when_nothing_is_rigid_expect_the_efforts_that_leave_no_acceleration(mechanics, learned):
    assert np.allclose(hold_torque(learned, Q), mechanics.gravity_torque(Q), atol=1e-6)
    assert np.allclose(mass_matrix(learned, Q), mechanics.mass_matrix(Q), rtol=1e-4)


def test_when_a_residual_pushes_expect_it_balanced_too(mechanics, random_nets):
    model = replace(rigid_model(mechanics, 0.02), residual=random_nets(turning=(True, True)))
    u = hold_torque(model, Q)
    still = np.concatenate([Q, np.zeros(2)])[None]
    assert np.allclose(model.acceleration(still, u[None]), 0.0, atol=1e-5)


def test_when_it_must_be_quick_expect_most_of_a_residual_balanced(mechanics, random_nets):
    model = replace(rigid_model(mechanics, 0.02), residual=random_nets(turning=(True, True)))
    gravity, exact = mechanics.gravity_torque(Q), hold_torque(model, Q)
    assert np.abs(nearly_hold_torque(model, Q) - exact).max() < 0.5 * np.abs(gravity - exact).max()
    assert np.array_equal(nearly_hold_torque(replace(model, residual=None), Q), gravity)


def test_when_a_guess_is_near_expect_one_step_to_do(mechanics, learned):
    exact = mechanics.gravity_torque(Q)
    found = hold_torque(learned, Q, exact + 0.1, steps=1)
    assert np.allclose(found, exact, atol=1e-6)


def test_when_there_is_dry_friction_expect_the_middle_of_what_holds(mechanics, random_nets):
    robot = mechanics.robot
    rough = replace(robot, joints=tuple(replace(j, friction=2.0) for j in robot.joints))
    for residual in (None, random_nets(turning=(True, True))):
        smooth, sticky = (
            replace(rigid_model(mechanics.with_robot(r), 0.02), residual=residual)
            for r in (robot, rough)
        )
        assert np.allclose(hold_torque(sticky, Q), hold_torque(smooth, Q), atol=1e-6)
