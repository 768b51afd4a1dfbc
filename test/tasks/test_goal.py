"""Targets become goals or refusals that say why."""

import numpy as np
import pytest

from rl_control.errors import RefusedTargetError, UnreachableTargetError
from rl_control.robot.description import load_robot
from rl_control.robot.ik import InverseKinematics
from rl_control.robot.kinematics import Kinematics
from rl_control.tasks.goal import resolve_goal


@pytest.fixture(scope="module")
def arm():
    return load_robot("arm7")


@pytest.fixture(scope="module")
def ik(arm):
    return InverseKinematics(arm)


def test_when_reachable_expect_posture_at_the_target_off_the_limits(arm, ik):
    kinematics, rng = Kinematics(arm), np.random.default_rng(0)
    middle = (arm.limits.lower + arm.limits.upper) / 2
    half = (arm.limits.upper - arm.limits.lower) / 2
    for _ in range(10):
        target = kinematics.tip(middle + 0.7 * half * rng.uniform(-1, 1, arm.n)).position
        goal = resolve_goal(ik, target, None, arm.home)
        assert goal.rotation is None
        np.testing.assert_allclose(kinematics.tip(goal.posture).position, target, atol=1e-3)
        assert (np.abs(goal.posture - middle) < 0.95 * half).all()


def test_when_rotation_is_given_expect_it_kept(arm, ik):
    pose = Kinematics(arm).tip(arm.home + 0.3)
    goal = resolve_goal(ik, pose.position, pose.rotation, arm.home)
    np.testing.assert_array_equal(goal.rotation, pose.rotation)
    found = Kinematics(arm).tip(goal.posture)
    np.testing.assert_allclose(found.rotation, pose.rotation, atol=2e-2)


def test_when_only_reachable_at_a_limit_expect_the_margin_given_up(arm, ik):
    edge = np.where(np.arange(arm.n) % 2 == 1, arm.limits.upper, 0.0)
    pose = Kinematics(arm).tip(edge)
    goal = resolve_goal(ik, pose.position, pose.rotation, edge)
    assert (goal.posture <= arm.limits.upper).all() and (goal.posture >= arm.limits.lower).all()


def test_when_too_far_expect_refusal_with_the_nearest_miss(arm, ik):
    with pytest.raises(UnreachableTargetError, match=r"target \(3.000, 0.000, 0.500\)") as caught:
        resolve_goal(ik, [3.0, 0.0, 0.5], None, arm.home)
    assert 1.0 < caught.value.nearest_miss_m < 3.0


def test_when_rotation_is_out_of_reach_expect_refusal_that_says_so():
    robot = load_robot("planar2")
    ik = InverseKinematics(robot)
    pose = Kinematics(robot).tip(robot.home)
    sideways = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    with pytest.raises(RefusedTargetError, match="orientation asked for"):
        resolve_goal(ik, pose.position, sideways @ pose.rotation, robot.home)


def test_when_every_posture_collides_expect_refusal_that_says_so(arm, ik):
    target = Kinematics(arm).tip(arm.home).position
    with pytest.raises(RefusedTargetError, match="collision"):
        resolve_goal(ik, target, None, arm.home, acceptable=lambda q: False)
