"""A goal that is told is read back to the bit."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rl_control.robot.quaternions import rotation_from_quaternion
from rl_control.run.goal_told import FREE, goal_as_told, goal_of
from rl_control.types import Goal

PARTS = st.tuples(*[st.floats(-1.0, 1.0)] * 4).filter(lambda q: np.linalg.norm(q) > 0.1)


@given(PARTS)
def test_when_a_rotation_is_told_expect_the_same_bits_by_every_reader(parts):
    rotation = rotation_from_quaternion(np.array(parts) / np.linalg.norm(parts), "test")
    goal = Goal(np.array([0.1, 0.2, 0.3]), np.zeros(2), rotation)
    told, quaternion = goal_as_told(goal)
    np.testing.assert_allclose(told.rotation, rotation, atol=1e-12)
    read = goal_of(told.position, quaternion, told.posture)
    np.testing.assert_array_equal(read.rotation, told.rotation)


def test_when_the_rotation_is_free_expect_it_free():
    goal = Goal(np.zeros(3), np.zeros(2))
    told, quaternion = goal_as_told(goal)
    assert told is goal
    np.testing.assert_array_equal(quaternion, FREE)
    assert goal_of(told.position, None, told.posture).rotation is None
