"""Raw streams: what is dropped and counted, and clocks that begin anew."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rl_control.data.recording import Recording, clean, find_restarts, split_timelines
from rl_control.errors import DataError, JointMismatchError, ShapeError
from rl_control.types import JointLimits

NAMES = ("a", "b")
LIMITS = JointLimits(("b", "a"), [-2.0, -np.inf], [2.0, np.inf], [1.0, 4.0], [5.0, 5.0])


def recording(state_times, command_times=(), velocities=True):
    """States and commands whose numbers tell their place in the stream."""
    states, commands = len(state_times), len(command_times)
    place = np.arange(states)[:, None] * [1e-3, -1e-3]
    return Recording(
        names=NAMES,
        state_times=np.array(state_times, dtype=float),
        positions=place,
        velocities=place + 0.5 if velocities else None,
        command_times=np.array(command_times, dtype=float),
        efforts=np.arange(commands)[:, None] * [1.0, 10.0],
        source="test",
    )


def places(part):
    """Which of the states and of the commands that `recording` made are in `part`."""
    states = np.rint(1e3 * part.positions[:, 0]).astype(int).tolist()
    return states, part.efforts[:, 0].astype(int).tolist()


def longest(times):
    """Length of a longest strictly increasing subsequence, by comparing all pairs."""
    best = []
    for i, time in enumerate(times):
        best.append(1 + max((best[j] for j in range(i) if times[j] < time), default=0))
    return max(best, default=0)


def test_when_nothing_is_wrong_expect_nothing_dropped():
    whole = recording([0.0, 0.1, 0.2], [0.05, 0.15])
    kept, dropped = clean(whole, LIMITS)
    assert dropped == Counter()
    assert not dropped.keys()
    assert places(kept) == ([0, 1, 2], [0, 1])
    assert np.array_equal(kept.velocities, whole.velocities)


def test_when_numbers_are_not_finite_expect_their_samples_dropped():
    whole = recording([0.0, np.nan, 0.2, 0.3, 0.4], [0.0, 0.1, np.inf])
    whole.positions[2, 1] = np.nan
    whole.velocities[3, 0] = np.inf
    whole.efforts[1, 0] = np.nan
    kept, dropped = clean(whole, LIMITS)
    assert places(kept) == ([0, 4], [0])
    assert dropped == {"not_finite": 3, "command_not_finite": 2}


def test_when_limits_are_passed_by_more_than_the_margin_expect_drops_by_joint_name():
    whole = recording([0.0, 0.1, 0.2, 0.3, 0.4, 0.5])
    whole.positions[1] = [99.0, 2.09]
    whole.positions[2] = [0.0, 2.11]
    whole.positions[3] = [0.0, -2.11]
    whole.velocities[4] = [5.9, -1.49]
    whole.velocities[5] = [0.0, -1.51]
    kept, dropped = clean(whole, LIMITS)
    assert kept.state_times.tolist() == [0.0, 0.1, 0.4]
    assert dropped == {"out_of_limits": 2, "too_fast": 1}
    assert clean(whole, None)[1] == {}
    without = replace(whole, velocities=None)
    kept, dropped = clean(without, LIMITS)
    assert dropped == {"out_of_limits": 2}
    assert kept.velocities is None


def test_when_a_sample_has_several_faults_expect_it_counted_once():
    whole = recording([0.0, 0.1, 0.1])
    whole.positions[1:, 1] = [np.nan, 3.0]
    whole.velocities[2, 1] = 9.0
    assert clean(whole, LIMITS)[1] == {"not_finite": 1, "out_of_limits": 1}


def test_when_limits_of_a_joint_are_missing_expect_refusal():
    with pytest.raises(JointMismatchError, match="missing joint"):
        clean(recording([0.0]), JointLimits(("b",), [0.0], [1.0], [1.0], [1.0]))


def test_when_stamps_repeat_expect_the_first_state_and_the_last_command():
    kept, dropped = clean(recording([0.0, 0.1, 0.1, 0.2], [0.0, 0.1, 0.1, 0.1, 0.2]), None)
    assert places(kept) == ([0, 1, 3], [0, 3, 4])
    assert dropped == {"duplicate_stamp": 1, "command_duplicate_stamp": 2}


def test_when_a_sample_comes_late_expect_it_dropped():
    kept, dropped = clean(recording([0.0, 0.1, 0.2, 0.15, 0.3], [0.0, 0.2, 0.1, 0.3, 0.4]), None)
    assert places(kept)[0] == [0, 1, 2, 4]
    assert dropped == {"backward_stamp": 1, "command_backward_stamp": 1}


@pytest.mark.parametrize("wild", [-1e9, 0.0, 1e9])
def test_when_one_stamp_is_wild_expect_only_that_sample_dropped(wild):
    times = [5.0, 5.1, wild, 5.2, 5.3]
    kept, dropped = clean(recording(times, times), None)
    assert places(kept) == ([0, 1, 3, 4], [0, 1, 3, 4])
    assert dropped == {"backward_stamp": 1, "command_backward_stamp": 1}


STAMPS = st.lists(st.integers(0, 12).map(float), max_size=15)


@given(states=STAMPS, commands=STAMPS)
def test_when_stamps_are_any_expect_increasing_ones_and_as_many_as_can_be(states, commands):
    kept, dropped = clean(recording(states, commands), None)
    assert (np.diff(kept.state_times) > 0.0).all()
    assert (np.diff(kept.command_times) > 0.0).all()
    assert len(kept.state_times) == longest(states)
    assert len(kept.command_times) == longest(commands)
    lost = Counter(name.removeprefix("command_") for name in dropped.elements())
    lost_states = len(states) - len(kept.state_times)
    assert lost.total() == lost_states + len(commands) - len(kept.command_times)
    doubled = sum(times in set(kept.state_times) for times in states) - len(kept.state_times)
    assert dropped["duplicate_stamp"] == doubled
    # Samples keep their numbers, and their order.
    where, sent = places(kept)
    assert [states[i] for i in where] == kept.state_times.tolist()
    assert [commands[i] for i in sent] == kept.command_times.tolist()
    assert where == sorted(where)


def test_when_the_clock_begins_anew_expect_two_recordings_and_nothing_lost():
    times = np.array([50.0, 50.1, 50.2, 0.0, 0.1, 0.2, 0.3])
    arrivals = np.arange(7) * 100
    sent = np.array([50, 150, 250, 350, 450])
    restarts = find_restarts(times, arrivals, sent)
    assert restarts == ((3, 3),)
    whole = recording(times, [50.05, 50.15, 50.25, 0.05, 0.15])
    whole = replace(whole, restarts=restarts, rejected={"lacks_joint": 4})
    with pytest.raises(DataError, match=r"began anew 1 time.*split_timelines"):
        clean(whole, None)
    first, second = split_timelines(whole)
    assert places(first) == ([0, 1, 2], [0, 1, 2])
    assert places(second) == ([3, 4, 5, 6], [3, 4])
    assert second.velocities.shape == (4, 2)
    assert (dict(first.rejected), dict(second.rejected)) == ({"lacks_joint": 4}, {})
    for part in (first, second):
        assert clean(part, None)[1] == {}


def test_when_commands_were_sent_on_one_clock_only_expect_them_with_its_states():
    times = np.array([0.0, 5.0, 0.0, 5.0])
    restarts = find_restarts(times, np.array([0, 10, 20, 30]), np.array([22, 24]))
    whole = replace(recording(times, [1.0, 2.0]), restarts=restarts)
    first, second = split_timelines(whole)
    assert places(first)[1] == []
    assert places(second)[1] == [0, 1]


def test_when_stamps_fall_back_a_little_expect_one_timeline():
    assert find_restarts(np.array([0.0, 2.0, 1.1]), np.arange(3), np.arange(3)) == ()
    whole = recording([0.0, 2.0, 1.1])
    (only,) = split_timelines(whole)
    assert places(only) == places(whole)


@pytest.mark.parametrize("name", ["positions", "velocities", "efforts"])
def test_when_shapes_do_not_fit_expect_refusal(name):
    whole = recording([0.0, 0.1], [0.0, 0.1])
    with pytest.raises(ShapeError, match=f"recording: {name}"):
        replace(whole, **{name: np.zeros((2, 3))})
    with pytest.raises(ShapeError, match=f"recording: {name}"):
        replace(whole, **{name: np.zeros((3, 2))})
