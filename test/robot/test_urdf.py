import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rl_control.errors import RobotDescriptionError
from rl_control.robot.urdf import parse_urdf

ANGLE = st.floats(-math.pi, math.pi)


def refusal(text: str) -> str:
    with pytest.raises(RobotDescriptionError) as caught:
        parse_urdf(text, "arm.urdf")
    return str(caught.value)


def one_joint(make_robot, make_link, make_joint, inside, kind="revolute"):
    return make_robot(make_link("a"), make_link("b"), make_joint("j", "a", "b", kind, inside))


@pytest.fixture
def with_joint(make_robot, make_link, make_joint):
    return lambda inside, kind="revolute": one_joint(
        make_robot, make_link, make_joint, inside, kind
    )


@pytest.fixture
def with_link(make_robot, make_link):
    return lambda inside: make_robot(make_link("a", inside))


def test_when_joint_is_bare_expect_the_defaults_of_the_specification(with_joint):
    joint = parse_urdf(with_joint(""), "arm.urdf").joints["j"]
    np.testing.assert_array_equal(joint.axis, [1, 0, 0])
    np.testing.assert_array_equal(joint.origin.rotation, np.eye(3))
    np.testing.assert_array_equal(joint.origin.translation, np.zeros(3))
    assert joint.limit == {}
    assert (joint.damping, joint.friction, joint.mimic) == (0.0, 0.0, None)


def test_when_axis_is_not_a_unit_vector_expect_it_normalised(with_joint):
    joint = parse_urdf(with_joint('<axis xyz="0 3 4"/>'), "arm.urdf").joints["j"]
    np.testing.assert_allclose(joint.axis, [0, 0.6, 0.8])


@given(ANGLE, ANGLE, ANGLE)
def test_when_origin_is_turned_expect_roll_then_pitch_then_yaw(roll, pitch, yaw):
    text = (
        f'<robot name="r"><link name="a"/><link name="b"/><joint name="j" type="fixed">'
        f'<parent link="a"/><child link="b"/><origin rpy="{roll!r} {pitch!r} {yaw!r}"/>'
        "</joint></robot>"
    )

    def about(axis: int, angle: float) -> np.ndarray:
        i, j = [(1, 2), (2, 0), (0, 1)][axis]
        matrix = np.eye(3)
        matrix[i, i] = matrix[j, j] = math.cos(angle)
        matrix[j, i], matrix[i, j] = math.sin(angle), -math.sin(angle)
        return matrix

    found = parse_urdf(text, "arm.urdf").joints["j"].origin.rotation
    np.testing.assert_allclose(found, about(2, yaw) @ about(1, pitch) @ about(0, roll), atol=2e-9)


def test_when_angle_is_a_rounded_quarter_turn_expect_exact_zeros(with_joint):
    origin = '<origin rpy="-1.57079632679 3.14159265359 1.5707963267"/>'
    rotation = parse_urdf(with_joint(origin), "arm.urdf").joints["j"].origin.rotation
    assert set(np.abs(rotation).ravel()) == {0.0, 1.0}


def test_when_inertia_is_turned_expect_link_axes(with_link):
    inside = (
        '<inertial><origin xyz="1 2 3" rpy="0 0 1.57079632679"/><mass value="2"/>'
        '<inertia ixx="1" iyy="2" izz="2.5" ixy="0" ixz="0" iyz="0"/></inertial>'
    )
    inertia = parse_urdf(with_link(inside), "arm.urdf").inertias["a"]
    assert inertia is not None
    np.testing.assert_array_equal(inertia.com, [1, 2, 3])
    np.testing.assert_array_equal(inertia.matrix, np.diag([2, 1, 2.5]))


def test_when_other_tools_add_elements_expect_them_ignored(make_robot, make_link):
    extra = (
        '<transmission name="t"><joint name="j"/></transmission><gazebo><link name="a"/></gazebo>'
    )
    assert list(parse_urdf(make_robot(make_link("a"), extra), "arm.urdf").inertias) == ["a"]


def test_when_xml_is_cut_off_expect_line_and_column():
    message = refusal('<robot name="r">\n  <link name="a">\n</robot>')
    assert "arm.urdf: line 3, column" in message


def test_when_file_is_empty_expect_refusal():
    assert "not well-formed XML" in refusal("")


def test_when_entities_are_declared_expect_refusal():
    text = '<!DOCTYPE robot [<!ENTITY a "ha">]><robot name="&a;"/>'
    assert "document types and entities are not read" in refusal(text)


def test_when_root_is_not_a_robot_expect_refusal():
    assert "<sdf>" in refusal("<sdf/>")


@pytest.mark.parametrize(
    ("inside", "what"),
    [
        ('<axis xyz="0 0 0"/>', "axis/xyz is zero"),
        ('<axis xyz="0 1"/>', "axis/xyz is '0 1'"),
        ('<axis xyz="0 nan 1"/>', "axis/xyz is '0 nan 1'"),
        ('<origin xyz="0 0 inf"/>', "origin/xyz is '0 0 inf'"),
        ('<origin rpy="0 0 up"/>', "origin/rpy is '0 0 up'"),
        ('<limit effort="strong"/>', "limit/effort is 'strong'"),
        ('<dynamics damping="-1"/>', "dynamics/damping is -1"),
        ('<dynamics friction="nan"/>', "dynamics/friction is nan"),
        ('<mimic multiplier="2"/>', "mimic/joint is missing"),
        ('<mimic joint="k" offset="nan"/>', "mimic/offset is nan"),
    ],
)
def test_when_joint_attribute_is_bad_expect_joint_and_attribute_named(with_joint, inside, what):
    message = refusal(with_joint(inside))
    assert "joint 'j'" in message
    assert what in message


def test_when_fixed_joint_has_a_zero_axis_expect_it_ignored(with_joint):
    parse_urdf(with_joint('<axis xyz="0 0 0"/>', "fixed"), "arm.urdf")


@pytest.mark.parametrize(
    ("mass", "ixx", "what"),
    [
        ("nan", "1", "inertial/mass/value is nan"),
        ("heavy", "1", "inertial/mass/value is 'heavy'"),
        ("1", "inf", "inertial/inertia/ixx is inf"),
    ],
)
def test_when_link_number_is_bad_expect_link_and_attribute_named(with_link, mass, ixx, what):
    message = refusal(
        with_link(f'<inertial><mass value="{mass}"/><inertia ixx="{ixx}"/></inertial>')
    )
    assert "link 'a'" in message
    assert what in message


def test_when_joint_type_is_misspelt_expect_the_nearest(with_joint):
    assert "Did you mean 'revolute'?" in refusal(with_joint("", "revolut"))


def test_when_joint_lacks_its_child_expect_refusal(make_robot, make_link):
    text = make_robot(make_link("a"), '<joint name="j" type="fixed"><parent link="a"/></joint>')
    assert "joint 'j': child/link is missing" in refusal(text)


def test_when_name_is_missing_expect_refusal(make_robot):
    assert "<link>: it has no name" in refusal(make_robot("<link/>"))


def test_when_name_is_used_twice_expect_refusal(make_robot, make_link):
    assert "link 'a': its name is used twice" in refusal(make_robot(make_link("a"), make_link("a")))


def test_when_joint_points_to_no_link_expect_the_nearest(make_robot, make_link, make_joint):
    text = make_robot(make_link("arm_a"), make_link("arm_b"), make_joint("j", "arm_a", "arm_c"))
    message = refusal(text)
    assert "joint 'j': child/link 'arm_c'" in message
    assert "Did you mean 'arm_" in message


def test_when_link_has_two_parents_expect_both_joints_named(make_robot, make_link, make_joint):
    links = [make_link(name) for name in "abc"]
    joints = [make_joint("j", "a", "c"), make_joint("k", "b", "c")]
    message = refusal(make_robot(*links, *joints))
    assert "link 'c': it is the child of two joints, 'j' and 'k'" in message


def test_when_links_form_a_cycle_expect_its_joints_named(make_robot, make_link, make_joint):
    links = [make_link(name) for name in "rabc"]
    ring = [("j", "a", "b"), ("k", "b", "c"), ("l", "c", "a")]
    message = refusal(make_robot(*links, *(make_joint(*edge) for edge in ring)))
    assert "cycle" in message
    assert all(name in message for name in "jkl")


def test_when_every_link_is_in_a_cycle_expect_refusal(make_robot, make_link, make_joint):
    text = make_robot(make_link("a"), make_joint("j", "a", "a"))
    assert "joint(s) j: they form a cycle through link 'a'" in refusal(text)


def test_when_tree_is_in_two_pieces_expect_refusal(make_robot, make_link):
    message = refusal(make_robot(make_link("a"), make_link("b")))
    assert "links a, b: 2 links have no parent" in message


def test_when_there_are_no_links_expect_refusal(make_robot):
    assert "0 links have no parent" in refusal(make_robot())
