"""Motion of which states were passed over, brought to even times."""

import numpy as np
import pytest

from rl_control.ros.train_timing import evened, passed_over, shortened
from rl_control.types import Trajectory

PERIOD = 0.005


def motion(seen):
    """A motion at constant speed, of which the states with the numbers `seen` came."""
    at = np.asarray(seen, dtype=np.float64)
    steps = len(seen) - 1
    q = np.stack([2.0 * at, -at], axis=1)
    v = np.tile([2.0, -1.0], (len(seen), 1))
    return Trajectory(
        names=("a", "b"),
        times=PERIOD * np.arange(len(seen)),
        states=np.hstack([q, v]),
        controls=at[:-1, None] + np.array([0.0, 100.0]),
        tips=np.stack([at, at, at], axis=1),
        extra={
            "stamp": 50.0 + PERIOD * at,
            "effort": np.stack([at, at], axis=1),
            "reason": np.array([str(k) for k in at[:-1]]),
            "act_ms": np.arange(steps, dtype=np.float64),
        },
    )


def test_when_every_state_came_expect_the_same_motion():
    trajectory = motion(range(6))
    assert passed_over(trajectory, PERIOD) == 0
    assert evened(trajectory, PERIOD) is trajectory


def test_when_stamps_jitter_expect_nothing_passed_over():
    trajectory = motion(range(6))
    trajectory.extra["stamp"][2] += 0.4 * PERIOD
    assert passed_over(trajectory, PERIOD) == 0


def test_when_states_were_passed_over_expect_them_interpolated():
    trajectory = evened(motion([0, 1, 4, 5, 7]), PERIOD)
    np.testing.assert_allclose(trajectory.states[:, 0], 2.0 * np.arange(5))
    np.testing.assert_allclose(trajectory.states[:, 1], -np.arange(5.0))
    np.testing.assert_allclose(trajectory.states[:, 2:], np.tile([2.0, -1.0], (5, 1)))
    np.testing.assert_allclose(trajectory.tips[:, 1], np.arange(5))
    np.testing.assert_allclose(trajectory.extra["stamp"], 50.0 + PERIOD * np.arange(5))
    assert np.array_equal(trajectory.times, motion(range(5)).times)


def test_when_states_were_passed_over_expect_commands_to_last_until_the_next():
    trajectory = evened(motion([0, 1, 4, 5, 7]), PERIOD)
    assert trajectory.controls[:, 0].tolist() == [0.0, 1.0, 1.0, 1.0]
    assert trajectory.controls[:, 1].tolist() == [100.0, 101.0, 101.0, 101.0]
    assert trajectory.extra["reason"].tolist() == ["0.0", "1.0", "1.0", "1.0"]


def test_when_the_last_step_did_not_come_about_expect_the_motion_before_it():
    whole, cut = motion(range(6)), shortened(motion(range(6)))
    for name in ("times", "states", "tips"):
        assert np.array_equal(getattr(cut, name), getattr(whole, name)[:5])
    assert np.array_equal(cut.controls, whole.controls[:4])
    assert {name: len(values) for name, values in cut.extra.items()} == {
        "stamp": 5,
        "effort": 5,
        "reason": 4,
        "act_ms": 4,
    }


@pytest.mark.parametrize(("seen", "most"), [([0, 1, 2], 0), ([0, 2, 3], 1), ([0, 1, 5, 7], 3)])
def test_when_states_were_passed_over_expect_the_most_in_a_row(seen, most):
    assert passed_over(motion(seen), PERIOD) == most
