"""Resampling against motions and efforts known in closed form."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rl_control.data.recording import Recording
from rl_control.data.resample import resample
from rl_control.errors import DataError

NAMES = ("a", "b")
OMEGA = np.array([4.0, 7.0])  # [rad/s]
AMPLITUDE = np.array([1.0, 0.3])


def stamps(duration, period, rng, jitter=0.3):
    """Stamps about `period` apart, each late or early by up to `jitter` periods."""
    count = round(duration / period)
    times = period * (np.arange(count) + rng.uniform(-jitter, jitter, count))
    return times - times[0]


def sine(times):
    phase = np.multiply.outer(times, OMEGA)
    return AMPLITUDE * np.sin(phase), AMPLITUDE * OMEGA * np.cos(phase)


def recorded(times, q, v=None, command_times=None, efforts=None):
    if command_times is None:
        command_times = np.arange(times[0], times[-1] + 0.05, 0.05)
    if efforts is None:
        efforts = np.zeros((len(command_times), 2))
    return Recording(NAMES, times, q, v, np.asarray(command_times), np.asarray(efforts), "test")


def errors(period, with_velocity, seed=0):
    """Worst error of position and of velocity of a jittered sine, and the greatest period."""
    times = stamps(4.0, period, np.random.default_rng(seed))
    q, v = sine(times)
    data = resample(recorded(times, q, v if with_velocity else None), 0.01).data
    assert data.size > 350
    position, velocity = sine(data.times)
    off = np.abs(data.states - np.hstack([position, velocity]))
    return off[:, :2].max(axis=0), off[:, 2:].max(axis=0), np.diff(times).max()


@pytest.mark.parametrize("seed", range(5))
def test_when_velocities_are_there_expect_positions_within_hermites_bound(seed):
    position, velocity, h = errors(0.02, True, seed)
    # |error| <= h^4 / 384 max |q''''|, the bound of cubic Hermite interpolation.
    assert (position <= 1.0001 * h**4 / 384.0 * AMPLITUDE * OMEGA**4).all()
    assert (velocity <= h**3 * AMPLITUDE * OMEGA**4).all()


@pytest.mark.parametrize(("with_velocity", "orders"), [(True, (3.6, 2.6)), (False, (3.6, 2.6))])
def test_when_states_come_more_often_expect_the_order_of_accuracy(with_velocity, orders):
    coarse, fine = errors(0.02, with_velocity), errors(0.005, with_velocity)
    for which, order in enumerate(orders):
        gained = np.log(coarse[which] / fine[which]) / np.log(coarse[2] / fine[2])
        assert (gained > order).all()


def test_when_velocities_are_missing_expect_them_from_positions():
    position, velocity, _ = errors(0.01, False)
    assert (position < 2e-5).all()
    assert (velocity < 1e-3 * AMPLITUDE * OMEGA).all()


def test_when_positions_are_noisy_expect_less_noise_in_velocities_than_differences_give():
    rng = np.random.default_rng(1)
    times = stamps(20.0, 0.01, rng)
    q, v = sine(times)
    noisy = q + 1e-4 * rng.normal(size=q.shape)
    data = resample(recorded(times, noisy), 0.01).data
    fitted = np.std(data.states[:, 2:] - sine(data.times)[1], axis=0)
    differences = np.std(np.gradient(noisy, times, axis=0) - v, axis=0)
    assert (fitted < 0.7 * differences).all()


@given(seed=st.integers(0, 2**32 - 1), dt=st.floats(0.004, 0.05), given_v=st.booleans())
def test_when_motion_is_a_cubic_expect_it_exactly(seed, dt, given_v):
    rng = np.random.default_rng(seed)
    times = stamps(0.5, 0.01, rng, jitter=0.45)
    factors = rng.uniform(-1.0, 1.0, (4, 2))
    curve = [np.polynomial.Polynomial(factors[:, joint]) for joint in range(2)]
    q = np.stack([p(times) for p in curve], axis=1)
    v = np.stack([p.deriv()(times) for p in curve], axis=1)
    data = resample(recorded(times, q, v if given_v else None), dt, greatest_gap=0.05).data
    for rows, at in ((data.states, data.times), (data.next_states, data.times + dt)):
        wanted = [p(at) for p in curve] + [p.deriv()(at) for p in curve]
        np.testing.assert_allclose(rows, np.stack(wanted, axis=1), rtol=0.0, atol=1e-9)
    np.testing.assert_allclose(np.diff(data.times), dt, rtol=1e-9)
    assert data.times[0] == times[0]


def held_mean(times, efforts, begin, end):
    """Time average of a held effort, added up command by command."""
    until = [*times[1:], np.inf]
    shares = [
        max(0.0, min(end, stop) - max(begin, start))
        for start, stop in zip(times, until, strict=True)
    ]
    return np.array(shares) @ efforts / (end - begin)


@given(
    pauses=st.lists(st.floats(1e-4, 0.09), min_size=5, max_size=60),
    dt=st.floats(0.003, 0.05),
    seed=st.integers(0, 2**32 - 1),
)
def test_when_efforts_are_held_expect_their_exact_time_average(pauses, dt, seed):
    rng = np.random.default_rng(seed)
    command_times = np.cumsum([-0.01, *pauses])
    efforts = rng.uniform(-50.0, 50.0, (len(command_times), 2))
    times = np.arange(0.0, command_times[-1] + 0.05, 0.01)
    result = resample(recorded(times, *sine(times), command_times, efforts), dt)
    data = result.data
    assert not result.dropped
    assert data.size == int(times[-1] / dt + 1e-6)
    for begin, control in zip(data.times, data.controls, strict=True):
        wanted = held_mean(command_times, efforts, begin, begin + dt)
        np.testing.assert_allclose(control, wanted, rtol=0.0, atol=1e-9)


def even(duration=1.0, period=0.01):
    times = period * np.arange(round(duration / period) + 1)
    return times, *sine(times)


def test_when_there_is_no_command_yet_expect_those_intervals_left_out():
    times, q, v = even()
    result = resample(recorded(times, q, v, np.arange(0.205, 1.1, 0.05)), 0.01)
    assert result.dropped == {"no_command_yet": 21}
    assert result.data.times[0] == pytest.approx(0.21)
    nothing = resample(recorded(times, q, v, np.empty(0), np.empty((0, 2))), 0.01)
    assert nothing.dropped == {"no_command_yet": 100}
    assert nothing.data.size == 0


@pytest.mark.parametrize("shift", [0.0, 1e-10, -1e-10, 0.003])
def test_when_commands_pause_expect_a_hole_and_right_averages_on_both_sides(shift):
    times, q, v = even()
    command_times = shift + np.array([-0.05, 0.05, 0.1, 0.15, 0.2, 0.5, 0.6, 0.7, 0.8, 0.9])
    efforts = np.arange(10.0)[:, None] * [1.0, -1.0]
    result = resample(recorded(times, q, v, command_times, efforts), 0.01, greatest_hold=0.11)
    first = 20
    after = 50 if shift < 1e-9 else 51  # rounding costs no interval
    assert result.dropped == {"command_gap": after - first}
    left = [*range(first), *range(after, 100)]
    np.testing.assert_allclose(result.data.times, 0.01 * np.array(left), atol=1e-12)
    for begin, control in zip(result.data.times, result.data.controls, strict=True):
        wanted = held_mean(command_times, efforts, begin, begin + 0.01)
        np.testing.assert_allclose(control, wanted, rtol=0.0, atol=1e-7)
    assert len(result.data.windows(10, 1)) == (first - 9) + (100 - after - 9)


def test_when_commands_end_early_expect_what_follows_left_out():
    times, q, v = even()
    result = resample(recorded(times, q, v, np.arange(0.0, 0.6, 0.05)), 0.01)
    assert result.dropped == {"command_gap": 45}
    assert result.data.times[-1] + 0.01 == pytest.approx(0.55)
    # As long as it is held at most, the last command is as good as the others.
    assert not resample(recorded(times, q, v, np.arange(0.0, 0.93, 0.05)), 0.01).dropped


@pytest.mark.parametrize("with_velocity", [True, False])
def test_when_states_pause_expect_a_hole_and_no_state_from_across_it(with_velocity):
    times, q, v = even()
    kept = (times <= 0.3001) | (times >= 0.3999)
    q[times > 0.35] += 2.0  # moved by hand meanwhile: interpolating across would show
    whole = recorded(times[kept], q[kept], v[kept] if with_velocity else None)
    result = resample(whole, 0.01)
    assert result.dropped == {"state_gap": 10}
    assert result.data.size == 90
    moved = np.where(result.data.times > 0.35, 2.0, 0.0)[:, None]
    off = result.data.states[:, :2] - moved - sine(result.data.times)[0]
    assert np.abs(off).max() < 2e-5
    assert len(result.data.windows(30)) == 3
    assert not resample(whole, 0.01, greatest_gap=0.11).dropped


def test_when_two_periods_are_lost_expect_no_hole_by_default():
    times, q, v = even()
    kept = np.ones(len(times), dtype=bool)
    kept[[40, 41, 60, 61, 62]] = False
    result = resample(recorded(times[kept], q[kept], v[kept]), 0.01, greatest_gap=0.0301)
    assert result.dropped == {"state_gap": 4}
    kept[[60, 61, 62]] = True
    assert not resample(recorded(times[kept], q[kept], v[kept]), 0.01, greatest_gap=None).dropped


def test_when_a_stretch_is_too_short_to_fit_expect_it_left_out():
    times, q, _ = even()
    kept = (times < 0.495) | (times > 0.915)  # leaves nine states at the end
    result = resample(recorded(times[kept], q[kept]), 0.01)
    assert result.dropped == {"state_gap": 43}
    kept &= times < 0.995  # leaves eight
    result = resample(recorded(times[kept], q[kept]), 0.01)
    assert result.data.times[-1] < 0.5
    assert result.dropped == {"state_gap": 50}


def test_when_one_stamp_is_centuries_away_expect_only_a_long_hole():
    times, q, v = even()
    times = times + np.where(np.arange(len(times)) < 50, 0.0, 1.7e9)
    command_times = np.concatenate([np.arange(0.0, 0.5, 0.05), 1.7e9 + np.arange(0.5, 1.0, 0.05)])
    efforts = np.full((20, 2), 3.0)
    result = resample(recorded(times, q, v, command_times, efforts), 0.02)
    assert result.data.size >= 45
    np.testing.assert_allclose(result.data.controls, 3.0, rtol=0.0, atol=1e-9)
    total = result.data.size + sum(result.dropped.values())
    assert total == pytest.approx((times[-1] - times[0]) / 0.02, abs=1.0)


@pytest.mark.parametrize("dt", [0.005, 0.01, 0.02, 0.033])
def test_when_resampled_expect_every_interval_kept_or_counted(dt):
    rng = np.random.default_rng(3)
    times = stamps(3.0, 0.008, rng)
    times = times[rng.uniform(size=len(times)) > 0.3]
    command_times = np.sort(rng.uniform(0.1, 2.9, 60))
    result = resample(recorded(times, *sine(times), command_times), dt)
    assert min(result.dropped.values()) > 0
    assert result.dropped.keys() == {"state_gap", "no_command_yet", "command_gap"}
    assert result.data.size + result.dropped.total() == int((times[-1] - times[0]) / dt + 1e-6)
    ticks = (result.data.times - times[0]) / dt
    np.testing.assert_allclose(ticks, np.rint(ticks), rtol=0.0, atol=1e-9)
    assert result.data.sources == ("test",)


@pytest.mark.parametrize("count", [0, 1])
def test_when_there_are_no_two_states_expect_no_transition(count):
    q = np.zeros((count, 2))
    whole = Recording(NAMES, np.zeros(count), q, q, np.zeros(1), np.zeros((1, 2)), "test")
    result = resample(whole, 0.01)
    assert result.data.size == 0
    assert not result.dropped


@pytest.mark.parametrize("late", [0.0, -0.01])
def test_when_stamps_do_not_increase_expect_refusal(late):
    times, q, v = even()
    times[7] = times[6] + late
    with pytest.raises(DataError, match=r"1 of its state_times .* first is number 7.*clean"):
        resample(recorded(times, q, v), 0.01)
    with pytest.raises(DataError, match=r"1 of its command_times .* first is number 7"):
        resample(recorded(*even(), times, np.zeros((len(times), 2))), 0.01)
