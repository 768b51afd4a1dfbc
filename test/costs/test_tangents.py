"""Closed-form derivatives against CasADi's own."""

import casadi as ca
import numpy as np

from rl_control.costs.tangents import gravity_gradient, tip_velocity_gradient
from rl_control.robot.kinematics import tip_jacobian


def at(symbols, state, found, expected):
    f = ca.Function("f", [symbols.q, symbols.v], [ca.densify(found), ca.densify(expected)])
    for seed in range(5):
        one, other = (np.array(value) for value in f(*state(seed)[:2]))
        np.testing.assert_allclose(one, other, atol=1e-11)


def test_when_tip_position_varies_expect_linear_rows_of_the_jacobian(body, symbols, state):
    s = symbols
    at(s, state, tip_jacobian(body, s.q)[:3, :], ca.jacobian(s.tip_position, s.q))


def test_when_tip_velocity_varies_expect_its_gradient(body, symbols, state):
    s = symbols
    found = tip_velocity_gradient(tip_jacobian(body, s.q), s.v)
    at(s, state, found, ca.jacobian(s.tip_velocity, s.q))


def test_when_gravity_torque_varies_expect_its_gradient(body, symbols, state):
    s = symbols
    at(s, state, gravity_gradient(body, s.q), ca.jacobian(s.gravity_torque, s.q))
