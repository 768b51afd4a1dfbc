"""Stamps that a message can carry, in order over resets."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rl_control.plants.fake import FakePlant
from rl_control.run.timed_plant import NANO, PAUSE, TimedPlant, nanoseconds_of, seconds_of
from rl_control.types import Command


@given(st.integers(0, 4_000_000_000), st.integers(0, NANO - 1))
def test_when_a_stamp_becomes_seconds_and_back_expect_the_same_seconds(sec, nanosec):
    seconds = seconds_of(sec * NANO + nanosec)
    assert seconds == float(sec) + 1e-9 * float(nanosec)
    assert seconds_of(nanoseconds_of(seconds)) == seconds


@given(st.integers(0, 1_000 * NANO))
def test_when_the_time_is_that_of_a_simulation_expect_the_very_nanosecond_back(stamp):
    assert nanoseconds_of(seconds_of(stamp)) == stamp


@pytest.fixture
def plant():
    return TimedPlant(FakePlant(("a", "b"), period=0.005))


def command(plant, stamp):
    return Command(plant.names, np.zeros(2), stamp)


def test_when_the_arm_is_reset_expect_its_time_to_go_on(plant):
    stamps = []
    for _ in range(3):
        stamps.append(plant.reset().joints.stamp)
        for _ in range(7):
            stamps.append(plant.step(command(plant, stamps[-1])).joints.stamp)
    steps = np.diff([nanoseconds_of(stamp) for stamp in stamps])
    pauses = np.arange(len(steps)) % 8 == 7
    assert (steps[pauses] == PAUSE).all()
    assert (steps[~pauses] == 5_000_000).all()
    assert plant.now() == plant.observe().joints.stamp == stamps[-1]


def test_when_a_state_is_stamped_expect_the_double_that_a_reader_finds(plant):
    plant.reset()
    for _ in range(50):
        stamp = plant.step(command(plant, 0.0)).joints.stamp
        assert stamp == seconds_of(nanoseconds_of(stamp))
