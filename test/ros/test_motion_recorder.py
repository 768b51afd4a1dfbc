"""Two streams cut into recordings: nothing is lost or counts twice, commands stay in force."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rl_control.ros.motion_recorder import MotionRecorder

NANO = 1_000_000_000
NAMES = ("a", "b")
START = 1_790_000_000 * NANO  # a stamp of today


def feed(recorder, times, commanded=None):
    """States at `times` [ns]; a command to each that tells its time, `late` states later."""
    for time in times:
        recorder.state(START + time, np.array([time / NANO, 0.0]), np.zeros(2))
        if commanded is None or time in commanded:
            assert recorder.command(START + time, np.array([time / NANO, 1.0]))


def taken(recorder):
    found = []
    while (recording := recorder.take()) is not None:
        found.append(recording)
    return found


def ticks(seconds, period=0.005):
    return [round(k * period * NANO) for k in range(round(seconds / period) + 1)]


def test_when_motion_goes_on_expect_recordings_that_share_their_ends():
    recorder = MotionRecorder(NAMES, 1.0, "test")
    feed(recorder, ticks(3.5))
    recorder.close()
    parts = taken(recorder)
    assert [len(part.state_times) for part in parts] == [201, 201, 201, 101]
    for before, after in pairwise(parts):
        assert before.positions[-1, 0] == after.positions[0, 0]
        assert before.efforts[-1, 0] == after.efforts[0, 0]
    for part in parts:
        assert part.state_times[0] == 0.0
        assert np.allclose(np.diff(part.state_times), 0.005, rtol=0.0, atol=1e-12)
        assert np.allclose(part.positions[:, 0] - part.positions[0, 0], part.state_times)


def test_when_a_command_is_older_than_a_recording_expect_it_in_force_at_its_begin():
    recorder = MotionRecorder(NAMES, 1.0, "test")
    feed(recorder, ticks(2.5), commanded={0, round(0.4 * NANO)})
    recorder.close()
    first, second, *_ = taken(recorder)
    assert first.command_times.tolist() == [0.0, pytest.approx(0.4)]
    assert second.command_times.tolist() == [pytest.approx(-0.6)]


def test_when_a_command_comes_after_newer_states_expect_it_where_it_belongs():
    recorder = MotionRecorder(NAMES, 1.0, "test")
    times = ticks(1.2)
    for k, time in enumerate(times):
        recorder.state(START + time, np.array([time / NANO, 0.0]), np.zeros(2))
        if k >= 3:
            recorder.command(START + times[k - 3], np.array([times[k - 3] / NANO, 1.0]))
    (part,) = taken(recorder)
    assert np.array_equal(part.command_times, part.state_times)
    assert np.allclose(part.efforts[:, 0], part.positions[:, 0])


def test_when_two_commands_answer_one_state_expect_the_later():
    recorder = MotionRecorder(NAMES, 1.0, "test")
    feed(recorder, ticks(0.1))
    stamp = START + ticks(0.1)[-1]
    assert recorder.command(stamp, np.array([7.0, 7.0]))
    recorder.close()
    (part,) = taken(recorder)
    assert len(part.efforts) == 21
    assert part.efforts[-1].tolist() == [7.0, 7.0]


@pytest.mark.parametrize("jump", [-5 * NANO, 5 * NANO])
def test_when_the_clock_jumps_expect_two_recordings_that_share_nothing(jump):
    recorder = MotionRecorder(NAMES, 10.0, "test")
    feed(recorder, ticks(1.0))
    feed(recorder, [ticks(1.0)[-1] + jump + time for time in ticks(0.5)])
    recorder.close()
    first, second = taken(recorder)
    assert (len(first.state_times), len(second.state_times)) == (201, 101)
    assert second.command_times[0] == 0.0


def test_when_a_command_is_of_no_state_expect_it_refused():
    recorder = MotionRecorder(NAMES, 1.0, "test")
    assert not recorder.command(START, np.zeros(2))
    feed(recorder, ticks(0.1))
    assert not recorder.command(START + 5 * NANO, np.zeros(2))
    assert not recorder.command(START - 5 * NANO, np.zeros(2))


def test_when_nobody_takes_expect_the_oldest_forgotten():
    recorder = MotionRecorder(NAMES, 1.0, "test", most=3)
    feed(recorder, ticks(6.5))
    assert [part.positions[0, 0] for part in taken(recorder)] == [3.0, 4.0, 5.0]


@given(st.lists(st.integers(1, 40), min_size=2, max_size=300), st.integers(1, 9))
def test_when_stamps_are_uneven_expect_every_state_once_but_for_shared_ends(steps, length):
    times = (np.cumsum(steps) * 5_000_000).tolist()
    recorder = MotionRecorder(NAMES, 0.1 * length, "test", most=1000)
    feed(recorder, times)
    recorder.close()
    parts = taken(recorder)
    seen = np.concatenate([part.positions[:, 0] for part in parts])
    assert sorted(set(seen)) == sorted(time / NANO for time in times)
    assert len(seen) == len(times) + len(parts) - 1
