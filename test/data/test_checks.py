"""What makes a set unfit to learn from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rl_control.data.checks import check_enough, check_finite
from rl_control.data.transitions import TransitionDataset
from rl_control.errors import DataError
from rl_control.types import Trajectory

NAMES = ("a", "b", "c")


def motion(steps=100, dt=0.01):
    times = dt * np.arange(steps + 1)
    phase = times[:, None] * [3.0, 5.0, 7.0]
    trajectory = Trajectory(
        NAMES, times, np.hstack([np.sin(phase), np.cos(phase)]), np.cos(phase[:-1])
    )
    return TransitionDataset.of(trajectory, dt, "run one")


def test_when_there_is_motion_of_every_joint_expect_no_refusal():
    check_enough(motion(), 1.0)


def test_when_there_is_too_little_expect_found_and_needed():
    with pytest.raises(DataError, match=r"run one: 0\.5 s of motion, at least 1 s are needed"):
        check_enough(motion(50), 1.0)
    with pytest.raises(DataError, match="0 s of motion"):
        check_enough(TransitionDataset.empty(NAMES, 0.01), 0.0)


def test_when_there_are_several_sources_expect_the_first_and_their_number():
    data = motion(5).join(motion(5)).join(motion(5))
    with pytest.raises(DataError, match="run one and 2 more: 0"):
        check_enough(data, 1.0)


def test_when_joints_never_move_expect_them_named():
    data = motion()
    states, after = data.states.copy(), data.next_states.copy()
    for values in (states, after):
        values[:, [0, 2]] = 1.0 + 1e-4 * values[:, [0, 2]]
    still = replace(data, states=states, next_states=after)
    with pytest.raises(DataError, match=r"joint\(s\) a, c moved by less than 0\.001"):
        check_enough(still, 0.5)
    check_enough(still, 0.5, least_range=1e-5)


def test_when_a_control_never_changes_expect_its_joint_named():
    data = motion()
    controls = data.controls.copy()
    controls[:, 1] = 4.2
    with pytest.raises(DataError, match=r"control of joint\(s\) b never changes"):
        check_enough(replace(data, controls=controls), 0.5)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("name", ["states", "controls", "next_states", "times"])
def test_when_numbers_are_not_finite_expect_how_many_and_where(name, bad):
    data = motion()
    values = getattr(data, name).copy()
    values[[7, 9]] = bad
    with pytest.raises(DataError, match=f"here: {name}: 2 of 100 .* first is number 7"):
        check_finite(replace(data, **{name: values}), "here")
    with pytest.raises(DataError, match=r"run one: .* 2 of 100 transitions are not finite"):
        check_enough(replace(data, **{name: values}), 0.5)
