import numpy as np
import pytest

from rl_control.errors import RobotDescriptionError, UnknownNameError
from rl_control.robot.chain import cut_chain
from rl_control.robot.urdf import parse_urdf

SLIDE = '<origin xyz="0 0 0.1"/><axis xyz="1 0 0"/>'


@pytest.fixture
def arm(make_robot, make_link, make_joint):
    """Two joints, a bare flange, and a gripper of two sliding fingers, one a mimic."""

    def build(*more: str, finger_limit='lower="0" upper="0.04"'):
        limit = f'<limit {finger_limit} velocity="1" effort="1"/>'
        mimic = '<mimic joint="left" multiplier="-1" offset="0.01"/>'
        return parse_urdf(
            make_robot(
                *(make_link(name) for name in ("base", "upper", "fore", "finger_l", "finger_r")),
                make_link("flange", ""),
                make_joint("shoulder", "base", "upper"),
                make_joint("elbow", "upper", "fore"),
                make_joint("flange_joint", "fore", "flange", "fixed"),
                make_joint("left", "flange", "finger_l", "prismatic", SLIDE + limit),
                make_joint("right", "flange", "finger_r", "prismatic", SLIDE + limit + mimic),
                *more,
            ),
            "arm.urdf",
        )

    return build


def names(chain):
    return [joint.name for joint in chain.joints]


def refusal(*args, **kwargs) -> str:
    with pytest.raises(RobotDescriptionError) as caught:
        cut_chain(*args, **kwargs)
    return str(caught.value)


def test_when_tip_is_given_expect_the_joints_up_to_it(arm):
    chain = cut_chain(arm(), tip="flange")
    assert (chain.base, chain.tip, names(chain)) == ("base", "flange", ["shoulder", "elbow"])
    np.testing.assert_allclose(chain.tip_placement.translation, [0, 0, 0.5])


def test_when_base_is_given_expect_the_joints_from_it(arm):
    assert names(cut_chain(arm(), base="upper", tip="flange")) == ["elbow"]


def test_when_joint_lies_before_the_base_expect_it_locked(arm):
    assert cut_chain(arm(), base="upper", tip="flange").locked["shoulder"] == 0.0


def test_when_fixed_joint_lies_inside_the_chain_expect_it_merged(make_robot, make_link, make_joint):
    turn = '<origin xyz="0 0 1" rpy="0 0 1.57079632679"/>'
    urdf = parse_urdf(
        make_robot(
            *(make_link(name) for name in "abcd"),
            make_joint("j", "a", "b"),
            make_joint("weld", "b", "c", "fixed", turn),
            make_joint("k", "c", "d"),
        ),
        "arm.urdf",
    )
    chain = cut_chain(urdf)
    assert names(chain) == ["j", "k"]
    np.testing.assert_allclose(chain.joints[1].placement.translation, [0, 0, 1.5])
    np.testing.assert_allclose(chain.joints[1].placement.rotation[:, 0], [0, 1, 0])
    assert [joint.inertia.mass for joint in chain.joints] == [2.0, 1.0]


def test_when_fingers_are_off_the_chain_expect_them_lumped_at_zero(arm):
    chain = cut_chain(arm(), tip="flange")
    assert chain.locked == {"left": 0.0, "right": 0.01}
    assert chain.joints[1].inertia.mass == 3.0
    # Masses of 1 kg at z = 0.1 (forearm) and 0.5 + 0.1 + 0.1 (fingers), x of the right one 0.01.
    np.testing.assert_allclose(chain.joints[1].inertia.com, [0.01 / 3, 0, 0.5], atol=1e-15)


def test_when_finger_is_locked_expect_its_mimic_to_follow(arm):
    chain = cut_chain(arm(), tip="flange", locked={"left": 0.03})
    assert chain.locked == pytest.approx({"left": 0.03, "right": -0.02})


def test_when_mimic_itself_is_locked_expect_that_position(arm):
    chain = cut_chain(arm(), tip="flange", locked={"right": 0.04})
    assert chain.locked == {"left": 0.0, "right": 0.04}


def test_when_zero_is_outside_the_limits_expect_the_nearest_limit(arm):
    chain = cut_chain(arm(finger_limit='lower="0.02" upper="0.04"'), tip="flange")
    assert chain.locked["left"] == 0.02


def test_when_joint_of_the_path_is_locked_expect_it_merged(arm):
    chain = cut_chain(arm(), tip="flange", locked={"elbow": 0.5})
    assert names(chain) == ["shoulder"]
    assert chain.locked["elbow"] == 0.5
    np.testing.assert_allclose(
        chain.tip_placement.translation, [0.5 * np.sin(0.5), 0, 0.5 + 0.5 * np.cos(0.5)]
    )


def test_when_revolute_branch_is_locked_expect_it_turned(make_robot, make_link, make_joint):
    urdf = parse_urdf(
        make_robot(
            *(make_link(name) for name in "abc"),
            make_joint("j", "a", "b"),
            make_joint("branch", "b", "c"),
        ),
        "arm.urdf",
    )
    chain = cut_chain(urdf, tip="b", locked={"branch": np.pi / 2})
    np.testing.assert_allclose(chain.joints[0].inertia.com, [0.05, 0, 0.3], atol=1e-15)


def test_when_one_leaf_is_deepest_expect_it_as_tip(arm, make_link, make_joint):
    camera = make_link("camera", "") + make_joint("camera_joint", "upper", "camera", "fixed")
    assert cut_chain(arm(camera), locked={"right": 0.0}).tip == "finger_l"
    tool = make_link("tool", "") + make_joint("tool_joint", "flange", "tool", "fixed")
    tool += make_link("pin", "") + make_joint("pin_joint", "tool", "pin", "fixed")
    fingers = {"left": 0.0, "right": 0.0}
    assert cut_chain(arm(camera, tool), locked=fingers).tip == "pin"


def test_when_two_leaves_are_alike_expect_both_listed(arm):
    message = refusal(arm())
    assert "links finger_l, finger_r" in message
    assert "tip=..." in message


def test_when_link_is_unknown_expect_the_nearest(arm):
    with pytest.raises(UnknownNameError, match="did you mean 'flange'"):
        cut_chain(arm(), tip="flang")
    with pytest.raises(UnknownNameError, match="did you mean 'base'"):
        cut_chain(arm(), base="bas", tip="flange")


def test_when_locked_joint_is_unknown_expect_the_nearest(arm):
    with pytest.raises(UnknownNameError, match="did you mean 'elbow'"):
        cut_chain(arm(), tip="flange", locked={"elbw": 0.0})
    with pytest.raises(UnknownNameError):
        cut_chain(arm(), tip="flange", locked={"flange_joint": 0.0})


@pytest.mark.parametrize("position", [0.5, -0.1, float("nan"), float("inf")])
def test_when_joint_is_locked_outside_its_limits_expect_refusal(arm, position):
    assert "joint 'left'" in refusal(arm(), tip="flange", locked={"left": position})


def test_when_tip_is_not_carried_by_base_expect_refusal(arm):
    message = refusal(arm(), base="finger_l", tip="flange")
    assert "Choose a base among: fore, upper, base" in message


def test_when_nothing_moves_expect_refusal(arm):
    assert "no movable joint" in refusal(arm(), base="fore", tip="flange")
    assert "no movable joint" in refusal(arm(), base="flange", tip="flange")


def test_when_mimic_lies_in_the_arm_expect_refusal(arm):
    message = refusal(arm(), tip="finger_r")
    assert "joint 'right'" in message
    assert "mimics 'left'" in message


def test_when_mimic_follows_a_moving_joint_expect_refusal(arm):
    message = refusal(arm(), tip="finger_l")
    assert "joint 'right': it mimics 'left', which moves with the arm" in message
    assert names(cut_chain(arm(), tip="finger_l", locked={"right": 0.0}))[-1] == "left"


def test_when_mimics_follow_each_other_expect_refusal(arm, make_link, make_joint):
    loop = make_link("x") + make_link("y")
    loop += make_joint("p", "base", "x", "prismatic", SLIDE + '<mimic joint="q"/>')
    loop += make_joint("q", "base", "y", "prismatic", SLIDE + '<mimic joint="p"/>')
    assert "mimic/joint leads back to itself" in refusal(arm(loop), tip="flange")


def test_when_mimic_names_no_joint_expect_refusal(arm, make_link, make_joint):
    more = make_link("x") + make_joint("p", "base", "x", "prismatic", '<mimic joint="lef"/>')
    assert "joint 'p': mimic/joint 'lef'" in refusal(arm(more), tip="flange")


@pytest.mark.parametrize("kind", ["floating", "planar"])
def test_when_joint_of_the_arm_is_free_expect_refusal(make_robot, make_link, make_joint, kind):
    links = [make_link(name) for name in "abc"]
    urdf = parse_urdf(
        make_robot(*links, make_joint("j", "a", "b", kind, ""), make_joint("k", "b", "c")),
        "arm.urdf",
    )
    assert f"joint 'j': type is '{kind}'" in refusal(urdf)
    assert names(cut_chain(urdf, base="b")) == ["k"]
