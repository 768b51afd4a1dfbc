import logging

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from rl_control.plants.bullet import BulletPlant
from rl_control.plants.bullet_urdf import bullet_urdf, roll_pitch_yaw
from rl_control.robot.description import load_robot
from rl_control.types import Command

TREE = """<robot name="tree">
<link name="cart"><inertial><mass value="5"/>
  <inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/></inertial></link>
<joint name="lift" type="prismatic"><parent link="cart"/><child link="torso"/>
  <origin xyz="0.2 0 0.3" rpy="0 0 0.7"/><axis xyz="0 0 1"/>
  <limit lower="0" upper="1" effort="1" velocity="1"/></joint>
<link name="torso"/>
<joint name="shoulder" type="revolute"><parent link="torso"/><child link="arm"/>
  <origin xyz="0 0.1 0.2"/><axis xyz="0 1 0"/>
  <limit lower="-2" upper="2" effort="50" velocity="5"/></joint>
<link name="arm"><inertial><origin xyz="0 0 0.3"/><mass value="1"/>
  <inertia ixx="0.02" iyy="0.02" izz="0.01" ixy="0" ixz="0" iyz="0"/></inertial></link>
<joint name="finger" type="prismatic"><parent link="arm"/><child link="pad"/>
  <origin xyz="0 0 0.6"/><axis xyz="2 0 0"/>
  <limit lower="0" upper="0.5" effort="1" velocity="1"/></joint>
<link name="pad"><inertial><mass value="0.5"/>
  <inertia ixx="0.001" iyy="0.001" izz="0.001" ixy="0" ixz="0" iyz="0"/></inertial></link>
</robot>"""


@pytest.fixture
def tree(tmp_path):
    path = tmp_path / "tree.urdf"
    path.write_text(TREE)
    return path


def test_when_base_is_not_the_root_expect_it_at_the_origin(tree):
    robot = load_robot(tree, base="torso", tip="arm", locked={"lift": 0.4, "finger": 0.2})
    plant = BulletPlant(robot)
    state = plant.reset(np.array([0.0]))
    assert state.tip.position == pytest.approx([0.0, 0.1, 0.2], abs=1e-7)
    assert state.tip.rotation == pytest.approx(np.eye(3), abs=1e-7)


def test_when_a_finger_is_locked_expect_its_weight_where_it_is_locked(tree):
    robot = load_robot(tree, base="torso", tip="arm", locked={"lift": 0.4, "finger": 0.2})
    plant = BulletPlant(robot)
    plant.reset(np.array([0.0]))
    # About +y, weight at x > 0 turns the arm forward: it takes a negative effort to hold it.
    hold = Command(robot.names, np.array([-9.81 * 0.5 * 0.2]), 0.0)
    for _ in range(20):
        state = plant.step(hold)
    assert state.joints.position[0] == pytest.approx(0.0, abs=1e-9)


def test_when_mesh_is_missing_expect_it_left_out_with_a_warning(pendulum, caplog):
    mesh = '<visual><geometry><mesh filename="package://gone/a.obj"/></geometry></visual>'
    robot = pendulum(shape=mesh)
    with caplog.at_level(logging.WARNING):
        text = bullet_urdf(robot)
    assert "package://gone/a.obj" in caplog.text
    assert "<visual" not in text
    BulletPlant(robot)


@settings(max_examples=60, deadline=None)
@given(st.tuples(*[st.floats(-np.pi, np.pi)] * 3), st.sampled_from([None, np.pi / 2, -np.pi / 2]))
def test_when_rotation_is_written_as_angles_expect_the_same_rotation(angles, pitch):
    roll, free, yaw = angles
    rpy = [roll, free if pitch is None else pitch, yaw]
    rotation = Rotation.from_euler("xyz", rpy).as_matrix()
    again = Rotation.from_euler("xyz", roll_pitch_yaw(rotation)).as_matrix()
    assert again == pytest.approx(rotation, abs=1e-8)
