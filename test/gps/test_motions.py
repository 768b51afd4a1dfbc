"""Rollouts in steps of the task, and what cannot be made into them."""

import numpy as np
import pytest

from rl_control.errors import DataError, JointMismatchError, NonFiniteError
from rl_control.gps.motions import gathered, in_steps
from rl_control.types import Trajectory

NAMES = ("a", "b")


def trajectory(ticks=40, names=NAMES, period=0.005, seed=0):
    rng = np.random.default_rng(seed)
    times = period * np.arange(ticks + 1)
    return Trajectory(names, times, rng.normal(size=(ticks + 1, 4)), rng.normal(size=(ticks, 2)))


def test_when_ticks_are_short_expect_every_fourth_state_and_the_mean_effort_between():
    one = trajectory()
    states, controls = in_steps(one, NAMES, 0.02, 10)
    np.testing.assert_array_equal(states, one.states[::4])
    np.testing.assert_allclose(controls[3], one.controls[12:16].mean(axis=0))
    assert (states.shape, controls.shape) == ((11, 4), (10, 2))


def test_when_a_rollout_is_longer_than_the_task_expect_the_rest_left_out():
    one = trajectory(ticks=57)
    states, controls = in_steps(one, NAMES, 0.02, 10)
    np.testing.assert_array_equal(states[-1], one.states[40])
    assert len(controls) == 10


def test_when_rollouts_come_back_expect_those_of_a_condition_together():
    many = [trajectory(seed=k) for k in range(6)]
    found = gathered(many, 2, NAMES, 0.02, 10)
    assert found.states.shape == (2, 3, 11, 4)
    np.testing.assert_array_equal(found.states[1, 0], many[3].states[::4])
    np.testing.assert_array_equal(found.controls[0, 2], in_steps(many[2], NAMES, 0.02, 10)[1])


def test_when_rollouts_cannot_be_used_expect_refusal():
    with pytest.raises(DataError, match=r"ended after 0\.195 s of 0\.200 s"):
        in_steps(trajectory(ticks=39), NAMES, 0.02, 10)
    with pytest.raises(DataError, match=r"0\.005 s apart do not make steps of 0\.012 s"):
        in_steps(trajectory(), NAMES, 0.012, 10)
    with pytest.raises(JointMismatchError, match="missing joint"):
        in_steps(trajectory(), ("a", "c"), 0.02, 10)
    with pytest.raises(DataError, match="5 came back for 2 conditions"):
        gathered([trajectory()] * 5, 2, NAMES, 0.02, 10)
    with pytest.raises(DataError, match="0 came back"):
        gathered([], 2, NAMES, 0.02, 10)
    bad = trajectory()
    bad.controls[13, 1] = np.nan
    with pytest.raises(NonFiniteError, match="step 3"):
        in_steps(bad, NAMES, 0.02, 10)
