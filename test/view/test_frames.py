"""Frames of bodies against the project's own kinematics."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rl_control.robot.description import load_robot
from rl_control.robot.kinematics import Kinematics
from rl_control.robot.model import Inertia, Joint, Placement
from rl_control.view.frames import body_frames, joint_pose
from rl_control.view.size import reach_of, stage_of

ARMS = {name: load_robot(name) for name in ("planar2", "arm7", "panda")}
TIPS = {name: Kinematics(arm) for name, arm in ARMS.items()}


@pytest.mark.parametrize("name", ARMS)
@given(seed=st.integers(0, 1000))
def test_when_joints_are_anywhere_expect_the_tip_of_the_kinematics(name, seed):
    arm = ARMS[name]
    q = np.random.default_rng(seed).uniform(-3.0, 3.0, arm.n)
    tip, frame = TIPS[name].tip(q), body_frames(arm, q)[-1]
    np.testing.assert_allclose(frame.translation, tip.position, atol=1e-9)
    np.testing.assert_allclose(frame.rotation, tip.rotation, atol=1e-9)


def test_when_a_joint_slides_expect_it_to_move_along_its_axis_in_the_joints_frame():
    turned = Placement(np.array([[0.0, -1, 0], [1, 0, 0], [0, 0, 1]]), np.array([1.0, 2, 3]))
    joint = Joint("slide", "prismatic", np.array([1.0, 0, 0]), turned, "link", Inertia.zero())
    wxyz, position = joint_pose(joint, 0.5)
    np.testing.assert_allclose(position, [1.0, 2.5, 3.0])
    np.testing.assert_allclose(np.abs(wxyz), [np.sqrt(0.5), 0, 0, np.sqrt(0.5)], atol=1e-12)


def test_when_an_arm_stands_at_home_expect_its_middle_between_base_and_tip():
    arm = ARMS["arm7"]
    tip = TIPS["arm7"].tip(arm.home).position
    middle, size = stage_of(arm)
    assert reach_of(arm) == pytest.approx(1.2)
    assert size >= reach_of(arm)
    assert min(0.0, tip[2]) < middle[2] < 1.2
    assert 0.0 < middle[0] <= tip[0]
