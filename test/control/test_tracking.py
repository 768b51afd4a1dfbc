"""Following wanted accelerations with a model, with a wrong one, and with none."""

import numpy as np
import pytest

from rl_control.control.apparent_inertia import ApparentInertia
from rl_control.control.tracking import IncrementalTracker
from rl_control.types import JointLimits, JointState

PERIOD = 0.005
LIMITS = JointLimits(
    ("heavy", "light"),
    lower=np.full(2, -3.0),
    upper=np.full(2, 3.0),
    velocity=np.array([5.0, 5.0]),
    effort=np.array([100.0, 100.0]),
)
INERTIA = np.array([2.0, 0.01])
PULL = np.array([15.0, -0.3])  # of gravity, N m


def state(q, v, stamp):
    return JointState(LIMITS.names, q, v, np.zeros(2), stamp)


def follow(tracker, seconds, aim, inertia=INERTIA, pull=PULL, noise=0.0, friction=0.0):
    """Drive two masses to `aim`(t) -> q; return positions and efforts, [T, 2] each."""
    rng = np.random.default_rng(0)
    q, v = np.array(aim(0.0)), np.zeros(2)
    positions, efforts = [], []
    for k in range(round(seconds / PERIOD)):
        wanted = 64.0 * (aim(k * PERIOD) - q) - 16.0 * v + noise * rng.standard_normal(2)
        u = tracker.effort(state(q, v, k * PERIOD), wanted)
        push = u - pull
        # Coulomb friction holds a joint that rests, and brakes one that moves.
        stuck = (np.abs(v) < 1e-12) & (np.abs(push) <= friction)
        brake = np.where(stuck, push, friction * np.sign(np.where(v == 0.0, push, v)))
        faster = v + PERIOD * (push - brake) / inertia
        v = np.where((friction > 0.0) & (faster * v < 0.0), 0.0, faster)
        q = q + PERIOD * v
        positions.append(q)
        efforts.append(u)
    return np.array(positions), np.array(efforts)


def model(inertia, pull):
    return lambda q, v, a: inertia * a + pull


def test_when_the_model_is_right_expect_its_efforts_at_once():
    tracker = IncrementalTracker(LIMITS, 0.02, model(INERTIA, PULL))
    still = np.zeros(2)
    np.testing.assert_allclose(tracker.effort(state(still, still, 0.0), still), PULL)
    positions, efforts = follow(tracker, 1.0, lambda t: np.zeros(2))
    np.testing.assert_allclose(positions, 0.0, atol=1e-12)
    np.testing.assert_allclose(efforts, np.tile(PULL, (200, 1)), atol=1e-9)


def test_when_the_models_gravity_is_wrong_expect_no_lasting_error():
    tracker = IncrementalTracker(LIMITS, 0.02, model(INERTIA, np.zeros(2)))
    positions, efforts = follow(tracker, 3.0, lambda t: np.zeros(2))
    assert np.abs(positions).max() > 1e-3
    np.testing.assert_allclose(positions[-1], 0.0, atol=1e-6)
    np.testing.assert_allclose(efforts[-1], PULL, rtol=1e-5)


@pytest.mark.parametrize(("factor", "stable"), [(0.2, True), (15.0, True), (40.0, False)])
def test_when_the_inertia_is_taken_for_another_expect_it_borne_within_bounds(factor, stable):
    tracker = IncrementalTracker(LIMITS, 0.02, model(factor * INERTIA, PULL))
    positions, _ = follow(tracker, 3.0, lambda t: np.array([0.0 if t < 0.1 else 1e-3] * 2))
    assert (np.abs(positions[-100:] - 1e-3).max() < 1e-4) == stable


def test_when_nothing_is_known_expect_heavy_and_light_joints_followed():
    tracker = IncrementalTracker(LIMITS, 0.02)
    positions, _ = follow(tracker, 6.0, lambda t: np.array([0.3, 0.3]) * np.sin(t), noise=2.0)
    times = PERIOD * np.arange(1, len(positions) + 1)
    late = times > 1.0
    # A sine of 1 rad/s is followed at 8 rad/s without its acceleration: 16/64 s late.
    error = positions[late] - 0.3 * np.sin(times[late] - 0.25)[:, None]
    assert np.abs(error).max() < 0.05
    # The arm gave way to gravity, but not far.
    assert np.abs(positions[:200] - 0.3 * np.sin(times[:200])[:, None]).max() < 0.2


def test_when_a_limit_holds_an_effort_down_expect_no_windup():
    tracker = IncrementalTracker(LIMITS, 0.02, model(INERTIA, np.zeros(2)))
    positions, efforts = follow(tracker, 4.0, lambda t: np.zeros(2), pull=np.array([15.0, 0.0]))
    strong = np.array([130.0, 0.0])
    held, pushed = follow(
        IncrementalTracker(LIMITS, 0.02, model(INERTIA, np.zeros(2))),
        0.5, lambda t: np.zeros(2), pull=strong,
    )  # fmt: skip
    assert (np.abs(pushed) <= LIMITS.effort).all()
    assert held[-1, 0] < -0.1  # it falls
    np.testing.assert_allclose(positions[-1], 0.0, atol=1e-6)
    assert (np.abs(efforts) <= LIMITS.effort).all()


def test_when_the_same_state_comes_twice_expect_nothing_learned_from_it():
    still = np.zeros(2)
    tracker = IncrementalTracker(LIMITS, 0.02, model(INERTIA, PULL))
    tracker.effort(state(still, still, 0.0), still)
    again = tracker.effort(state(still, still, 0.0), still)
    np.testing.assert_allclose(again, PULL)


def test_when_reset_expect_the_same_efforts_as_at_first():
    tracker = IncrementalTracker(LIMITS, 0.02)
    first = follow(tracker, 0.5, lambda t: np.zeros(2), noise=2.0)[1]
    tracker.reset()
    np.testing.assert_array_equal(follow(tracker, 0.5, lambda t: np.zeros(2), noise=2.0)[1], first)


def coupled(seed, damping=0.0, seconds=2.0):
    """Move three coupled joints by noise in proportion to what is believed; return inertias."""
    limits = JointLimits(
        ("a", "b", "c"), *np.array([[-1.0] * 3, [1.0] * 3, [5.0] * 3, [100.0] * 3])
    )
    mass = np.array([[2.0, 0.4, 0.01], [0.4, 0.5, 0.01], [0.01, 0.01, 0.01]])
    rng, inertia = np.random.default_rng(seed), ApparentInertia(limits)
    v, u, quick, slow = np.zeros(3), np.zeros(3), np.zeros((3, 3)), np.zeros((3, 3))
    for _ in range(round(seconds / PERIOD)):
        u = 0.8 * u + inertia.value * rng.standard_normal(3) * 3.0
        after = np.linalg.solve(mass + PERIOD * damping * np.eye(3), mass @ v + PERIOD * u)
        answer = np.array([(after - v) / PERIOD, u, v])
        quick = quick + 0.2 * (answer - quick)
        slow = slow + 0.05 * (answer - slow)
        inertia.break_loose(after)
        acceleration, effort, velocity = quick - slow
        inertia.update(effort, velocity, acceleration, after, PERIOD)
        v = after
    effective = np.linalg.inv(mass + PERIOD * damping * np.eye(3))
    return inertia.value, 1.0 / np.diag(effective)


@pytest.mark.parametrize("seed", range(4))
def test_when_joints_are_coupled_expect_the_inertia_each_drive_feels(seed):
    found, true = coupled(seed)
    np.testing.assert_allclose(found, true, rtol=0.1)


def test_when_a_light_joint_moves_in_oil_expect_it_not_taken_for_a_heavy_one():
    found, true = coupled(0, damping=2.0)
    np.testing.assert_allclose(found, true, rtol=0.3)


def test_when_a_joint_that_answered_is_stuck_expect_what_was_learned_kept():
    inertia = ApparentInertia(LIMITS)
    rng = np.random.default_rng(0)
    for _ in range(200):
        u = inertia.value * rng.standard_normal(2)
        inertia.break_loose(np.ones(2))
        inertia.update(u, np.zeros(2), u / INERTIA, np.ones(2), PERIOD)
    known = inertia.value.copy()
    np.testing.assert_allclose(known, INERTIA, rtol=0.05)
    for _ in range(200):
        u = 10.0 * rng.standard_normal(2)
        inertia.break_loose(np.zeros(2))
        inertia.update(u, np.zeros(2), np.zeros(2), np.zeros(2), PERIOD)
    np.testing.assert_array_equal(inertia.value, known)


def test_when_a_joint_breaks_loose_before_it_ever_answered_expect_the_search_anew():
    inertia = ApparentInertia(LIMITS)
    still = np.zeros(2)
    for _ in range(60):
        assert not inertia.break_loose(still).any()
        inertia.update(still, still, still, still, PERIOD)
    heavy = inertia.value.copy()
    loose = inertia.break_loose(np.array([0.0, 1.0]))
    assert loose.tolist() == [False, True]
    assert inertia.value[0] == heavy[0]
    assert inertia.value[1] == pytest.approx(heavy[1] / 32.0)


@pytest.mark.parametrize("known", [None, model(INERTIA, PULL)])
def test_when_friction_holds_a_light_joint_expect_it_followed_without_a_jerk(known):
    tracker = IncrementalTracker(LIMITS, 0.02, known)
    positions, _ = follow(
        tracker, 6.0, lambda t: np.array([0.5, 0.5]) * np.sin(t), noise=2.0, friction=1.0
    )
    speed = np.abs(np.diff(positions, axis=0) / PERIOD)
    assert (speed.max(axis=0) < LIMITS.velocity).all()
    assert np.ptp(positions[:, 1]) > 0.5
