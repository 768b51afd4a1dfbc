"""Random motions: within their bounds, smooth, from where the arm is, and away from collisions."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rl_control.control.excite_references import motion_bounds, random_motion
from rl_control.control.excite_settings import RANDOM, SINES, TARGETS, ExcitationConfig
from rl_control.control.harmonics import few_harmonics, harmonic_motion
from rl_control.control.motion import Approached, Move, quickest, smooth_step
from rl_control.control.waypoints import random_waypoints
from rl_control.errors import ConfigError
from rl_control.types import JointLimits

LIMITS = JointLimits(
    ("a", "b", "c"),
    lower=np.array([-2.9, -0.1, -np.inf]),
    upper=np.array([2.9, 3.8, np.inf]),
    velocity=np.array([10.0, 0.5, 2.0]),
    effort=np.array([300.0, 12.0, 8.0]),
)
KINDS = (SINES, RANDOM, TARGETS)
START = np.array([0.3, 1.0, 7.0])

seeds = st.integers(0, 2**32 - 1)
kinds = st.sampled_from(KINDS)
starts = st.tuples(st.floats(-2.9, 2.9), st.floats(-0.1, 3.8), st.floats(-50, 50)).map(np.array)


def path(motion, times):
    points = [motion.at(float(time)) for time in times]
    return (np.array([getattr(point, what) for point in points]) for what in "qva")


@given(seed=seeds, kind=kinds, start=starts, share=st.floats(0.05, 0.9))
def test_when_a_motion_is_drawn_expect_it_within_its_shares_of_the_limits(seed, kind, start, share):
    config = ExcitationConfig(kind=kind, range_share=share, speed_share=share)
    motion = random_motion(start, LIMITS, config, np.random.default_rng(seed))
    q, v, _ = path(motion, np.linspace(0.0, 60.0, 601))
    # A start outside the middle of the range is left for it, and not returned to.
    bounds = motion_bounds(start, LIMITS, config)
    assert (q >= np.minimum(bounds.lower, start) - 1e-9).all()
    assert (q <= np.maximum(bounds.upper, start) + 1e-9).all()
    assert (q >= LIMITS.lower).all() and (q <= LIMITS.upper).all()
    assert (np.abs(v) <= share * LIMITS.velocity * (1.0 + 1e-9)).all()
    later = motion.approach.duration + np.linspace(0.0, 40.0, 401)
    q, _, _ = path(motion, later)
    assert (q >= bounds.lower - 1e-9).all() and (q <= bounds.upper + 1e-9).all()


@given(seed=seeds, kind=kinds, start=starts)
def test_when_a_motion_begins_expect_it_at_rest_where_the_arm_is(seed, kind, start):
    config = ExcitationConfig(kind=kind)
    first = random_motion(start, LIMITS, config, np.random.default_rng(seed)).at(0.0)
    np.testing.assert_allclose(first.q, start, atol=1e-9)
    np.testing.assert_allclose(first.v, 0.0, atol=1e-9)
    np.testing.assert_allclose(first.a, 0.0, atol=1e-9)


@given(seed=seeds, kind=kinds, start=starts, time=st.floats(1e-3, 60.0))
def test_when_a_motion_goes_on_expect_its_rates_to_be_those_of_its_positions(
    seed, kind, start, time
):
    motion = random_motion(start, LIMITS, ExcitationConfig(kind=kind), np.random.default_rng(seed))
    step = 1e-5
    before, here, after = (motion.at(time + s) for s in (-step, 0.0, step))
    # Within a second of a bound on the jerk; minimum-jerk moves change it where they meet.
    speed = 0.3 * LIMITS.velocity
    np.testing.assert_array_less(
        np.abs((after.q - before.q) / (2 * step) - here.v), 1e-4 * speed + 1e-9
    )
    np.testing.assert_array_less(
        np.abs((after.v - before.v) / (2 * step) - here.a), 5e-2 * speed + 1e-9
    )


@given(seed=seeds, kind=st.sampled_from((SINES, RANDOM)))
def test_when_harmonics_are_at_their_quickest_expect_no_more_than_bernstein_allows(seed, kind):
    rng, config = np.random.default_rng(seed), ExcitationConfig(kind=kind)
    motion = random_motion(START, LIMITS, config, rng).motion
    _, v, a = path(motion, np.linspace(0.0, config.period, 801))
    top = 2.0 * np.pi * config.frequency
    assert (np.abs(a) <= top * config.speed_share * LIMITS.velocity * (1.0 + 1e-9)).all()
    # And either the range or the speed is used up.
    q, _, _ = path(motion, np.linspace(0.0, config.period, 801))
    bounds = motion_bounds(START, LIMITS, config)
    used = np.maximum(
        np.ptp(q, axis=0) / (bounds.upper - bounds.lower), np.abs(v).max(axis=0) / bounds.speed
    )
    np.testing.assert_allclose(used, 1.0, atol=0.03)


def test_when_harmonics_are_chosen_expect_as_many_a_joint_as_asked_for():
    weights = few_harmonics(4, 10, 50, np.random.default_rng(0))
    assert weights.shape == (10, 50)
    assert ((weights > 0.0).sum(axis=0) == 4).all()
    assert ((weights > 0.0).any(axis=1)).all()  # over many joints, each frequency occurs
    assert (few_harmonics(9, 3, 5, np.random.default_rng(0)) > 0.0).all()


def test_when_the_period_is_over_expect_harmonics_to_repeat():
    config = ExcitationConfig()
    bounds = motion_bounds(START, LIMITS, config)
    motion = harmonic_motion(np.ones((6, 3)), 20.0, START, bounds, np.random.default_rng(0))
    for time in (0.0, 3.3, 11.1):
        np.testing.assert_allclose(motion.at(time).q, motion.at(time + 20.0).q, atol=1e-12)
    assert np.linalg.norm(motion.at(3.3).q - motion.at(13.3).q) > 1e-3


def test_when_waypoints_follow_expect_rest_at_each_and_the_first_after_the_last():
    config = ExcitationConfig()
    bounds = motion_bounds(START, LIMITS, config)
    motion = random_waypoints(20.0, START, bounds, np.random.default_rng(0))
    assert motion.ends[-1] >= 20.0
    for move, end in zip(motion.moves, motion.ends, strict=True):
        here = motion.at(end - 1e-9)
        np.testing.assert_allclose(here.q, move.end, atol=1e-6)
        np.testing.assert_allclose(here.v, 0.0, atol=1e-6)
    np.testing.assert_allclose(motion.moves[-1].end, motion.moves[0].start)
    np.testing.assert_allclose(motion.at(motion.ends[-1] + 1.0).q, motion.at(1.0).q)


@given(
    start=starts,
    end=starts,
    speed=st.floats(0.01, 10.0),
    acceleration=st.floats(0.01, 100.0),
)
def test_when_a_move_is_the_quickest_expect_one_joint_at_a_bound(start, end, speed, acceleration):
    config = ExcitationConfig()
    bounds = motion_bounds(start, LIMITS, config)
    object.__setattr__(bounds, "speed", np.full(3, speed))
    object.__setattr__(bounds, "acceleration", np.full(3, acceleration))
    move = quickest(start, end, bounds)
    if move.duration < 1e-6:
        return
    _, v, a = path(move, np.linspace(0.0, move.duration, 2001))
    used = max(np.abs(v).max() / speed, np.abs(a).max() / acceleration)
    assert used == pytest.approx(1.0, rel=1e-3)


@pytest.mark.parametrize("share", [0.0, 0.2, 0.5, 0.9, 1.0])
def test_when_a_step_is_smooth_expect_the_minimum_jerk_polynomial(share):
    polynomial = np.polynomial.Polynomial([0, 0, 0, 10, -15, 6])
    expected = [polynomial.deriv(k)(share) if k else polynomial(share) for k in range(3)]
    np.testing.assert_allclose(smooth_step(share), expected, atol=1e-12)


def test_when_a_motion_gets_going_expect_its_path_unchanged():
    still = np.zeros(1)

    class Ramp:
        def at(self, time):
            return Move(still, np.ones(1), 100.0).at(50.0 + time)

    ramp = Ramp()
    motion = Approached(Move(still, ramp.at(0.0).q, 2.0), ramp, rise=1.0)
    # After the rise it is half a rise late.
    np.testing.assert_allclose(motion.at(7.0).q, ramp.at(4.5).q, atol=1e-12)
    np.testing.assert_allclose(motion.at(7.0).v, ramp.at(4.5).v, atol=1e-12)


@pytest.mark.parametrize("kind", KINDS)
def test_when_the_seed_is_the_same_expect_the_same_motion_and_else_another(kind):
    config = ExcitationConfig(kind=kind)

    def drawn(seed):
        motion = random_motion(START, LIMITS, config, np.random.default_rng(seed))
        return np.array([motion.at(time).q for time in (1.0, 4.0, 9.0)])

    np.testing.assert_array_equal(drawn(1), drawn(1))
    assert np.abs(drawn(1) - drawn(2)).max() > 0.01


@pytest.mark.parametrize("kind", KINDS)
def test_when_a_wall_is_near_expect_a_motion_that_stays_clear_of_it(kind):
    config, times = ExcitationConfig(kind=kind), np.arange(0.0, 20.0, 0.1)

    def first_joint(seed, collides=None):
        motion = random_motion(START, LIMITS, config, np.random.default_rng(seed), collides)
        return np.array([motion.at(float(time)).q[0] for time in times])

    seeds_into_it = [seed for seed in range(8) if first_joint(seed).max() > 0.5]
    assert len(seeds_into_it) > 3
    for seed in seeds_into_it:
        q = first_joint(seed, lambda q: bool(q[0] > 0.5))
        assert q.max() <= 0.5 + 1e-3  # it is looked at now and then only
        assert np.ptp(q) > 0.02


def test_when_everything_collides_expect_a_refusal_that_names_the_start():
    with pytest.raises(ConfigError, match=r"\[0.3, 1.0, 7.0\] collides"):
        random_motion(START, LIMITS, ExcitationConfig(), np.random.default_rng(0), lambda q: True)
