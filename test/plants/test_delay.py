from hypothesis import given
from hypothesis import strategies as st

from rl_control.plants.delay import DelayLine


@given(st.integers(0, 7), st.integers(1, 30))
def test_when_sent_every_tick_expect_what_was_sent_a_delay_ago(delay, ticks):
    line = DelayLine(delay, -1)
    for tick in range(ticks):
        line.send(tick, tick)
        assert line.receive(tick) == (tick - delay if tick >= delay else -1)


def test_when_nothing_new_arrives_expect_the_last():
    line = DelayLine(2, "a")
    line.send(0, "b")
    assert [line.receive(tick) for tick in range(5)] == ["a", "a", "b", "b", "b"]
