import numpy as np
import pytest

from rl_control.errors import RobotDescriptionError
from rl_control.robot.chain import cut_chain
from rl_control.robot.urdf import parse_urdf


def inertial(mass, moments=(0.02, 0.02, 0.01), product=0.0, origin="0 0 0"):
    x, y, z = moments
    return (
        f'<inertial><origin xyz="{origin}"/><mass value="{mass}"/>'
        f'<inertia ixx="{x}" iyy="{y}" izz="{z}" ixy="{product}"/></inertial>'
    )


@pytest.fixture
def body(make_robot, make_link, make_joint):
    """Lump a moving link and what is fixed 0.5 m above it."""

    def lump(moving: str, fixed: str = ""):
        text = make_robot(
            make_link("base", inertial(0)),
            make_link("arm", moving),
            make_link("tool", fixed),
            make_joint("j", "base", "arm"),
            make_joint("weld", "arm", "tool", "fixed"),
        )
        return cut_chain(parse_urdf(text, "arm.urdf")).joints[0].inertia

    return lump


@pytest.fixture
def refusal(body):
    def message(*args) -> str:
        with pytest.raises(RobotDescriptionError) as caught:
            body(*args)
        return str(caught.value)

    return message


def test_when_base_has_no_mass_expect_it_ignored(body):
    assert body(inertial(1)).mass == 1.0


def test_when_two_bodies_are_fixed_expect_the_parallel_axis_theorem(body):
    lumped = body(inertial(1), inertial(3, origin="0.1 0 0"))
    assert lumped.mass == 4.0
    np.testing.assert_allclose(lumped.com, [0.075, 0, 0.375])
    apart = np.array([0.1, 0, 0.5])
    spread = 0.75 * (apart @ apart * np.eye(3) - np.outer(apart, apart))
    np.testing.assert_allclose(lumped.matrix, 2 * np.diag([0.02, 0.02, 0.01]) + spread)


def test_when_tool_is_a_bare_frame_expect_no_change(body):
    alone = body(inertial(1))
    np.testing.assert_array_equal(alone.matrix, np.diag([0.02, 0.02, 0.01]))


def test_when_tool_is_massless_but_has_inertia_expect_it_counted(body):
    # So do pinocchio and PyBullet, and so does the panda's URDF ask.
    lumped = body(inertial(1), inertial(0, (0.1, 0.1, 0.1)))
    np.testing.assert_allclose(lumped.matrix, np.diag([0.12, 0.12, 0.11]))


def test_when_mass_is_only_in_a_fixed_link_expect_it_carried(body):
    assert body("", inertial(2)).mass == 2.0


def test_when_tool_is_a_point_mass_expect_it_welcome(body):
    assert body(inertial(1), inertial(2, (0, 0, 0))).mass == 3.0


@pytest.mark.parametrize("mass", [0, -1])
def test_when_moving_mass_is_not_positive_expect_refusal(refusal, mass):
    message = refusal(inertial(mass), inertial(5))
    assert f"link 'arm' (moved by joint 'j'): inertial/mass/value is {mass}" in message


def test_when_mass_is_nowhere_expect_refusal(refusal):
    assert "link 'arm' (moved by joint 'j'): inertial/mass is missing" in refusal("")


def test_when_fixed_mass_is_negative_expect_that_link_named(refusal):
    assert "link 'tool' (moved by joint 'j')" in refusal(inertial(1), inertial(-0.5))


@pytest.mark.parametrize(
    "bad",
    [
        inertial(1, (0, 0, 0)),
        inertial(1, (0.02, 0.02, 0)),
        inertial(1, (0.02, -0.02, 0.01)),
        inertial(1, product=0.021),
    ],
)
def test_when_moving_inertia_is_not_positive_definite_expect_refusal(refusal, bad):
    message = refusal(bad, inertial(1))
    assert "link 'arm'" in message
    assert "inertial/inertia is not positive definite" in message


def test_when_fixed_inertia_is_negative_expect_that_link_named(refusal):
    message = refusal(inertial(1), inertial(1, (-0.001, 0.02, 0.02)))
    assert "link 'tool'" in message
    assert "not positive definite" in message


def test_when_only_a_point_mass_on_the_axis_moves_expect_refusal(refusal):
    assert "not positive definite" in refusal("", inertial(1, (0, 0, 0)))
