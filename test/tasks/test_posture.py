"""Postures that follow a pose smoothly."""

import numpy as np
import pytest

from rl_control.errors import UnreachableTargetError
from rl_control.robot.description import load_robot
from rl_control.robot.kinematics import Kinematics
from rl_control.tasks.posture import nearest_posture


@pytest.fixture(scope="module")
def kinematics():
    return Kinematics(load_robot("arm7"))


@pytest.fixture(scope="module")
def moved(kinematics):
    """A pose near that at home, 8 cm away and a little turned."""
    home = kinematics.robot.home
    return kinematics.tip(home + np.array([0.1, 0.15, -0.1, 0.1, 0.2, -0.1, 0.3]))


def test_when_a_pose_is_wanted_expect_the_tip_there(kinematics, moved):
    home = kinematics.robot.home
    q = nearest_posture(kinematics, moved.position, moved.rotation, home)
    tip = kinematics.tip(q)
    np.testing.assert_allclose(tip.position, moved.position, atol=1e-8)
    np.testing.assert_allclose(tip.rotation, moved.rotation, atol=1e-8)


def test_when_found_expect_no_nearer_posture_for_the_pose(kinematics, moved):
    """What is left to home has no part along which the tip stands still."""
    home = kinematics.robot.home
    q = nearest_posture(kinematics, moved.position, moved.rotation, home)
    jacobian = kinematics.batch(q[None])[2][0]
    free = np.linalg.svd(jacobian)[2][6:]
    np.testing.assert_allclose(free @ (home - q), 0.0, atol=1e-7)
    assert np.linalg.norm(home - q) > 0.1


def test_when_the_pose_moves_a_little_expect_the_posture_to(kinematics, moved):
    home, step = kinematics.robot.home, np.array([1e-3, 0.0, 0.0])

    def at(share):
        return nearest_posture(kinematics, moved.position + share * step, moved.rotation, home)

    before, here, after = at(-1.0), at(0.0), at(1.0)
    assert np.abs(after - here).max() < 0.01
    np.testing.assert_allclose(after - here, here - before, atol=1e-4)


def test_when_the_pose_is_out_of_reach_expect_a_named_error(kinematics, moved):
    with pytest.raises(UnreachableTargetError):
        nearest_posture(
            kinematics, np.array([2.0, 0.0, 0.5]), moved.rotation, kinematics.robot.home
        )
