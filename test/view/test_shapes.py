"""What arms look like, against volumes, places and counts that are known."""

import numpy as np
import pytest

from rl_control.robot.description import load_robot
from rl_control.view.shapes import PLAIN, arm_shapes, coarse

URDF = """
<robot name="one">
  <material name="grey"><color rgba="0.5 0.5 0.5 1"/></material>
  <link name="base"/>
  <joint name="turn" type="revolute">
    <parent link="base"/><child link="arm"/><origin xyz="0 0 0.5"/><axis xyz="0 1 0"/>
    <limit lower="-2" upper="2" velocity="1" effort="10"/>
  </joint>
  <link name="arm">
    <inertial><mass value="1"/>
      <inertia ixx="0.1" iyy="0.1" izz="0.1" ixy="0" ixz="0" iyz="0"/></inertial>
    {shapes}
  </link>
  <joint name="hold" type="fixed">
    <parent link="arm"/><child link="tip"/><origin xyz="0 0 0.4" rpy="0 0 0"/>
  </joint>
  <link name="tip">{tip}</link>
</robot>
"""
BOX = '<geometry><box size="0.2 0.4 0.6"/></geometry>'


def robot(tmp_path, shapes="", tip=""):
    path = tmp_path / "one.urdf"
    path.write_text(URDF.format(shapes=shapes, tip=tip))
    return load_robot(path)


def volume(shape):
    """The divergence theorem: a third of the sum over faces of p . n."""
    a, b, c = np.moveaxis(shape.vertices[shape.faces], 1, 0)
    return float(np.einsum("ij,ij->", a, np.cross(b, c)) / 6.0)


def test_when_a_link_has_primitives_expect_their_volumes_places_and_colours(tmp_path):
    visual = f'<visual><origin xyz="0.1 0 0"/>{BOX}<material name="grey"/></visual>'
    ball = '<visual><geometry><sphere radius="0.1"/></geometry></visual>'
    rod = '<visual><geometry><cylinder radius="0.1" length="0.5"/></geometry></visual>'
    box, rest = (s for s in arm_shapes(robot(tmp_path, visual + ball + rod)) if s.body)
    assert volume(box) == pytest.approx(0.048)
    np.testing.assert_allclose(box.vertices.mean(axis=0), [0.1, 0, 0], atol=1e-9)
    assert box.color == (128, 128, 128)
    assert rest.color == PLAIN  # what is of one colour is one shape
    together = 4 / 3 * np.pi * 1e-3 + np.pi * 0.01 * 0.5
    assert volume(rest) == pytest.approx(together, rel=0.01)


def test_when_a_colour_is_given_in_place_expect_it_without_a_name(tmp_path):
    paint = '<material name=""><color rgba="1 0 0 1"/></material>'
    shapes = arm_shapes(robot(tmp_path, f"<visual>{BOX}{paint}</visual>"))
    assert {s.color for s in shapes if s.body} == {(255, 0, 0)}


def test_when_a_link_is_fixed_behind_a_joint_expect_its_shape_in_that_joints_frame(tmp_path):
    shapes = arm_shapes(robot(tmp_path, tip=f"<visual>{BOX}</visual>"))
    (box,) = (s for s in shapes if s.body == 1)
    np.testing.assert_allclose(box.vertices.mean(axis=0), [0, 0, 0.4], atol=1e-9)


def test_when_there_is_no_visual_expect_the_collision_shape(tmp_path):
    shapes = arm_shapes(robot(tmp_path, f"<collision>{BOX}</collision>"))
    (box,) = (s for s in shapes if s.body == 1)
    assert volume(box) == pytest.approx(0.048)


@pytest.mark.parametrize("file", ["missing.stl", "broken.stl"])
def test_when_a_mesh_cannot_be_loaded_expect_a_stand_in_from_joint_to_tip(tmp_path, file, caplog):
    (tmp_path / "broken.stl").write_text("no mesh")
    visual = f'<visual><geometry><mesh filename="{file}"/></geometry></visual>'
    shapes = arm_shapes(robot(tmp_path, visual))
    (arm,) = (s for s in shapes if s.body == 1)
    assert arm.vertices[:, 2].min() < 0.0 < 0.4 < arm.vertices[:, 2].max()
    assert np.abs(arm.vertices[:, :2]).max() < 0.1
    assert file in caplog.text


def test_when_a_mesh_is_scaled_expect_its_size_scaled(tmp_path):
    import trimesh

    trimesh.creation.box((1, 1, 1)).export(tmp_path / "box.stl")
    visual = '<visual><geometry><mesh filename="box.stl" scale="0.1 0.2 0.3"/></geometry></visual>'
    (box,) = (s for s in arm_shapes(robot(tmp_path, visual)) if s.body == 1)
    assert volume(box) == pytest.approx(0.006)


@pytest.mark.parametrize("name", ["planar2", "arm7", "iiwa7", "panda"])
def test_when_a_known_robot_is_drawn_expect_every_body_and_nothing_far_away(name):
    arm = load_robot(name)
    shapes = arm_shapes(arm)
    assert {s.body for s in shapes} == set(range(arm.n + 1))
    for shape in shapes:
        assert np.isfinite(shape.vertices).all()
        assert np.abs(shape.vertices).max() < 1.5
        assert shape.faces.max() < len(shape.vertices)


def test_when_a_shape_is_made_coarse_expect_fewer_faces_in_the_same_box():
    shape = max(arm_shapes(load_robot("iiwa7")), key=lambda s: len(s.faces))
    rough = coarse(shape, 0.02)
    assert len(rough.faces) < 0.6 * len(shape.faces)
    for end in ("min", "max"):
        ours, theirs = (getattr(s.vertices, end)(axis=0) for s in (rough, shape))
        np.testing.assert_allclose(ours, theirs, atol=0.021)
