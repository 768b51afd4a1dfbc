"""The rotation logarithm against scipy, from the identity to half a turn."""

import casadi as ca
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from rl_control.robot.rotation import rotation_log

_ROTATION = ca.SX.sym("R", 3, 3)
_TURN = ca.SX.sym("turn", 3)
_LOG = rotation_log(ca.mtimes(_ROTATION, ca.SX.eye(3) + ca.skew(_TURN)))
LOG = ca.Function(
    "log",
    [_ROTATION],
    [
        ca.substitute(_LOG, _TURN, ca.SX.zeros(3)),
        ca.substitute(ca.jacobian(_LOG, _TURN), _TURN, ca.SX.zeros(3)),
    ],
)


def log(rotation):
    vector, slope = LOG(rotation.as_matrix())
    return np.array(vector).ravel(), np.array(slope)


def unit(values):
    axis = np.array(values) + 1e-3
    return axis / np.linalg.norm(axis)


axes = st.tuples(*[st.floats(-1, 1)] * 3).filter(lambda a: np.linalg.norm(np.array(a) + 1e-3) > 0.1)
angles = st.one_of(
    st.floats(0, np.pi - 1e-6),
    st.sampled_from([0.0, 1e-14, 1e-9, 1e-5, 2 * np.pi / 3, np.pi - 1e-3, np.pi - 1e-6]),
)


@settings(max_examples=300, deadline=None)
@given(axes, angles)
def test_when_turned_by_any_angle_expect_scipys_vector(axis, angle):
    rotation = Rotation.from_rotvec(angle * unit(axis))
    found, _ = log(rotation)
    np.testing.assert_allclose(found, angle * unit(axis), atol=1e-9)


@settings(max_examples=100, deadline=None)
@given(axes, st.floats(0, np.pi - 1e-3))
def test_when_differentiated_expect_inverse_right_jacobian(axis, angle):
    vector = angle * unit(axis)
    _, slope = log(Rotation.from_rotvec(vector))
    step = 1e-6
    ahead = [Rotation.from_rotvec(vector) * Rotation.from_rotvec(step * e) for e in np.eye(3)]
    behind = [Rotation.from_rotvec(vector) * Rotation.from_rotvec(-step * e) for e in np.eye(3)]
    expected = np.column_stack(
        [(a.as_rotvec() - b.as_rotvec()) / (2 * step) for a, b in zip(ahead, behind, strict=True)]
    )
    np.testing.assert_allclose(slope, expected, atol=1e-5 * max(1.0, np.abs(expected).max()))


@pytest.mark.parametrize("axis", np.vstack([np.eye(3), -np.eye(3), np.full((1, 3), 3**-0.5)]))
def test_when_turned_half_round_expect_pi_and_a_bounded_slope(axis):
    vector, slope = log(Rotation.from_rotvec(np.pi * axis))
    assert np.linalg.norm(vector) == pytest.approx(np.pi, abs=1e-12)
    assert abs(vector @ axis) == pytest.approx(np.pi, abs=1e-9)
    assert np.isfinite(slope).all() and np.abs(slope).max() < 10


def test_when_not_turned_expect_zero_and_unit_slope():
    vector, slope = log(Rotation.identity())
    np.testing.assert_array_equal(vector, 0)
    np.testing.assert_allclose(slope, np.eye(3), atol=1e-12)
