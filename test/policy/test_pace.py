"""When a policy thinks, against ticks counted by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rl_control.policy.pace import Due, Pace, Ticks

DT, PERIOD = 0.02, 0.005


@pytest.mark.parametrize("start", [0.0, 3.0, 1.7e9])
def test_when_states_come_on_time_expect_a_tick_each_dt(start):
    ticks = Ticks(DT, PERIOD)
    assert ticks.number == -1
    began = [ticks.advance(start + PERIOD * k) for k in range(12)]
    assert began == [1, 0, 0, 0] * 3
    assert ticks.number == 2


def test_when_states_are_missed_expect_their_ticks_counted():
    ticks = Ticks(DT, PERIOD)
    assert [ticks.advance(stamp) for stamp in (1.0, 1.005, 1.06, 1.08)] == [1, 0, 3, 1]


def test_when_reset_expect_the_count_from_the_next_state():
    ticks = Ticks(DT, PERIOD)
    ticks.advance(1.0)
    ticks.advance(1.5)
    ticks.reset()
    assert ticks.advance(2.013) == 1
    assert ticks.number == 0


@given(
    st.sampled_from([0.001, 0.002, 0.004, 0.005, 0.01]),
    st.sampled_from([0.01, 0.02, 0.025, 0.05]),
    st.integers(0, 2**32 - 1),
)
def test_when_stamps_jitter_expect_no_tick_too_many_or_too_few(period, dt, seed):
    rng = np.random.default_rng(seed)
    stamps = period * np.arange(400) + 0.45 * period * rng.uniform(-0.5, 0.5, 400)
    ticks = Ticks(dt, period)
    began = [ticks.advance(stamp) for stamp in stamps]
    assert set(began) <= {0, 1}
    assert abs(sum(began) - 1 - (stamps[-1] - stamps[0]) / dt) <= 1.0


def test_when_a_policy_remembers_expect_it_to_think_once_a_tick():
    pace = Pace(DT, PERIOD, remembers=True)
    due = [pace.due(PERIOD * k) for k in range(9)]
    assert due[0] == Due(1, True, 1)
    assert due[1:] == [Due(0, False, 0)] * 3 + [Due(1, False, 1)] + [Due(0, False, 0)] * 3 + [
        Due(1, False, 1)
    ]
    assert pace.due(0.1) == Due(3, False, 3)


def test_when_a_policy_does_not_remember_expect_it_to_think_at_every_state():
    pace = Pace(DT, PERIOD, remembers=False)
    due = [pace.due(stamp) for stamp in (0.0, 0.005, 0.02, 0.08)]
    assert [one.thoughts for one in due] == [1, 1, 1, 1]
    assert [one.ticks for one in due] == [1, 0, 1, 3]


@pytest.mark.parametrize(
    ("stamp", "anew"), [(9.99, True), (10.0, False), (10.1, False), (10.11, True)]
)
def test_when_stamps_go_back_or_leave_much_out_expect_a_new_begin(stamp, anew):
    pace = Pace(DT, PERIOD, remembers=True)
    pace.due(10.0)
    due = pace.due(stamp)
    assert due.anew is anew
    if anew:
        assert due == Due(1, True, 1)
        assert pace.due(stamp + DT) == Due(1, False, 1)
