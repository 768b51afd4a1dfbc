"""Marks of axes."""

from __future__ import annotations

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rl_control.report.html.series import Scale
from rl_control.report.html.ticks import linear_ticks, log_ticks, round_up, tick_text, ticks


@given(st.floats(-1e6, 1e6), st.floats(1e-6, 1e6), st.integers(2, 12))
def test_when_an_axis_is_marked_expect_even_steps_inside_and_not_too_many(low, length, most):
    high = low + length
    found = linear_ticks(low, high, most)
    step = 1e-9 * max(abs(low), abs(high))
    assert all(low - step <= value <= high + step for value in found)
    assert len(found) <= most
    steps = [b - a for a, b in pairwise(found)]
    assert all(one == pytest.approx(steps[0], rel=1e-6, abs=step) for one in steps)


def test_when_numbers_are_usual_expect_round_marks():
    assert linear_ticks(0.0, 10.0) == [0.0, 2.5, 5.0, 7.5, 10.0]
    assert linear_ticks(-100.0, 100.0) == [-100.0, -50.0, 0.0, 50.0, 100.0]
    assert linear_ticks(3.0, 3.0) == [3.0]


def test_when_the_axis_is_logarithmic_expect_powers_of_ten():
    assert log_ticks(0.01, 2000.0) == pytest.approx([0.01, 0.1, 1.0, 10.0, 100.0, 1000.0])
    assert [text for _, text in ticks(Scale(0.1, 10.0, log=True))] == ["0.1", "1", "10"]


def test_when_a_number_is_negative_expect_a_minus_sign_and_no_needless_digits():
    assert tick_text(-0.5) == "\N{MINUS SIGN}0.5"
    assert tick_text(0.1 + 0.2) == "0.3"


@given(st.floats(1e-9, 1e9))
def test_when_a_number_is_rounded_up_expect_little_room_above(value):
    found = round_up(value)
    assert value * (1.0 - 1e-9) <= found <= 2.5 * value
    leading = found / 10.0 ** math.floor(math.log10(found) + 1e-12)
    assert any(leading == pytest.approx(step) for step in (1.0, 2.0, 2.5, 5.0))


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
def test_when_there_is_nothing_to_round_expect_one(value):
    assert round_up(value) == 1.0
