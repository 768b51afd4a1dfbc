"""Recorded paths made ready for an arm."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rl_control.data.paths.joint_path import JointPath
from rl_control.errors import DataError, JointMismatchError
from rl_control.robot.description import load_robot
from rl_control.run.replay_path import check_free, ready_path, sampled
from rl_control.run.replay_path_report import judged, summary, tracking_table
from rl_control.types import Trajectory

TIMES = np.linspace(2.0, 5.0, 31)


@pytest.fixture(scope="module")
def arm():
    return load_robot("planar2")


def swing(arm, width=0.3, names=None):
    lean = width * np.sin(np.pi * (TIMES - 2.0)[:, None] / 3.0) ** 2
    return JointPath(names or arm.names, TIMES, arm.home + lean * np.array([1.0, -1.0]))


def test_when_joints_come_in_another_order_with_others_expect_the_arms(arm) -> None:
    own = swing(arm)
    table = np.column_stack([own.positions[:, 1], np.zeros(len(TIMES)), own.positions[:, 0]])
    mixed = JointPath((arm.names[1], "gripper", arm.names[0]), TIMES, table)
    ready = ready_path(arm, mixed)
    assert ready.ignored == ("gripper",)
    np.testing.assert_array_equal(ready.recorded.positions, own.positions)
    np.testing.assert_allclose(ready.path.at(TIMES - 2.0)[0], own.positions, atol=1e-9)
    assert ready.slowed == 1.0


def test_when_a_joint_is_missing_expect_it_named(arm) -> None:
    lone = JointPath(arm.names[:1], TIMES, swing(arm).positions[:, :1])
    with pytest.raises(JointMismatchError, match=arm.names[1]):
        ready_path(arm, lone)


def test_when_a_joint_jumps_expect_a_refusal(arm) -> None:
    jumping = swing(arm)
    positions = jumping.positions.copy()
    positions[15:, 0] += 2.0 * 0.1 * arm.limits.velocity[0] + 0.2
    with pytest.raises(DataError, match=f"{arm.names[0]} jumps"):
        ready_path(arm, replace(jumping, positions=positions))


def test_when_more_speed_is_asked_than_the_limits_bear_expect_it_slower_and_told(arm) -> None:
    ready = ready_path(arm, swing(arm, 0.8), speed=20.0)
    assert ready.slowed > 1.5
    assert ready.path.duration == pytest.approx(ready.slowed * 3.0 / 20.0)
    times = np.linspace(0.0, ready.path.duration, 500)
    assert (np.abs(ready.path.at(times)[1]) <= 0.7001 * arm.limits.velocity).all()


def test_when_the_arm_touches_something_expect_time_and_joints(arm) -> None:
    def collides(q):
        return q[0] > arm.home[0] + 0.2

    with pytest.raises(DataError, match=r"at (0\.\d+|1\.0\d*) s the arm touches") as caught:
        ready_path(arm, swing(arm), collides)
    assert arm.names[1] in str(caught.value)


def test_when_a_path_is_looked_at_for_collision_expect_it_densely(arm) -> None:
    seen = []
    ready = ready_path(arm, swing(arm), lambda q: bool(seen.append(q.copy())))
    steps = np.abs(np.diff(seen, axis=0)).max(axis=1)
    assert steps.max() < 0.025
    assert len(seen) < 80  # not again where it hardly moves
    np.testing.assert_allclose(seen[0], ready.path.start)
    np.testing.assert_allclose(seen[-1], ready.path.end, atol=1e-9)
    check_free(ready.path, lambda q: False, "path")


def test_when_a_ready_path_is_written_and_made_ready_again_expect_the_same(arm) -> None:
    ready = ready_path(arm, swing(arm, 0.8), speed=20.0)
    again = ready_path(arm, sampled(ready.path), share=0.72)
    times = np.linspace(0.0, ready.path.duration, 200)
    assert again.path.duration == pytest.approx(ready.path.duration, rel=0.02)
    if again.slowed == 1.0:
        np.testing.assert_allclose(again.path.at(times)[0], ready.path.at(times)[0], atol=2e-3)


def test_when_an_arm_was_off_by_known_errors_expect_them_in_the_figures(arm) -> None:
    ready = ready_path(arm, swing(arm))
    goal = ready.goal.starting(10.0)
    stamps = 10.0 + np.arange(0.0, 3.0, 0.005)
    states = np.array([np.concatenate(goal.at(t)[:2]) for t in stamps])
    states[:, 0] += 0.01
    trajectory = Trajectory(
        names=arm.names,
        times=stamps - 10.0,
        states=states,
        controls=0.5 * np.tile(arm.limits.effort, (len(stamps) - 1, 1)),
        extra={"stamp": stamps},
    )
    found = judged(trajectory, goal, arm, 1.25, "speed of elbow")
    first, second = found.joints
    assert first.rms_error == pytest.approx(0.01, rel=1e-9)
    assert first.greatest_error == pytest.approx(0.01, rel=1e-9)
    assert second.greatest_error == pytest.approx(0.0, abs=1e-12)
    assert first.effort_share == pytest.approx(0.5)
    speed = np.abs(states[:, 2]).max() / arm.limits.velocity[0]
    assert first.speed_share == pytest.approx(speed)
    # The shoulder turns the whole arm: the tip is off by its angle times its reach.
    assert 0.5e-2 < found.tip_rms_m < 2e-2
    assert found.tip_rms_m <= found.tip_greatest_m
    line = summary(found)
    assert "1.25 times the time asked for" in line and "speed of elbow" in line
    assert tracking_table(found, arm).row_count == 2
