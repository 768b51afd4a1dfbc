"""What a policy sees."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from rl_control.errors import UnknownNameError
from rl_control.policy.observation import PARTS, ObservationLayout, goal_rows
from rl_control.types import Array, Goal

NAMES = ("a", "b")


def tip(q: Array) -> tuple[Array, Array]:
    """A tip that turns with the joints."""
    turns = Rotation.from_rotvec(np.column_stack([q, q.sum(axis=1)])).as_matrix()
    return np.column_stack([np.cos(q), q.sum(axis=1)]), turns


def test_when_all_parts_are_seen_expect_each_in_its_place() -> None:
    q, v = np.array([[0.1, -0.2]]), np.array([[0.3, 0.4]])
    wanted = Rotation.from_rotvec([0.2, 0.1, -0.3])
    goal = Goal(np.array([0.5, 0.6, 0.7]), np.array([1.0, 2.0]), wanted.as_matrix())
    layout = ObservationLayout(NAMES, PARTS)
    o = layout.of(q, v, goal_rows([goal]), tip)
    position, rotation = tip(q)
    error = (wanted * Rotation.from_matrix(rotation[0]).inv()).as_rotvec()
    expected = [q, v, [goal.posture], goal.posture - q, position, [goal.position]]
    np.testing.assert_allclose(
        o, np.hstack([*expected, goal.position - position, [error]]), atol=1e-12
    )
    assert o.shape == (1, layout.size)


@given(st.lists(st.floats(-1.5, 1.5), min_size=6, max_size=6))
def test_when_rotations_differ_expect_the_rotation_vector(numbers: list[float]) -> None:
    q = np.array([numbers[:2]])
    wanted = Rotation.from_rotvec(0.6 * np.array(numbers[3:]))
    goal = Goal(np.zeros(3), np.zeros(2), wanted.as_matrix())
    o = ObservationLayout(NAMES, ("orientation_error",)).of(q, q, goal_rows([goal]), tip)
    expected = (wanted * Rotation.from_matrix(tip(q)[1][0]).inv()).as_rotvec()
    if np.linalg.norm(expected) < 3.0:  # at half a turn the vector is not unique
        np.testing.assert_allclose(o[0], expected, atol=1e-6)


def test_when_the_goal_leaves_the_rotation_free_expect_no_error_of_it() -> None:
    goal = Goal(np.zeros(3), np.zeros(2))
    q = np.array([[0.4, 0.5]])
    o = ObservationLayout(NAMES, ("orientation_error",)).of(q, q, goal_rows([goal]), tip)
    np.testing.assert_array_equal(o, np.zeros((1, 3)))


def test_when_no_part_needs_the_tip_expect_it_not_to_be_asked() -> None:
    def never(q: Array) -> tuple[Array, Array]:
        raise AssertionError

    layout = ObservationLayout(NAMES, ("position", "velocity", "posture_error", "target"))
    q = np.ones((4, 2))
    assert layout.of(q, q, goal_rows([Goal(np.ones(3), np.ones(2))]), never).shape == (4, 9)


def test_when_a_part_is_unknown_expect_what_there_is() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'velocity'"):
        ObservationLayout(NAMES, ("velocty",))
