"""A slow, straight move: boundary conditions, derivatives, speed, checks."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rl_control.errors import PlantError
from rl_control.ros.joint_move import (
    LEAST_TIME,
    check_place,
    check_tracking,
    joint_move,
    tracking_effort,
)
from rl_control.types import JointLimits, JointState

NAMES = ("a", "b")
LIMITS = JointLimits(NAMES, [-3.0, -np.inf], [3.0, np.inf], [2.0, 4.0], [10.0, 10.0])
angle = st.floats(-3.0, 3.0)
places = st.tuples(angle, angle).map(np.array)


def state(q, v) -> JointState:
    return JointState(NAMES, q, v, np.zeros(2), 0.0)


@given(places, places)
def test_when_a_move_is_made_expect_rest_at_both_ends_and_no_joint_too_fast(start, goal):
    move = joint_move(start, goal, LIMITS, speed=0.1)
    for time, place in ((0.0, start), (move.duration, goal), (move.duration + 9.0, goal)):
        q, v, a = move.at(time)
        assert np.allclose(q, place) and np.allclose(v, 0.0) and np.allclose(a, 0.0)
    times = np.linspace(0.0, move.duration, 401)
    share = np.array([np.abs(move.at(t)[1]) / LIMITS.velocity for t in times])
    assert share.max() <= 0.1 * (1.0 + 1e-9)
    # It is as slow as it must be, and no slower.
    assert move.duration == LEAST_TIME or share.max() == pytest.approx(0.1, rel=1e-3)


@given(places, places, st.floats(0.0, 1.0))
def test_when_differentiated_expect_its_velocity_and_acceleration(start, goal, share):
    move = joint_move(start, goal, LIMITS, speed=0.5)
    h = 1e-5
    t = h + share * (move.duration - 2.0 * h)
    (q0, v0, _), (_, v, a), (q1, v1, _) = (move.at(t + k * h) for k in (-1, 0, 1))
    assert np.allclose((q1 - q0) / (2.0 * h), v, atol=1e-7)
    assert np.allclose((v1 - v0) / (2.0 * h), a, atol=1e-6)


@given(places, places)
def test_when_places_are_listed_expect_a_straight_line_of_small_steps_with_both_ends(start, goal):
    listed = np.array(list(joint_move(start, goal, LIMITS, speed=0.1).places()))
    assert np.allclose(listed[0], start) and np.allclose(listed[-1], goal)
    assert np.abs(np.diff(listed, axis=0)).max(initial=0.0) <= 0.05 + 1e-12
    way = goal - start
    off = (listed - start) @ np.array([-way[1], way[0]])
    assert np.allclose(off, 0.0, atol=1e-12)


def test_when_off_the_path_expect_the_error_to_decay_with_critical_damping():
    move = joint_move(np.zeros(2), np.array([1.0, -0.5]), LIMITS, speed=0.1)
    q, v, h = np.array([0.05, -0.02]), np.zeros(2), 1e-4
    mass = np.diag([2.0, 0.5])
    for k in range(4000):
        torque = tracking_effort(lambda q, v, a: mass @ a, move, k * h, state(q, v))
        v = v + h * np.linalg.solve(mass, torque)
        q = q + h * v
    t, w = 0.4, 20.0
    wanted = np.array([0.05, -0.02]) * (1.0 + w * t) * np.exp(-w * t)
    assert np.allclose(q - move.at(t)[0], wanted, atol=1e-4)


@pytest.mark.parametrize("wrong", [[3.1, 0.0], [-3.1, 0.0], [np.nan, 0.0], [0.0, np.inf]])
def test_when_a_place_is_outside_the_limits_expect_refusal(wrong):
    with pytest.raises(PlantError, match="move refused"):
        check_place(np.array(wrong), LIMITS)
    check_place(np.array([3.0, 100.0]), LIMITS)


def test_when_a_joint_is_off_its_path_expect_it_named():
    move = joint_move(np.zeros(2), np.ones(2), LIMITS, speed=0.1)
    on_path = move.at(2.0)[0]
    check_tracking(move, 2.0, state(on_path + np.array([0.0, 0.04]), np.zeros(2)), tolerance=0.05)
    for off in (0.06, -0.06, np.nan):
        with pytest.raises(PlantError, match="b is"):
            check_tracking(
                move, 2.0, state(on_path + np.array([0.0, off]), np.zeros(2)), tolerance=0.05
            )
