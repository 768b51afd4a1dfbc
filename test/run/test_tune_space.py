"""What a search varies."""

from dataclasses import replace

import pytest

from rl_control.errors import ConfigError, UnknownNameError
from rl_control.run.reach_settings import RigConfig
from rl_control.run.tune_space import (
    DEFAULT,
    Dimension,
    numbers_of,
    read_search,
    searchable,
    with_numbers,
)


def test_when_nothing_is_named_expect_the_defaults_a_hundredfold_about_what_they_are():
    dimensions = read_search(())
    assert tuple(d.key for d in dimensions) == DEFAULT
    posture = dimensions[1]
    assert (posture.low, posture.high, posture.log) == (0.1, 1000.0, True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("task.weights.effort=0:1", Dimension("task.weights.effort", 0.0, 1.0, False)),
        ("task.weights.effort=1e-3:1:log", Dimension("task.weights.effort", 1e-3, 1.0, True)),
        ("mpc.iterations=1:4", Dimension("mpc.iterations", 1.0, 4.0, False, whole=True)),
        ("velocity_scale=0.2:0.9", Dimension("velocity_scale", 0.2, 0.9, False)),
    ],
)
def test_when_a_range_is_given_expect_it(text, expected):
    assert read_search([text]) == (expected,)


@pytest.mark.parametrize("key", sorted(searchable()))
def test_when_a_setting_is_named_without_a_range_expect_one_that_holds_its_default(key):
    (d,) = read_search([key])
    if key not in ("velocity_scale", "effort_scale"):
        assert d.low <= numbers_of(RigConfig(), [d])[key] <= d.high


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("task.weights.effort=1", "Write NAME"),
        ("task.weights.effort=a:b", "Write NAME"),
        ("task.weights.effort=1:2:lin", "Write NAME"),
        ("task.weights.effort=2:1", "no range"),
        ("task.weights.effort=0:1:log", "no logarithm"),
        ("task.weights.effort=-1:1", "beyond what"),
        ("task.weights.effort=1:inf", "no range"),
        ("mpc.iterations=1:1000", "beyond what"),
    ],
)
def test_when_a_range_is_malformed_expect_a_refusal(text, words):
    with pytest.raises(ConfigError, match=words):
        read_search([text])


def test_when_a_setting_cannot_be_searched_expect_the_nearest_that_can():
    with pytest.raises(UnknownNameError, match=r"did you mean 'task\.weights\.posture'"):
        read_search(["task.weights.postur=1:2"])
    with pytest.raises(UnknownNameError):
        read_search(["mpc.horizon=10:20"])  # it would have to be compiled anew


def test_when_a_setting_is_named_twice_expect_a_refusal():
    with pytest.raises(ConfigError, match="twice"):
        read_search(["mpc.iterations=1:2", "mpc.iterations=1:3"])


def test_when_numbers_are_put_in_expect_them_back_and_the_rest_as_it_was():
    config, dimensions = RigConfig(), read_search(("mpc.iterations=1:9", *DEFAULT))
    numbers = {d.key: 3.0 for d in dimensions}
    changed = with_numbers(config, numbers)
    assert numbers_of(changed, dimensions) == numbers
    assert changed.mpc.iterations == 3
    assert isinstance(changed.mpc.iterations, int)
    assert with_numbers(changed, numbers_of(config, dimensions)) == config


def test_when_every_joint_has_a_weight_expect_them_scaled_together():
    config = RigConfig()
    weights = replace(config.task.weights, posture=(1.0, 4.0))
    config = replace(config, task=replace(config.task, weights=weights))
    (d,) = read_search(["task.weights.posture"])
    assert numbers_of(config, [d]) == {d.key: pytest.approx(2.0)}
    changed = with_numbers(config, {d.key: 20.0})
    assert changed.task.weights.posture == pytest.approx((10.0, 40.0))
