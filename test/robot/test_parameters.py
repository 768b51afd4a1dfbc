"""Dynamic parameters as a vector: the same equations, linear in it, and back to links."""

from dataclasses import replace

import casadi as ca
import numpy as np
import pytest

from rl_control.robot import parameters as P
from rl_control.robot.description import load_robot, robot_names
from rl_control.robot.model import Inertia, Joint, Placement
from rl_control.robot.rigid_body import RigidBody

CASES = [*robot_names(), "mixed"]


def arm(name):
    """A named robot with friction, or one of skew axes with a prismatic joint in between."""
    if name != "mixed":
        robot = load_robot(name)
        joints = tuple(
            replace(joint, damping=0.1 + 0.2 * i, friction=0.3 + 0.1 * i)
            for i, joint in enumerate(robot.joints)
        )
        return replace(robot, joints=joints)
    rng = np.random.default_rng(5)
    robot = load_robot("planar2")
    joints = []
    for i, kind in enumerate(("revolute", "prismatic", "continuous", "prismatic", "revolute")):
        axis = rng.normal(size=3)
        rotation, _ = np.linalg.qr(rng.normal(size=(3, 3)))
        root = rng.normal(size=(3, 3))
        joints.append(
            Joint(
                name=f"j{i}",
                kind=kind,
                axis=axis / np.linalg.norm(axis),
                placement=Placement(rotation * np.linalg.det(rotation), rng.normal(size=3)),
                link=f"l{i}",
                inertia=Inertia(1.0 + rng.random(), rng.normal(size=3), root @ root.T),
                damping=rng.random(),
                friction=rng.random(),
            )
        )
    return replace(robot, joints=tuple(joints), tip_placement=Placement.identity())


def efforts(robot, symbolic):
    """A function (q, v, a, parameters) -> efforts, mass matrix, acceleration and slopes."""
    n = robot.n
    q, v, a = (ca.SX.sym(letter, n) for letter in "qva")
    p = ca.SX.sym("p", P.parameter_count(robot))
    body = RigidBody(robot, p) if symbolic else RigidBody(robot)
    outputs = [
        body.inverse_dynamics(q, v, a),
        body.mass_matrix(q),
        *body.acceleration_derivatives(q, v, a, 0.01),
    ]
    function = ca.Function("f", [q, v, a, p], outputs)
    return lambda *at: [np.array(value) for value in function.call([ca.DM(x) for x in at])]


@pytest.mark.parametrize("name", CASES)
def test_when_parameters_are_symbols_expect_the_same_equations(name):
    robot = arm(name)
    vector = P.parameter_vector(robot)
    assert vector.shape == (P.parameter_count(robot),)
    rng = np.random.default_rng(0)
    at = [rng.normal(size=robot.n) for _ in range(3)]
    for symbolic, numeric in zip(
        efforts(robot, True)(*at, vector), efforts(robot, False)(*at, vector), strict=True
    ):
        assert np.allclose(symbolic, numeric, rtol=1e-9, atol=1e-9 * np.abs(numeric).max())


@pytest.mark.parametrize("name", CASES)
def test_when_links_are_changed_expect_the_regrouping_to_follow_linearly(name):
    robot = arm(name)
    rng = np.random.default_rng(1)
    full = P.full_parameters(robot)
    back = P.with_full_parameters(robot, full, np.ones(robot.n), np.full(robot.n, 2.0))
    assert np.allclose(P.full_parameters(back), full, atol=1e-10 * np.abs(full).max())
    assert [joint.damping for joint in back.joints] == [1.0] * robot.n
    assert [joint.friction for joint in back.joints] == [2.0] * robot.n
    heavier = full * rng.uniform(1.0, 2.0, size=(robot.n, 1))
    other = P.with_full_parameters(robot, heavier, np.ones(robot.n), np.ones(robot.n))
    grouped = P.parameter_vector(other)[: P.inertial_count(robot)]
    expected = P.regrouping(robot) @ heavier.ravel()
    assert np.allclose(grouped, expected, atol=1e-9 * np.abs(expected).max())
    # The regrouped vector moves the arm as the links do.
    at = [rng.normal(size=robot.n) for _ in range(3)]
    vector = np.concatenate([expected, np.ones(robot.n), np.ones(robot.n)])
    found, wanted = efforts(robot, True)(*at, vector)[0], efforts(other, False)(*at, vector)[0]
    assert np.allclose(found, wanted, atol=1e-9 * np.abs(wanted).max())
