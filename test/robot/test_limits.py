import math

import numpy as np
import pytest

from rl_control.errors import RobotDescriptionError, ShapeError, UnknownNameError
from rl_control.robot.limits import joint_limits
from rl_control.robot.urdf import parse_urdf
from rl_control.types import JointLimits

GOOD = {"lower": "-1", "upper": "2", "velocity": "3", "effort": "4"}


@pytest.fixture
def urdf(make_robot, make_link, make_joint):
    def build(kind="revolute", **limit):
        inside = "<limit " + " ".join(f'{k}="{v}"' for k, v in limit.items()) + "/>"
        return parse_urdf(
            make_robot(
                *(make_link(name) for name in "abc"),
                make_joint("j", "a", "b", kind, inside if limit else ""),
                make_joint("k", "b", "c"),
            ),
            "arm.urdf",
        )

    return build


def row(limits, i=0):
    return (limits.lower[i], limits.upper[i], limits.velocity[i], limits.effort[i])


def refusal(urdf, explicit=None) -> str:
    with pytest.raises(RobotDescriptionError) as caught:
        joint_limits(urdf, ["j"], explicit)
    return str(caught.value)


def test_when_limits_are_good_expect_them_as_written(urdf):
    limits = joint_limits(urdf(**GOOD), ["j", "k"])
    assert limits.names == ("j", "k")
    assert row(limits) == (-1, 2, 3, 4)


def test_when_joint_is_continuous_expect_no_position_limits(urdf):
    limits = joint_limits(urdf("continuous", velocity="3", effort="4"), ["j"])
    assert row(limits) == (-math.inf, math.inf, 3, 4)


@pytest.mark.parametrize("key", ["lower", "upper", "velocity", "effort"])
def test_when_a_limit_is_missing_expect_joint_and_attribute_named(urdf, key):
    limit = {k: v for k, v in GOOD.items() if k != key}
    message = refusal(urdf(**limit))
    assert message.startswith(f"arm.urdf: joint 'j': limit/{key} is missing")
    assert "limits={'j': (lower, upper, velocity, effort)}" in message


def test_when_there_is_no_limit_element_expect_refusal(urdf):
    assert "joint 'j': limit/lower is missing" in refusal(urdf())


@pytest.mark.parametrize("key", ["lower", "upper", "velocity", "effort"])
@pytest.mark.parametrize("value", ["nan", "inf"])
def test_when_a_limit_is_not_finite_expect_joint_and_attribute_named(urdf, key, value):
    assert f"joint 'j': limit/{key} is {value}" in refusal(urdf(**{**GOOD, key: value}))


@pytest.mark.parametrize("key", ["velocity", "effort"])
@pytest.mark.parametrize("kind", ["revolute", "continuous"])
@pytest.mark.parametrize("value", ["0", "-3"])
def test_when_a_limit_is_not_positive_expect_refusal(urdf, key, kind, value):
    assert f"joint 'j': limit/{key} is {value}" in refusal(urdf(kind, **{**GOOD, key: value}))


def test_when_limits_are_reversed_expect_refusal(urdf):
    message = refusal(urdf(**{**GOOD, "lower": "3"}))
    assert "joint 'j': limit/lower 3 is above limit/upper 2" in message


def test_when_range_is_zero_expect_refusal(urdf):
    message = refusal(urdf(**{**GOOD, "lower": "0", "upper": "0"}))
    assert "limit/lower and limit/upper are both 0" in message


@pytest.mark.parametrize("bad", [{}, {**GOOD, "effort": "0"}, {**GOOD, "velocity": "nan"}])
def test_when_limits_are_passed_expect_them_instead_of_bad_ones(urdf, bad):
    limits = joint_limits(urdf(**bad), ["j", "k"], {"j": (-0.5, 0.5, 1, 2)})
    assert row(limits) == (-0.5, 0.5, 1, 2)
    assert row(limits, 1) == (-1, 2, 3, 4)


def test_when_joint_limits_are_passed_expect_them_matched_by_name(urdf):
    explicit = JointLimits(
        ("k", "j"),
        np.array([-5.0, -0.5]),
        np.array([5.0, 0.5]),
        np.array([6.0, 1.0]),
        np.array([7.0, 2.0]),
    )
    limits = joint_limits(urdf(), ["j", "k"], explicit)
    assert row(limits) == (-0.5, 0.5, 1, 2)
    assert row(limits, 1) == (-5, 5, 6, 7)


def test_when_continuous_joint_is_given_bounds_expect_them(urdf):
    limits = joint_limits(urdf("continuous"), ["j"], {"j": (-4, 4, 1, 2)})
    assert row(limits) == (-4, 4, 1, 2)


@pytest.mark.parametrize(
    ("explicit", "what"),
    [
        ((1, -1, 1, 1), "limit/lower 1 is above limit/upper -1"),
        ((-1, 1, 0, 1), "limit/velocity is 0"),
        ((-1, 1, 1, math.nan), "limit/effort is nan"),
        ((-math.inf, 1, 1, 1), "limit/lower is -inf"),
    ],
)
def test_when_passed_limits_are_bad_expect_refusal(urdf, explicit, what):
    message = refusal(urdf(**GOOD), {"j": explicit})
    assert message.startswith("limits argument: joint 'j'")
    assert what in message


def test_when_passed_bounds_of_continuous_joint_are_nan_expect_refusal(urdf):
    assert "limit/lower is nan" in refusal(urdf("continuous"), {"j": (math.nan, 1, 1, 1)})


def test_when_passed_limits_are_short_expect_refusal(urdf):
    with pytest.raises(ShapeError, match="limits of joint 'j'"):
        joint_limits(urdf(**GOOD), ["j"], {"j": (-1, 1)})


def test_when_passed_limits_name_no_joint_expect_refusal(urdf):
    with pytest.raises(UnknownNameError, match="'x'"):
        joint_limits(urdf(**GOOD), ["j"], {"x": (-1, 1, 1, 1)})
