"""A tool on an arm: the same body in the equations, in the kinematics and in the simulator."""

import numpy as np
import pytest

from rl_control.errors import RobotDescriptionError, UnknownNameError
from rl_control.paths import data_dir
from rl_control.robot.arm_model import ArmModel
from rl_control.robot.description import load_robot
from rl_control.robot.kinematics import Kinematics
from rl_control.robot.settings import load_settings
from rl_control.robot.tool import attach_tool

PEG = data_dir("urdf") / "peg.urdf"
LENGTH = 0.16  # [m] of holder and peg
HOLDER, STEEL = (0.2, 0.03), (0.247, 0.11)  # mass in [kg], centre from the arm's tip in [m]


@pytest.fixture(scope="module")
def bare():
    return load_robot("arm7")


@pytest.fixture(scope="module")
def held():
    return load_robot("arm7+peg")


def test_when_an_arm_holds_a_tool_expect_its_tip_at_the_tools_end(bare, held):
    q = np.random.default_rng(0).uniform(-0.5, 0.5, 7)
    flange, end = Kinematics(bare).tip(q), Kinematics(held).tip(q)
    np.testing.assert_allclose(end.rotation, flange.rotation, atol=1e-12)
    expected = flange.position + LENGTH * flange.rotation[:, 2]
    np.testing.assert_allclose(end.position, expected, atol=1e-12)


def test_when_an_arm_holds_a_tool_expect_its_weight_on_the_joints(bare, held):
    """By virtual work: each part weighs on the joints through the Jacobian of its centre."""
    q = np.random.default_rng(1).uniform(-0.5, 0.5, 7)
    _, rotations, jacobians = Kinematics(bare).batch(q[None])
    rotation, jacobian = rotations[0], jacobians[0]
    more = np.zeros(7)
    for mass, along in (HOLDER, STEEL):
        lever = along * rotation[:, 2]
        moved = jacobian[:3] + np.cross(jacobian[3:].T, lever).T
        more += moved.T @ [0.0, 0.0, 9.81 * mass]
    found = ArmModel(held).gravity_torque(q) - ArmModel(bare).gravity_torque(q)
    np.testing.assert_allclose(found, more, atol=1e-10)
    assert np.abs(more).max() > 0.5


def test_when_an_arm_holds_a_tool_expect_the_simulator_to_have_the_same_arm(held):
    pytest.importorskip("pybullet")
    from rl_control.plants.bullet import BulletPlant
    from rl_control.types import Command

    plant, model = BulletPlant(held), ArmModel(held)
    state = plant.reset(held.home)
    np.testing.assert_allclose(state.tip.position, Kinematics(held).tip(held.home).position)
    for _ in range(100):
        state = plant.step(Command(held.names, model.gravity_torque(held.home), 0.0))
    np.testing.assert_allclose(state.joints.position, held.home, atol=1e-7)


def test_when_an_arm_holds_a_tool_expect_its_own_name_limits_home_and_settings(bare, held):
    assert held.name == "arm7+peg"
    assert held.tip == "peg_end"
    np.testing.assert_array_equal(held.limits.effort, bare.limits.effort)
    np.testing.assert_array_equal(held.home, bare.home)
    assert load_settings("arm7+peg") == load_settings("arm7")


def test_when_a_description_file_is_to_hold_a_tool_expect_it_held():
    path = data_dir("urdf") / "arm7.urdf"
    assert load_robot(f"{path}+peg").tip == "peg_end"


def test_when_the_tool_is_unknown_expect_the_known_ones():
    with pytest.raises(UnknownNameError, match=r"tool 'pig'.*did you mean 'peg'"):
        load_robot("arm7+pig")
    with pytest.raises(UnknownNameError, match="tool 'pig'"):
        load_settings("arm7+pig")
    with pytest.raises(UnknownNameError, match="robot 'arm8'"):
        load_robot("arm8+peg")


def test_when_the_tools_tip_is_unknown_expect_its_links(bare):
    with pytest.raises(UnknownNameError, match="did you mean 'peg_end'"):
        attach_tool(bare, PEG, "peg_ends")


def test_when_a_tool_moves_or_shares_a_name_expect_it_refused(
    bare, held, tmp_path, make_robot, make_link, make_joint
):
    moving = tmp_path / "gripper.urdf"
    moving.write_text(make_robot(make_link("a"), make_link("b"), make_joint("grip", "a", "b")))
    with pytest.raises(RobotDescriptionError, match="joint 'grip': a tool is rigid"):
        attach_tool(bare, moving, "b")
    with pytest.raises(RobotDescriptionError, match=r"link 'peg_holder': .* has one of this name"):
        attach_tool(held, PEG, "peg_end")
