"""The command line of `rl_control param`, before anything is asked."""

import argparse

import pytest

from rl_control.errors import ConfigError, UnknownNameError
from rl_control.run import param


def parsed(*words):
    parser = argparse.ArgumentParser()
    param.add_arguments(parser)
    return parser.parse_args(words)


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["a.b=1"], {"a.b": "1"}),
        (["a", "-1"], {"a": "-1"}),
        (["a=1", "b=two words", "c="], {"a": "1", "b": "two words", "c": ""}),
        (["a=[1,", "2,", "3]", "b=4"], {"a": "[1, 2, 3]", "b": "4"}),
        (["a=b=c"], {"a": "b=c"}),
    ],
)
def test_when_values_are_assigned_expect_their_texts(words, expected):
    assert param.assigned(words) == expected


@pytest.mark.parametrize(
    ("words", "problem"),
    [(["a=1", "b"], "found 'b'"), (["=1"], "found '=1'"), (["a=1", "a=2"], "a is given twice")],
)
def test_when_words_are_no_assignments_expect_a_refusal(words, problem):
    with pytest.raises(ConfigError, match=problem):
        param.assigned(words)


@pytest.mark.parametrize(
    "words",
    [
        ("get", "node"),
        ("set", "node"),
        ("load", "node"),
        ("load", "n", "a", "b"),
        ("list", "n", "a"),
    ],
)
def test_when_words_are_missing_or_too_many_expect_what_is_wanted(words):
    with pytest.raises(ConfigError, match=f"param {words[0]}"):
        param.check_words(parsed(*words))


def test_when_the_sub_verb_is_misspelt_expect_the_nearest():
    with pytest.raises(UnknownNameError, match="did you mean 'dump'"):
        param.check_words(parsed("dmp", "node"))


def test_when_all_is_well_expect_nothing():
    param.check_words(parsed("set", "node", "a=1", "b=2"))
    param.check_words(parsed("describe", "node"))
    param.check_words(parsed("dump", "node", "other"))
