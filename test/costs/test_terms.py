"""Every term's residual against numpy, and its expansion against finite differences."""

import casadi as ca
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from rl_control.costs import (
    ControlRate,
    CostSum,
    Effort,
    EffortAbout,
    GivenVelocityLimits,
    PositionLimits,
    Posture,
    TipOrientation,
    TipPoints,
    TipPosition,
    TipVelocity,
    Velocity,
    VelocityLimits,
)

N = 5
DT = 0.02
POINTS = ((0.0, 0.0, 0.0), (0.03, -0.02, -0.1))
TERMS = (
    TipPosition(),
    TipOrientation(),
    TipPoints(POINTS),
    Posture(N),
    Velocity(N),
    TipVelocity(),
    Effort(N),
    EffortAbout(N),
    ControlRate(N),
    PositionLimits(),
    VelocityLimits(),
    GivenVelocityLimits(joints=N),
)


def tip_by_numpy(robot, q):
    """Forward kinematics from the joints' placements, by scipy's rotations."""
    rotation, position = np.eye(3), np.zeros(3)
    for joint, angle in zip(robot.joints, q, strict=True):
        position = position + rotation @ joint.placement.translation
        rotation = rotation @ joint.placement.rotation
        if joint.kind == "prismatic":
            position = position + rotation @ joint.axis * angle
        else:
            rotation = rotation @ Rotation.from_rotvec(joint.axis * angle).as_matrix()
    at = robot.tip_placement
    return position + rotation @ at.translation, rotation @ at.rotation


def parameters_of(term, rng):
    values = {key: rng.normal(size=size) for key, size in term.parameters.items()}
    if isinstance(term, TipOrientation):
        values["target"] = Rotation.random(random_state=rng).as_matrix().reshape(-1)
    if isinstance(term, GivenVelocityLimits):
        values["slowness"] = rng.uniform(0.3, 1.0, N)
    return values


@pytest.mark.parametrize("term", TERMS, ids=lambda term: type(term).__name__)
@pytest.mark.parametrize("seed", range(4))
def test_when_expanded_expect_gradient_of_finite_differences(numeric, state, term, seed):
    cost = CostSum([term])
    rng = np.random.default_rng(seed)
    values = parameters_of(term, rng)
    p = np.concatenate([rng.uniform(0.5, 2, term.weight_size), *values.values()])
    z = np.concatenate(state(seed))
    f = numeric(cost)
    value, same, gradient, hessian, _ = f(z, p)
    assert same == pytest.approx(value, rel=1e-12)
    step = 1e-6
    differences = [
        (f(z + step * unit, p)[0] - f(z - step * unit, p)[0]) / (2 * step) for unit in np.eye(4 * N)
    ]
    scale = 1 + np.abs(gradient).max()
    np.testing.assert_allclose(gradient / scale, np.array(differences) / scale, atol=2e-7)
    np.testing.assert_allclose(hessian, hessian.T, rtol=1e-12)
    eigenvalues = np.linalg.eigvalsh(hessian)
    assert eigenvalues.min() >= -1e-10 * max(1.0, eigenvalues.max())


@pytest.mark.parametrize("term", TERMS, ids=lambda term: type(term).__name__)
def test_when_expanded_expect_hessian_of_residual_jacobian(numeric, symbols, state, term):
    rng = np.random.default_rng(7)
    values = parameters_of(term, rng)
    weight = rng.uniform(0.5, 2, term.weight_size)
    s = symbols
    z = ca.vertcat(s.q, s.v, s.u, s.u_prev)
    r = term.residual(s, {k: ca.SX(ca.DM(v)) for k, v in values.items()})
    jacobian = np.array(ca.Function("J", [z], [ca.jacobian(r, z)])(np.concatenate(state(7))))
    weights = np.broadcast_to(weight, len(jacobian))
    expected = jacobian.T @ (weights[:, None] * jacobian)
    p = np.concatenate([weight, *values.values()])
    hessian = numeric(CostSum([term]))(np.concatenate(state(7)), p)[3]
    np.testing.assert_allclose(hessian, expected, atol=1e-9 * np.abs(expected).max())


@pytest.mark.parametrize("term", TERMS, ids=lambda term: type(term).__name__)
@pytest.mark.parametrize("scale", [0.0, 1.0])
def test_when_a_weight_is_zero_expect_no_cost_whatever_the_other_numbers(
    numeric, state, term, scale
):
    values = parameters_of(term, np.random.default_rng(3))
    p = np.concatenate([np.zeros(term.weight_size), *(scale * v for v in values.values())])
    for part in numeric(CostSum([term]))(np.concatenate(state(1)), p)[:4]:
        np.testing.assert_array_equal(part, 0.0)


def test_when_tip_is_off_target_expect_offset(robot, residual, state):
    x = state(0)
    target = np.array([0.1, -0.2, 0.3])
    expected = tip_by_numpy(robot, x[0])[0] - target
    np.testing.assert_allclose(residual(TipPosition(), *x, target=target), expected, atol=1e-12)


def test_when_tip_is_turned_expect_rotation_vector(robot, residual, state):
    x = state(1)
    target = Rotation.from_euler("xyz", [0.4, -1.1, 2.0])
    found = residual(TipOrientation(), *x, target=target.as_matrix())
    tip = Rotation.from_matrix(tip_by_numpy(robot, x[0])[1])
    np.testing.assert_allclose(found, (target.inv() * tip).as_rotvec(), atol=1e-12)


def test_when_points_are_off_their_targets_expect_offsets(robot, residual, state):
    x = state(1)
    targets = np.arange(6) * 0.1
    position, rotation = tip_by_numpy(robot, x[0])
    expected = np.concatenate([position + rotation @ np.array(point) for point in POINTS]) - targets
    found = residual(TipPoints(POINTS), *x, target=targets)
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_when_tip_moves_expect_velocity_of_finite_differences(robot, residual, state):
    q, v, u, w = state(2)
    h = 1e-6
    (p0, r0), (p1, r1) = tip_by_numpy(robot, q - h * v), tip_by_numpy(robot, q + h * v)
    expected = np.append(p1 - p0, Rotation.from_matrix(r1 @ r0.T).as_rotvec()) / (2 * h)
    found = residual(TipVelocity(), q, v, u, w, target=np.zeros(6))
    np.testing.assert_allclose(found, expected, atol=1e-8)


def test_when_joints_differ_expect_plain_differences(residual, state, body, symbols):
    q, v, u, w = state(3)
    reference = np.arange(N) * 0.1
    np.testing.assert_array_equal(residual(Posture(N), q, v, u, w, target=reference), q - reference)
    np.testing.assert_array_equal(residual(Velocity(N), q, v, u, w), v)
    found = residual(EffortAbout(N), q, v, u, w, reference=reference)
    np.testing.assert_array_equal(found, u - reference)
    np.testing.assert_allclose(residual(ControlRate(N), q, v, u, w), (u - w) / DT, rtol=1e-12)
    gravity = ca.Function("g", [symbols.q], [body.gravity_torque(symbols.q)])
    expected = u - np.array(gravity(q)).ravel()
    np.testing.assert_allclose(residual(Effort(N), q, v, u, w), expected, atol=1e-12)


def test_when_holding_against_gravity_expect_no_effort_cost(residual, state, body, symbols):
    q, v, _, w = state(3)
    gravity = ca.Function("g", [symbols.q], [body.gravity_torque(symbols.q)])
    held = residual(Effort(N), q, v, np.array(gravity(q)).ravel(), w)
    np.testing.assert_allclose(held, 0, atol=1e-12)


def test_when_joint_is_at_a_limit_expect_one(robot, residual, state):
    _, v, u, w = state(0)
    bounded = np.isfinite(robot.limits.upper)
    upper = np.where(bounded, robot.limits.upper, 9.0)
    lower = np.where(bounded, robot.limits.lower, 9.0)
    term = PositionLimits()
    np.testing.assert_allclose(residual(term, upper, v, u, w), 1, atol=2e-3)
    np.testing.assert_allclose(residual(term, lower, v, u, w), -1, atol=2e-3)
    np.testing.assert_allclose(residual(term, (upper + lower) / 2, v, u, w), 0, atol=1e-12)
    assert residual(term, upper, v, u, w).shape == (bounded.sum(),)


def test_when_joint_is_beyond_a_limit_expect_a_steep_finite_way_back(robot, residual, state):
    q, _, u, w = state(0)
    term = VelocityLimits()
    fastest = robot.limits.velocity
    at, beyond = residual(term, q, fastest, u, w), residual(term, q, 1.5 * fastest, u, w)
    np.testing.assert_allclose(at, 1, atol=2e-2)
    np.testing.assert_allclose(beyond, 1 + 0.5 / term.margin, rtol=1e-2)


def test_when_joint_is_outside_the_margin_expect_next_to_nothing(robot, residual, state):
    q, _, u, w = state(0)
    slow = residual(VelocityLimits(), q, 0.5 * robot.limits.velocity, u, w)
    assert np.abs(slow).max() < 2e-2
