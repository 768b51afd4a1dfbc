"""Texts NAME=VALUE: one reader for the parameters of nodes and for replays."""

import pytest

from rl_control.config.assignments import assignments, kind_in_words, read_text
from rl_control.errors import ConfigError


def test_when_words_are_assignments_expect_texts_and_split_lists_put_together():
    words = ["a.b=1", "c=[1,", "2,", "3]", " d = e=f ", "g="]
    assert assignments(words, "--set") == {"a.b": "1", "c": "[1, 2, 3]", "d": "e=f", "g": ""}


@pytest.mark.parametrize(
    ("words", "problem"),
    [(["a"], "found 'a'"), (["=1"], "found '=1'"), (["a=1", "a=2"], "a is given twice")],
)
def test_when_words_are_no_assignments_expect_where_and_what(words, problem):
    with pytest.raises(ConfigError, match=f"command line: --set: {problem}"):
        assignments(words, "--set")


@pytest.mark.parametrize(
    ("kind", "is_list", "given", "expected"),
    [
        (float, False, "20", 20.0),
        (float, False, 3, 3.0),
        (bool, False, "true", True),
        (str, False, "'12'", "12"),
        (float, True, "20", (20.0,)),
        (float, True, "[1, 2.5]", (1.0, 2.5)),
        (int, True, [1, 2], (1, 2)),
        (str, True, "", ()),
    ],
)
def test_when_a_value_is_read_expect_the_setting_s_type(kind, is_list, given, expected):
    value = read_text("x", kind, is_list, given)
    assert value == expected
    assert type(value) is type(expected)


@pytest.mark.parametrize(
    ("kind", "is_list", "given"), [(float, False, "[1, 2]"), (int, True, "[1, 2.5]"), (int, 0, "")]
)
def test_when_a_value_is_of_another_type_expect_what_is_wanted(kind, is_list, given):
    with pytest.raises(ConfigError, match=r"command line: x: found .* Give a (whole )?number"):
        read_text("x", kind, bool(is_list), given)


def test_when_a_type_is_told_expect_words():
    assert kind_in_words(int, False) == "a whole number"
    assert kind_in_words(float, True) == "a list, each a number"
