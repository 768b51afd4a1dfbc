from __future__ import annotations

import argparse

import pytest

from rl_control.config import add_flags, from_args, from_flat
from rl_control.errors import ConfigError


def parse(cls: type, words: str, prefix: str = "") -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    add_flags(parser, cls, prefix)
    return parser.parse_args(words.split())


def test_when_no_flag_is_given_expect_the_base(arm_config) -> None:
    base = from_flat(arm_config, {"robot": "panda"}, "here")
    assert from_args(arm_config, parse(arm_config, ""), base) == base


def test_when_flags_are_given_expect_them_to_win(arm_config) -> None:
    base = from_flat(arm_config, {"robot": "panda", "loop.gui": True}, "here")
    args = parse(arm_config, "--robot 7 --loop.horizon 9 --no-loop.gui --loop.period=1e-2")
    config = from_args(arm_config, args, base)
    assert (config.robot, config.loop.horizon, config.loop.gui) == ("7", 9, False)
    assert config.loop.period == 0.01


@pytest.mark.parametrize("words", ["--loop.weights 1 2.5", "--loop.weights=1,2.5"])
def test_when_a_list_is_given_expect_spaces_or_commas(arm_config, words: str) -> None:
    assert from_args(arm_config, parse(arm_config, words)).loop.weights == (1.0, 2.5)


def test_when_names_look_like_numbers_expect_texts(arm_config) -> None:
    config = from_args(arm_config, parse(arm_config, "--joints 1,true a"))
    assert config.joints == ("1", "true", "a")


def test_when_a_prefix_is_given_expect_it_in_the_flags(loop_config) -> None:
    args = parse(loop_config, "--mpc.horizon 5", "mpc.")
    assert from_args(loop_config, args, prefix="mpc.").horizon == 5


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("--loop.horizon 0", r"command line: --loop\.horizon.*out of range"),
        ("--loop.horizon many", "found 'many', expected an integer"),
        ("--loop.period nan", "expected a number"),
        ("--loop.period .nan", "finite"),
        ("--loop.weights 1", "found 1 values, expected 2"),
        ("--interface speed", "not one of the choices"),
    ],
)
def test_when_a_flag_is_wrong_expect_its_name(arm_config, words: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        from_args(arm_config, parse(arm_config, words))


def test_when_help_is_asked_expect_unit_range_and_default(arm_config) -> None:
    parser = argparse.ArgumentParser(
        formatter_class=lambda prog: argparse.HelpFormatter(prog, width=200)
    )
    add_flags(parser, arm_config)
    assert "Time between two commands [s] (0.001..1; default 0.01)" in parser.format_help()
