"""A change of controllers, as the commands show it."""

import numpy as np
import pytest

from rl_control.control.seam import Seam

GAP = np.array([2.0, -4.0])


def test_when_the_successor_begins_expect_the_last_command_again():
    seam = Seam(GAP, begun=10.0, duration=0.1)
    first = np.array([1.0, 1.0])
    assert np.allclose(first + seam.rest(10.0), first + GAP)


def test_when_time_passes_expect_the_difference_to_fade_evenly_and_then_nothing():
    seam = Seam(GAP, begun=10.0, duration=0.1)
    left = [seam.rest(10.0 + 0.01 * k) for k in range(12)]
    steps = np.diff(left, axis=0)
    assert np.allclose(steps[:10], -GAP / 10)
    assert np.allclose(left[10], 0.0)
    assert not left[11].any()
    assert not seam.over(10.099) and seam.over(10.101)


def test_when_no_time_is_given_expect_the_successor_at_once():
    seam = Seam(GAP, begun=10.0, duration=0.0)
    assert seam.over(10.0)
    assert not seam.rest(10.0).any()


@pytest.mark.parametrize("time", [0.0, 9.9])
def test_when_the_clock_began_anew_expect_no_more_than_the_difference(time):
    assert np.allclose(Seam(GAP, begun=10.0, duration=0.1).rest(time), GAP)
