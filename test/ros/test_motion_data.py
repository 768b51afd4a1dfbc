"""A bounded set of rollouts out of recordings."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from moving_arm import DT, PERIOD, ROBOT, recording, rollouts, run

from rl_control.data.transitions import TransitionDataset
from rl_control.ros.motion_data import (
    AT_REST,
    JUMP,
    MotionData,
    control_period,
    newest_rollouts,
    set_newest_aside,
    transitions_of,
)


def empty(keep=100.0):
    return MotionData(TransitionDataset.empty(ROBOT.names, PERIOD), ROBOT.limits, keep)


def test_when_motion_is_sound_expect_every_transition_of_it():
    states, efforts = run(1.0)
    data, rejected = transitions_of(recording(1.0), ROBOT.limits, PERIOD)
    assert not rejected
    assert np.allclose(data.states, states[:-1], atol=1e-9)
    assert np.allclose(data.next_states, states[1:], atol=1e-9)
    assert np.allclose(data.controls, efforts)


def test_when_a_command_is_missing_expect_its_interval_left_out_and_counted():
    whole = recording(1.0)
    kept = np.arange(len(whole.command_times)) != 60
    one_less = replace(whole, command_times=whole.command_times[kept], efforts=whole.efforts[kept])
    data, rejected = transitions_of(one_less, ROBOT.limits, PERIOD)
    # Not known are the interval of the missing command, and whether the one before acted through.
    assert rejected == {"command_gap": 2}
    assert not np.isin(np.round(data.times / PERIOD), (59, 60)).any()


def test_when_commands_are_rarer_than_states_expect_them_held():
    whole = recording(1.0)
    rare = replace(whole, command_times=whole.command_times[::4], efforts=whole.efforts[::4])
    data, rejected = transitions_of(rare, ROBOT.limits, PERIOD)
    assert not rejected
    assert np.allclose(data.controls, np.repeat(whole.efforts[::4], 4, axis=0))


def test_when_the_arm_is_set_elsewhere_expect_that_moment_left_out_and_counted():
    whole = recording(1.0)
    positions = whole.positions.copy()
    positions[120:] += 0.5
    data, rejected = transitions_of(replace(whole, positions=positions), ROBOT.limits, PERIOD)
    assert rejected == {JUMP: 1}
    assert data.size == 199
    assert 119 not in np.round(data.times / PERIOD)


def test_when_samples_cannot_be_true_expect_them_counted_by_name():
    whole = recording(1.0)
    positions = whole.positions.copy()
    positions[50, 0], positions[100] = np.nan, 40.0
    motion, rollout = empty().with_recording(replace(whole, positions=positions))
    assert motion.rejected["not_finite"] == 1
    assert motion.rejected["out_of_limits"] == 1
    assert rollout.size > 180


def test_when_the_arm_rests_expect_nothing_kept_and_all_counted():
    still = recording(1.0)
    still = replace(
        still,
        positions=np.tile(ROBOT.home, (len(still.positions), 1)),
        velocities=np.zeros_like(still.velocities),
    )
    motion, rollout = empty().with_recording(still)
    assert rollout.size == motion.data.size == 0
    assert motion.rejected == {AT_REST: 200}


def test_when_recordings_come_expect_a_rollout_each_and_the_oldest_gone():
    motion = empty(keep=3.0)
    for seed in range(6):
        motion, rollout = motion.with_recording(recording(1.0, seed=seed))
        assert np.array_equal(rollout.states, motion.data.states[-rollout.size :])
    assert np.unique(motion.data.rollouts).tolist() == [3, 4, 5]
    assert motion.data.seconds == pytest.approx(3.0)


@given(st.integers(1, 12), st.floats(0.1, 30.0))
def test_when_the_newest_are_set_aside_expect_as_few_whole_rollouts_as_will_do(count, seconds):
    data = DATA.where(DATA.rollouts < count)
    rest, aside = set_newest_aside(data, seconds)
    assert rest.size + aside.size == data.size
    assert not set(rest.rollouts) & set(aside.rollouts)
    assert aside.rollouts[-1] == count - 1
    number = len(np.unique(aside.rollouts))
    assert number == min(count, int(np.ceil(seconds / 1.0 - 1e-9)))


DATA = rollouts(12, seconds=1.0)


def test_when_numbers_grow_large_expect_them_to_fall_and_held_out_rollouts_to_stay():
    shift = 5000
    far = replace(
        DATA, rollouts=DATA.rollouts + shift, sources=("old",) * shift + tuple("abcdefghijkl")
    )
    kept = newest_rollouts(far, 4.0)
    assert kept.rollouts[0] < 1597
    assert [kept.sources[k] for k in np.unique(kept.rollouts)] == list("ijkl")
    golden = 0.5 * (5.0**0.5 - 1.0)
    before = np.mod(golden * np.unique(far.rollouts)[-4:], 1.0)
    after = np.mod(golden * np.unique(kept.rollouts), 1.0)
    assert np.abs(np.mod(before - after + 0.5, 1.0) - 0.5).max() < 2e-3


@pytest.mark.parametrize("rate", [100.0, 200.0, 240.0, 1000.0, 30.0])
def test_when_a_rate_is_given_expect_a_period_that_divides_the_models_step(rate):
    period = control_period(rate, DT)
    steps = DT / period
    assert steps == pytest.approx(round(steps))
    assert 0.5 < period * rate < 2.0
