from __future__ import annotations

import dataclasses
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rl_control.config import flatten, from_flat, validate
from rl_control.errors import ConfigError


def test_when_values_are_given_expect_them_and_defaults_for_the_rest(arm_config) -> None:
    config = from_flat(arm_config, {"robot": "panda", "loop.weights": [3, 4.5]}, "here")
    assert config.robot == "panda"
    assert config.loop.weights == (3.0, 4.5)
    assert config.loop.period == arm_config().loop.period


def test_when_a_base_is_given_expect_its_values_for_the_rest(arm_config) -> None:
    base = from_flat(arm_config, {"loop.horizon": 20}, "here")
    changed = from_flat(arm_config, {"loop.gui": True}, "here", base)
    assert (changed.loop.horizon, changed.loop.gui) == (20, True)
    assert base.loop.gui is False


def test_when_flattened_expect_the_same_config_back(arm_config) -> None:
    config = from_flat(arm_config, {"loop.horizon": 20, "joints": ["a", "b"]}, "here")
    assert from_flat(arm_config, flatten(config), "here") == config


@pytest.mark.parametrize("key", ["loop.horizonn", "horizon", "loop.Horizon"])
def test_when_a_key_is_unknown_expect_the_nearest(arm_config, key: str) -> None:
    with pytest.raises(ConfigError, match=r"unknown setting.*'loop\.horizon'") as caught:
        from_flat(arm_config, {key: 3}, "file.yaml:7")
    assert str(caught.value).startswith(f"file.yaml:7: {key}:")


def test_when_a_group_gets_a_value_expect_its_settings_named(arm_config) -> None:
    with pytest.raises(ConfigError, match="is a group"):
        from_flat(arm_config, {"loop": 3}, "here")


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("loop.horizon", 3.0, "found 3.0, expected an integer"),
        ("loop.horizon", True, "found true, expected an integer"),
        ("loop.horizon", "3", "found '3', expected an integer"),
        ("loop.horizon", None, "found nothing, expected an integer"),
        ("loop.horizon", 2**70, "beyond 64 bits"),
        ("loop.horizon", 0, "out of range. Choose a value of at least 1"),
        ("loop.period", True, "found true, expected a number"),
        ("loop.period", "fast", "found 'fast', expected a number"),
        ("loop.period", math.nan, "finite"),
        ("loop.period", math.inf, "finite"),
        ("loop.period", 2, "found 2.0, out of range. Choose a value from 0.001 to 1.0 s"),
        ("loop.gui", 1, "found 1, expected a boolean"),
        ("loop.gui", "true", "found 'true', expected a boolean"),
        ("robot", 7, "found 7, expected a text"),
        ("interface", "efort", "Did you mean 'effort'"),
        ("loop.weights", 1.0, "expected a list"),
        ("loop.weights", "12", "expected a list"),
        ("loop.weights", [1.0], "found 1 values, expected 2"),
        ("loop.weights", [1.0, math.nan], r"loop.weights\[1\]: found nan"),
        ("loop.weights", [1.0, -1.0], r"loop.weights\[1\]: found -1.0, out of range"),
        ("loop.weights", [1.0, [2.0]], r"loop.weights\[1\]: found \[2.0\], expected a number"),
    ],
)
def test_when_a_value_is_not_allowed_expect_what_was_found(
    arm_config, key: str, value: object, message: str
) -> None:
    with pytest.raises(ConfigError, match=message):
        from_flat(arm_config, {key: value}, "here")


def test_when_a_config_was_made_by_hand_expect_validate_to_check_it(arm_config) -> None:
    good = arm_config()
    validate(good)
    bad = dataclasses.replace(good, loop=dataclasses.replace(good.loop, horizon=-1))
    with pytest.raises(ConfigError, match=r"loop\.horizon: found -1"):
        validate(bad)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3),
)


@given(value=VALUES, key=st.sampled_from(["robot", "joints", "loop.period", "loop.weights", "x"]))
def test_when_any_value_is_given_expect_a_valid_config_or_a_config_error(
    arm_config, value: object, key: str
) -> None:
    try:
        config = from_flat(arm_config, {key: value}, "here")
    except ConfigError:
        return
    validate(config)
