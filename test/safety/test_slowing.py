"""A speed limit that comes down with time."""

import numpy as np
import pytest

from rl_control.safety.slowing import SLOWING_TIME, Slowing

BEFORE, AFTER = np.array([2.0, 1.0]), np.array([1.0, 3.0])


@pytest.mark.parametrize(
    ("passed", "expected"), [(0.0, 2.0), (0.25, 1.75), (0.5, 1.5), (1.0, 1.0), (7.0, 1.0)]
)
def test_when_time_passes_expect_a_straight_line_to_the_lower_limit(passed, expected):
    limit = Slowing(BEFORE, 3.0).limit(AFTER, 3.0 + passed * SLOWING_TIME)
    assert limit[0] == pytest.approx(expected)


def test_when_a_limit_is_higher_than_before_expect_it_at_once():
    assert Slowing(BEFORE, 3.0).limit(AFTER, 3.0)[1] == 3.0


def test_when_a_state_is_older_than_the_change_expect_the_limit_that_was():
    slowing = Slowing(BEFORE, 3.0)
    assert not slowing.over(2.99)
    np.testing.assert_allclose(slowing.limit(AFTER, 2.99), [2.0, 3.0])


def test_when_the_clock_began_anew_expect_the_limit_that_is():
    slowing = Slowing(BEFORE, 3.0)
    assert slowing.over(0.0)
    np.testing.assert_array_equal(slowing.limit(AFTER, 0.0), AFTER)


def test_when_there_was_no_time_before_expect_the_limit_that_is():
    assert Slowing(BEFORE, -np.inf).over(5.0)


def test_when_there_is_no_limit_expect_none():
    endless = np.array([np.inf, np.inf])
    assert (Slowing(endless, 0.0).limit(endless, 0.1) == np.inf).all()
