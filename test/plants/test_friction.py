"""Coulomb friction on coupled joints: sticking, sliding, and nothing in between."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rl_control.plants.friction import rubbed


@given(st.integers(0, 10_000))
def test_when_joints_are_rubbed_expect_each_to_stick_or_to_slide_against_full_friction(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 8))
    root = rng.normal(size=(n, n))
    response = root @ root.T + 0.1 * np.eye(n)
    speed, friction = 3.0 * rng.normal(size=n), rng.random(n)
    left = rubbed(speed, response, friction)
    effort = np.linalg.solve(response, speed - left)
    assert (np.abs(effort) <= friction + 1e-6).all()
    sliding = np.abs(left) > 1e-6
    assert np.allclose(effort[sliding], (friction * np.sign(left))[sliding], atol=1e-6)


def test_when_there_is_no_friction_expect_the_speeds_unchanged():
    speed = np.array([1.0, -2.0])
    assert np.array_equal(rubbed(speed, np.eye(2), np.zeros(2)), speed)
