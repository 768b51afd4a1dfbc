"""Shaking is told from motion: swings of known frequency, reaches, noise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rl_control.data.runs.shake import SLOWEST, find_shakes, without_mean

TIMES = np.arange(0.0, 4.0, 0.005)


def reach(times, start=1.0, span=0.6, speed=1.0):
    """A bell-shaped speed, as of one motion to a target."""
    s = np.clip((times - start) / span, 0.0, 1.0)
    return speed * 16.0 * (s * (1.0 - s)) ** 2


@pytest.mark.parametrize("frequency", [5.0, 12.0, 30.0, 77.0])
def test_when_a_joint_swings_during_a_motion_expect_when_and_how_quickly(frequency):
    inside = (TIMES > 2.0) & (TIMES < 3.2)
    swing = 0.2 * np.sin(2 * np.pi * frequency * TIMES) * inside
    signals = np.column_stack([reach(TIMES), reach(TIMES) + swing])
    (shake,) = find_shakes(TIMES, signals, np.array([0.05, 0.05]))
    assert shake.channel == 1
    assert shake.start == pytest.approx(2.0, abs=0.15)
    assert shake.end == pytest.approx(3.2, abs=0.15)
    assert shake.frequency == pytest.approx(frequency, rel=0.12)
    assert shake.amplitude == pytest.approx(0.2, rel=0.25)


@given(
    speed=st.floats(0.05, 3.0),
    span=st.floats(0.2, 1.5),
    overshoot=st.floats(0.0, 0.3),
)
def test_when_an_arm_reaches_with_an_overshoot_expect_no_shake(speed, span, overshoot):
    v = reach(TIMES, 1.0, span, speed) - reach(TIMES, 1.0 + span, 0.5 * span, overshoot * speed)
    assert find_shakes(TIMES, v[:, None], np.array([0.02])) == []


def test_when_there_is_only_noise_below_the_bound_expect_no_shake():
    noise = np.random.default_rng(0).normal(0.0, 0.01, (len(TIMES), 2))
    assert find_shakes(TIMES, noise, np.array([0.06, 0.06])) == []


def test_when_swings_are_slow_expect_motion():
    slow = np.sin(2 * np.pi * 0.5 * SLOWEST * TIMES)
    assert find_shakes(TIMES, slow[:, None], np.array([0.05])) == []


def test_when_there_are_few_states_expect_nothing():
    assert find_shakes(TIMES[:5], np.ones((5, 1)), np.array([0.1])) == []


def test_when_a_signal_is_shorter_than_its_moving_mean_expect_one_rest_a_sample():
    assert without_mean(np.arange(48.0), 51) == pytest.approx(np.arange(48.0) - _means(48, 48))


def _means(size: int, width: int) -> np.ndarray:
    """Moving means of 0, 1, 2, ..., one by one."""
    before = width // 2
    return np.array(
        [np.arange(size)[max(k - before, 0) : k - before + width].mean() for k in range(size)]
    )
