"""Texts to parameter values, and ranges in words."""

import pytest
from rcl_interfaces.msg import FloatingPointRange, IntegerRange, ParameterDescriptor
from rclpy.parameter import Parameter

from rl_control.errors import ConfigError
from rl_control.ros.param_values import Known, range_of, read_text, type_name

T = Parameter.Type


def known(kind, **descriptor):
    return Known(kind, None, ParameterDescriptor(name="x", **descriptor))


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        (T.DOUBLE, "3", 3.0),
        (T.DOUBLE, "1e-3", 0.001),
        (T.DOUBLE, 2, 2.0),
        (T.INTEGER, "-4", -4),
        (T.BOOL, "true", True),
        (T.STRING, "12", "12"),
        (T.STRING, "'a b'", "a b"),
        (T.STRING, "", ""),
        (T.DOUBLE_ARRAY, "[1, 2.5]", (1.0, 2.5)),
        (T.DOUBLE_ARRAY, "1, 2", (1.0, 2.0)),
        (T.DOUBLE_ARRAY, "7", (7.0,)),
        (T.DOUBLE_ARRAY, [1, 2], (1.0, 2.0)),
        (T.STRING_ARRAY, "[a, 'b']", ("a", "b")),
        (T.INTEGER_ARRAY, "[]", ()),
    ],
)
def test_when_a_text_is_read_expect_the_declared_type(kind, text, expected):
    value = read_text(known(kind), text)
    assert value == expected
    assert type(value) is type(expected)


@pytest.mark.parametrize(
    ("kind", "text", "words"),
    [
        (T.DOUBLE, "much", "Give a number"),
        (T.INTEGER, "1.5", "Give a whole number"),
        (T.BOOL, "1", "Give true or false"),
        (T.DOUBLE_ARRAY, "[1, x]", "Give a number"),
        (T.DOUBLE, "", "Give a number"),
        (T.DOUBLE, "[1, 2]", "Give a number"),
    ],
)
def test_when_a_text_is_of_another_type_expect_a_refusal(kind, text, words):
    with pytest.raises(ConfigError, match=words):
        read_text(known(kind), text)


def test_when_there_is_a_range_expect_it_in_words():
    whole = IntegerRange(from_value=1, to_value=2**63 - 1)
    part = FloatingPointRange(from_value=float("-inf"), to_value=0.5)
    assert range_of(ParameterDescriptor(integer_range=[whole])) == "at least 1"
    assert range_of(ParameterDescriptor(floating_point_range=[part])) == "at most 0.5"
    assert range_of(ParameterDescriptor()) == ""
    assert type_name(known(T.DOUBLE_ARRAY)) == "a list, each a number"
