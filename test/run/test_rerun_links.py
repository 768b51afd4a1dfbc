"""Poses of links along a motion against the arm's compiled kinematics."""

import numpy as np
import pytest

from rl_control.robot.description import load_robot
from rl_control.robot.kinematics import Kinematics
from rl_control.robot.quaternions import rotation_from_quaternion
from rl_control.run.rerun_links import link_motions, normals

URDF = """<robot name="slider"><link name="a"/><link name="b"><inertial><mass value="1"/>
<inertia ixx="1" iyy="1" izz="1" ixy="0" ixz="0" iyz="0"/></inertial></link>
<joint name="rail" type="prismatic"><parent link="a"/><child link="b"/>
<origin xyz="0 0.1 0" rpy="0 0 1.5707963267948966"/><axis xyz="1 0 0"/>
<limit lower="-1" upper="1" velocity="1" effort="1"/></joint></robot>"""


def tips(robot, positions):
    """Return tip positions and rotations by multiplying the links' poses."""
    motions = link_motions(robot, positions)
    for k in range(len(positions)):
        rotation, origin = np.eye(3), np.zeros(3)
        for motion in motions:
            origin = origin + rotation @ motion.translations[k]
            rotation = rotation @ rotation_from_quaternion(motion.quaternions[k], motion.name)
        tip = robot.tip_placement
        yield origin + rotation @ tip.translation, rotation @ tip.rotation


@pytest.mark.parametrize("name", ["iiwa7", "panda", "planar2", "arm7"])
def test_when_an_arm_moves_expect_the_tip_where_its_kinematics_have_it(name):
    robot = load_robot(name)
    limits = robot.limits
    draw = np.random.default_rng(0)
    positions = draw.uniform(
        np.maximum(limits.lower, -3.0), np.minimum(limits.upper, 3.0), (20, robot.n)
    )
    origins, rotations = Kinematics(robot).tips(positions)
    found = list(tips(robot, positions))
    np.testing.assert_allclose([origin for origin, _ in found], origins, atol=1e-12)
    np.testing.assert_allclose([rotation for _, rotation in found], rotations, atol=1e-12)


def test_when_a_joint_slides_expect_it_along_its_turned_axis(tmp_path):
    file = tmp_path / "slider.urdf"
    file.write_text(URDF)
    (motion,) = link_motions(load_robot(file), np.array([[0.0], [0.5]]))
    np.testing.assert_allclose(motion.translations, [[0, 0.1, 0], [0, 0.6, 0]], atol=1e-12)
    np.testing.assert_allclose(motion.quaternions, [[0, 0, 0.5**0.5, 0.5**0.5]] * 2, atol=1e-12)


def test_when_there_is_no_state_expect_no_pose():
    motions = link_motions(load_robot("planar2"), np.zeros((0, 2)))
    assert [motion.translations.shape for motion in motions] == [(0, 3)] * 2


def test_when_a_surface_is_a_sphere_expect_normals_along_its_radii():
    angles = np.linspace(0.1, np.pi - 0.1, 40), np.linspace(0, 2 * np.pi, 80, endpoint=False)
    polar, around = (grid.ravel() for grid in np.meshgrid(*angles, indexing="ij"))
    vertices = np.column_stack(
        [np.sin(polar) * np.cos(around), np.sin(polar) * np.sin(around), np.cos(polar)]
    )
    k = np.arange(39 * 80)
    right = k - k % 80 + (k + 1) % 80
    faces = np.concatenate([np.column_stack([k, k + 80, right]),
                            np.column_stack([right, k + 80, right + 80])])  # fmt: skip
    found = normals(vertices, faces)
    inner = (polar > 0.2) & (polar < np.pi - 0.2)
    np.testing.assert_allclose(found[inner], vertices[inner], atol=0.05)


def test_when_a_vertex_has_no_face_expect_a_normal_of_zero():
    vertices = np.array([[0.0, 0, 0], [1, 0, 0], [0, 1, 0], [5, 5, 5]])
    found = normals(vertices, np.array([[0, 1, 2]]))
    np.testing.assert_array_equal(found, [[0, 0, 1]] * 3 + [[0, 0, 0]])
