"""States taken and matched as a controller does it."""

from __future__ import annotations

import numpy as np

from rl_control.run.counterfactual_pairing import places_of, states_missing, states_taken

MS = 1_000_000  # [ns]


def stamps(*milliseconds):
    return np.array(milliseconds, dtype=np.int64) * MS


def test_when_states_repeat_or_come_late_expect_them_left_out():
    assert states_taken(stamps(0, 5, 5, 10, 5, 15)).tolist() == [0, 1, 3, 5]


def test_when_a_clock_begins_anew_expect_its_states_taken():
    assert states_taken(stamps(5000, 5005, 0, 5)).tolist() == [0, 1, 2, 3]


def test_when_stamps_increase_expect_each_found_or_none():
    there = stamps(0, 5, 10)
    found = places_of(there, there, stamps(10, 0, 7), stamps(0, 0, 0))
    assert found.tolist() == [2, 0, -1]


def test_when_a_stamp_was_there_twice_expect_the_one_before_the_message():
    there, received = stamps(0, 5, 0, 5), stamps(1000, 1005, 2000, 2005)
    found = places_of(there, received, stamps(5, 5, 5), stamps(1006, 2006, 10))
    assert found.tolist() == [1, 3, 1]


def test_when_states_lack_expect_them_counted_but_not_at_a_start():
    assert states_missing(stamps(0, 5, 10, 25, 30, 130, 135)) == 2 + 19
    assert states_missing(stamps(0, 5, 10, 25, 30, 130, 135), starts=[5]) == 2
    assert states_missing(stamps(0)) == 0
