"""The time of a bag beside steady time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rl_control.ros.play_clock import PlayClock

START = 1_700_000_000_000_000_000


@given(
    rate=st.floats(0.01, 100.0),
    steps=st.lists(st.tuples(st.booleans(), st.floats(0.0, 10.0)), max_size=20),
)
def test_when_paused_and_going_on_expect_only_the_time_between_to_count(rate, steps):
    now = 100.0
    clock = PlayClock(START, rate, now)
    went = 0.0
    for paused, span in steps:
        (clock.pause if paused else clock.resume)(now)
        now += span
        went += 0.0 if paused else span
    assert clock.bag_time(now) == pytest.approx(START + went * rate * 1e9, abs=2e3)


@given(rate=st.floats(0.1, 10.0), later=st.integers(0, 10**10))
def test_when_a_message_is_due_expect_the_bag_s_time_to_be_its_own(rate, later):
    clock = PlayClock(START, rate, 5.0)
    remaining = clock.remaining(START + later, 5.0)
    assert clock.bag_time(5.0 + remaining) == pytest.approx(START + later, abs=2e3)
    assert clock.remaining(START + later, 5.0 + remaining + 1.0) == pytest.approx(-1.0)


def test_when_paused_expect_nothing_ever_due():
    clock = PlayClock(START, 2.0, 0.0, paused=True)
    assert clock.remaining(START, 9.0) == float("inf")
    clock.resume(10.0)
    clock.resume(11.0)  # once is enough
    assert clock.bag_time(11.0) == START + 2_000_000_000
