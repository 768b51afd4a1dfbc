"""Stamps against motion whose times are known."""

from dataclasses import replace

import numpy as np
import pytest

from rl_control.data.recording import Recording
from rl_control.data.stamps import evened

PERIOD = 0.005


def recording(measured, stamps=None):
    """Two joints that swing, measured at some times and stamped at others."""
    stamps = measured if stamps is None else stamps
    rates = np.array([5.0, 3.0])
    return Recording(
        names=("a", "b"),
        state_times=stamps,
        positions=np.sin(np.outer(measured, rates)),
        velocities=rates * np.cos(np.outer(measured, rates)),
        command_times=stamps[:-1],
        efforts=np.zeros((len(stamps) - 1, 2)),
        source="test",
    )


def jitter(count, seed=0, size=0.6):
    """In [s]; stamps that carry it still increase."""
    return size * PERIOD * np.random.default_rng(seed).random(count)


def test_when_only_the_stamps_are_uneven_expect_when_states_were_measured():
    measured = PERIOD * np.arange(400)
    found = evened(recording(measured, measured + jitter(400)))
    spans = np.diff(found.state_times)
    assert np.ptp(spans) < 1e-12
    assert spans[0] == pytest.approx(PERIOD, rel=0.01)
    np.testing.assert_allclose(found.command_times, found.state_times[:-1], atol=1e-12)


def test_when_states_were_measured_unevenly_expect_their_stamps_kept():
    measured = PERIOD * np.arange(400) + jitter(400)
    given = recording(measured)
    assert evened(given) is given


def test_when_noise_hides_the_difference_expect_the_stamps_kept():
    measured = PERIOD * np.arange(400)
    given = recording(measured, measured + jitter(400))
    noise = 0.05 * np.random.default_rng(1).standard_normal((400, 2))
    given = replace(given, positions=given.positions + noise)
    assert evened(given) is given


def test_when_states_were_lost_expect_none_to_be_pulled_over_the_hole():
    measured = PERIOD * np.delete(np.arange(400), slice(50, 380, 10))
    given = recording(measured, measured + jitter(len(measured), size=0.1))
    assert evened(given) is given


def test_when_there_is_a_gap_expect_it_to_stay_as_long_as_the_stamps_say():
    measured = PERIOD * np.concatenate([np.arange(200), np.arange(300, 500)])
    stamps = measured + jitter(400)
    found = evened(recording(measured, stamps))
    spans = np.diff(found.state_times)
    assert spans[199] == pytest.approx(stamps[200] - stamps[199])
    assert np.ptp(np.delete(spans, 199)) < 1e-12


def test_when_commands_have_stamps_of_their_own_expect_them_to_stay_between_the_same_states():
    measured = PERIOD * np.arange(400)
    stamps = 7.0 + measured + jitter(400)
    given = recording(measured, stamps)
    times = np.concatenate([[6.9], 0.5 * (stamps[1:] + stamps[:-1]), [stamps[-1] + 0.1]])
    given = replace(given, command_times=times, efforts=np.zeros((len(times), 2)))
    found = evened(given)
    assert (np.diff(found.command_times) > 0.0).all()
    places = np.searchsorted(found.state_times, found.command_times)
    np.testing.assert_array_equal(places, np.searchsorted(stamps, times))
    assert found.command_times[0] == pytest.approx(6.9)
    assert found.command_times[-1] - found.state_times[-1] == pytest.approx(0.1)


def test_when_there_is_too_little_to_tell_expect_the_stamps_kept():
    measured = PERIOD * np.arange(10)
    for given in (
        recording(measured, measured + jitter(10)),
        recording(measured[:1]),
        replace(recording(PERIOD * np.arange(100)), velocities=None),
    ):
        assert evened(given) is given
