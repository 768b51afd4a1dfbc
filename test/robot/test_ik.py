"""Inverse kinematics on the named robots: reaches what forward kinematics gives, refuses others."""

import numpy as np
import pytest
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

from rl_control.errors import ConfigError, NonFiniteError, ShapeError
from rl_control.robot.description import load_robot
from rl_control.robot.ik import InverseKinematics
from rl_control.robot.kinematics import Kinematics
from rl_control.types import JointLimits


@pytest.fixture(scope="module", params=["planar2", "arm7"])
def robot(request):
    return load_robot(request.param)


@pytest.fixture(scope="module")
def arm():
    return load_robot("arm7")


@pytest.fixture(scope="module")
def ik(arm):
    return InverseKinematics(arm)


def draw(robot, rng, share=0.7):
    lower, upper = robot.limits.lower, robot.limits.upper
    return (lower + upper) / 2 + share * (upper - lower) / 2 * rng.uniform(-1, 1, robot.n)


def angle_between(a, b):
    return Rotation.from_matrix(a @ b.T).magnitude()


@pytest.mark.parametrize("turned", [False, True])
def test_when_targets_come_from_forward_kinematics_expect_all_reached(robot, turned):
    ik, kinematics, rng = InverseKinematics(robot), Kinematics(robot), np.random.default_rng(0)
    for _ in range(25):
        pose = kinematics.tip(draw(robot, rng))
        result = ik.solve(pose.position, pose.rotation if turned else None)
        found = kinematics.tip(result.q)
        assert result.reachable
        miss = np.linalg.norm(found.position - pose.position)
        assert result.position_error_m == pytest.approx(miss, abs=1e-9) and miss < 1e-3
        if turned:
            assert angle_between(found.rotation, pose.rotation) < 1e-2
        assert (result.q >= robot.limits.lower).all() and (result.q <= robot.limits.upper).all()


def test_when_only_position_matters_expect_no_longer_way_than_the_known_one(arm, ik):
    kinematics, shares = Kinematics(arm), []
    for seed in range(50):
        rng = np.random.default_rng(seed)
        here, known = draw(arm, rng), draw(arm, rng)
        result = ik.solve(kinematics.tip(known).position, q_start=here)
        assert result.reachable
        travel, known_travel = (
            (np.abs(q - here) / arm.limits.velocity).max() for q in (result.q, known)
        )
        shares.append(travel / known_travel)
    assert np.median(shares) < 0.6 and np.percentile(shares, 90) <= 1.0


def test_when_already_there_expect_to_stay(arm, ik):
    here = draw(arm, np.random.default_rng(5))
    result = ik.solve(Kinematics(arm).tip(here).position, q_start=here)
    np.testing.assert_allclose(result.q, here, atol=1e-6)


def test_when_out_of_reach_expect_nearest_miss_of_an_optimiser(robot):
    target = np.array([2.0, 0.0, 0.7])
    result = InverseKinematics(robot).solve(target)
    kinematics = Kinematics(robot)
    fitted = least_squares(
        lambda q: kinematics.tip(q).position - target,
        np.clip(result.q, robot.limits.lower + 1e-6, robot.limits.upper - 1e-6),
        bounds=(robot.limits.lower, robot.limits.upper),
    )
    assert not result.reachable and result.refused == 0
    assert result.position_error_m == pytest.approx(np.sqrt(2 * fitted.cost), rel=1e-3)


def test_when_planar_arm_stretches_expect_its_length_to_be_the_reach():
    robot = load_robot("planar2")
    stretched = Kinematics(robot).tip(np.zeros(2)).position
    shoulder = robot.joints[0].placement.translation * [1, 0, 1] + stretched * [0, 1, 0]
    length = np.linalg.norm(stretched - shoulder)
    direction = np.array([0.6, 0.0, 0.8])
    inside = shoulder + direction * (length - 0.002)
    ik = InverseKinematics(robot)
    assert ik.solve(inside, tolerance=1e-4).reachable
    outside = ik.solve(inside + direction * 0.1)
    assert not outside.reachable
    assert outside.position_error_m == pytest.approx(0.098, abs=1e-3)


def test_when_turned_upside_down_by_half_a_turn_expect_still_solved(arm, ik):
    pose = Kinematics(arm).tip(arm.home)
    known = arm.home.copy()
    known[6] = arm.home[6] + 3.0
    near_half = Kinematics(arm).tip(known)
    result = ik.solve(near_half.position, near_half.rotation, q_start=arm.home)
    assert result.reachable and result.rotation_error_rad < 1e-2
    assert angle_between(pose.rotation, near_half.rotation) > 2.9


def test_when_a_solution_is_not_acceptable_expect_another(arm, ik):
    target = Kinematics(arm).tip(arm.home).position
    result = ik.solve(target, acceptable=lambda q: q[3] < 0)
    assert result.reachable and result.q[3] < 0 and result.refused > 0
    none = ik.solve(target, acceptable=lambda q: False)
    assert not none.reachable and none.refused > 0 and none.position_error_m < 1e-3


def test_when_limits_are_narrowed_expect_solution_within(arm, ik):
    target = Kinematics(arm).tip(arm.home).position
    limits = arm.limits
    upper = limits.upper.copy()
    upper[3] = 0.0
    narrow = JointLimits(limits.names, limits.lower, upper, limits.velocity, limits.effort)
    result = ik.solve(target, limits=narrow)
    assert result.reachable and result.q[3] <= 0


def test_when_a_joint_has_no_ends_expect_the_short_way_round(arm):
    endless = JointLimits(
        arm.names,
        np.r_[-np.inf, arm.limits.lower[1:]],
        np.r_[np.inf, arm.limits.upper[1:]],
        arm.limits.velocity,
        arm.limits.effort,
    )
    ik, known, here = InverseKinematics(arm), arm.home.copy(), arm.home.copy()
    known[0], here[0] = -3.0, 3.0
    result = ik.solve(Kinematics(arm).tip(known).position, q_start=here, limits=endless)
    assert result.reachable and abs(result.q[0] - 3.0) < 1.0


def test_when_called_twice_expect_the_same_answer(arm, ik):
    target = Kinematics(arm).tip(draw(arm, np.random.default_rng(9))).position
    np.testing.assert_array_equal(ik.solve(target).q, ik.solve(target).q)


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ({"position": [0.1, 0.2]}, ShapeError),
        ({"position": [0.1, np.nan, 0.2]}, NonFiniteError),
        ({"position": [0.1, 0.2, 0.3], "q_start": [0.0]}, ShapeError),
        ({"position": [0.1, 0.2, 0.3], "q_start": [np.inf] * 7}, NonFiniteError),
        ({"position": [0.1, 0.2, 0.3], "rotation": np.eye(2)}, ShapeError),
        ({"position": [0.1, 0.2, 0.3], "rotation": np.eye(3) * 2}, ConfigError),
        ({"position": [0.1, 0.2, 0.3], "rotation": np.diag([1.0, 1.0, -1.0])}, ConfigError),
    ],
)
def test_when_an_argument_is_bad_expect_refusal(ik, arguments, error):
    with pytest.raises(error):
        ik.solve(**arguments)
