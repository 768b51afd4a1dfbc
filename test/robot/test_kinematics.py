"""Numeric kinematics against the symbolic ones and finite differences."""

import casadi as ca
import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from rl_control.errors import ShapeError
from rl_control.robot.description import load_robot
from rl_control.robot.kinematics import Kinematics
from rl_control.robot.rigid_body import RigidBody


@pytest.fixture(scope="module")
def arm():
    return load_robot("arm7")


def test_when_evaluated_expect_the_rigid_bodys_tip(arm):
    q = ca.SX.sym("q", arm.n)
    f = ca.Function("tip", [q], list(RigidBody(arm).tip(q)))
    at = np.random.default_rng(0).normal(size=arm.n)
    pose = Kinematics(arm).tip(at)
    position, rotation = f(at)
    np.testing.assert_allclose(pose.position, np.array(position).ravel(), atol=1e-12)
    np.testing.assert_allclose(pose.rotation, np.array(rotation), atol=1e-12)


def test_when_joints_move_expect_jacobian_of_finite_differences(arm):
    kinematics, h = Kinematics(arm), 1e-6
    q = np.random.default_rng(1).normal(size=arm.n)
    _, _, jacobian = kinematics.batch(q[None])
    for j, unit in enumerate(np.eye(arm.n)):
        ahead, behind = kinematics.tip(q + h * unit), kinematics.tip(q - h * unit)
        linear = (ahead.position - behind.position) / (2 * h)
        angular = Rotation.from_matrix(ahead.rotation @ behind.rotation.T).as_rotvec() / (2 * h)
        np.testing.assert_allclose(jacobian[0, :, j], np.append(linear, angular), atol=1e-8)


def test_when_given_a_wrong_length_expect_refusal(arm):
    with pytest.raises(ShapeError):
        Kinematics(arm).tip(np.zeros(3))
