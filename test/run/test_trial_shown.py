"""One trial looked at: its arm, its target, and lines in space."""

from __future__ import annotations

import numpy as np
import pytest

from rl_control.report.plots import FAINT, LINE
from rl_control.robot.description import load_robot
from rl_control.robot.kinematics import Kinematics
from rl_control.run.trial_shown import TrialShown
from rl_control.tasks.catalog import make_task
from rl_control.types import Condition, Trajectory

ROBOT = load_robot("arm7")


def shown(name: str, **settings: float) -> tuple[TrialShown, Condition, Trajectory]:
    task = make_task(name, ROBOT, settings)
    condition = task.draw(np.random.default_rng(0))
    steps = round(task.duration / 0.01)
    way = np.linspace(0.0, 1.0, steps + 1)[:, None]
    q = (1 - way) * condition.q + way * condition.goal.posture
    times = 7.0 + 0.01 * np.arange(steps + 1)  # the arm's clock has long been running
    run = Trajectory(ROBOT.names, times, np.hstack([q, 0 * q]), np.zeros((steps, 7)))
    return TrialShown(task, condition, run), condition, run


def test_when_a_time_is_asked_for_expect_the_arm_then_and_the_distance_left() -> None:
    trial, condition, run = shown("reach", duration=1.0)
    assert trial.length == pytest.approx(1.0)
    np.testing.assert_array_equal(trial.arm(0.0), condition.q)
    np.testing.assert_array_equal(trial.arm(0.503), run.positions[50])
    np.testing.assert_array_equal(trial.arm(9.0), run.positions[-1])
    tip = Kinematics(ROBOT).tip(run.positions[50]).position
    assert trial.away(0.503) == pytest.approx(np.linalg.norm(tip - condition.goal.position))
    assert trial.away(1.0) < 1e-3 < trial.away(0.0)


def test_when_lines_are_drawn_expect_the_way_of_the_tip_so_far_and_the_wanted_one() -> None:
    trial, condition, run = shown("track", duration=2.0)
    wanted, been = trial.lines(0.5)
    assert (wanted.color, been.color) == (FAINT, LINE)
    np.testing.assert_allclose(been.points, Kinematics(ROBOT).tips(run.positions[:51])[0])
    np.testing.assert_allclose(wanted.points[0], condition.goal.position, atol=1e-9)
    assert np.ptp(wanted.points, axis=0).max() > 0.05
    np.testing.assert_allclose(wanted.points[-1], trial.goal(2.0).position)


def test_when_a_rotation_is_wanted_expect_its_axes_and_those_of_the_tip() -> None:
    trial, condition, _ = shown("reach_pose", duration=1.0)
    lines = trial.lines(0.3)
    goal, tip = lines[2:5], lines[5:8]
    assert len(lines) == 8
    assert [line.color for line in goal] == [line.color for line in tip]
    assert max(line.width for line in goal) < min(line.width for line in tip)
    pose = Kinematics(ROBOT).tip(trial.arm(0.3))
    assert condition.goal.rotation is not None
    for k in range(3):
        for line, rotation in ((goal[k], condition.goal.rotation), (tip[k], pose.rotation)):
            along = line.points[1] - line.points[0]
            np.testing.assert_allclose(along / np.linalg.norm(along), rotation[:, k], atol=1e-9)
    assert len(shown("reach", duration=1.0)[0].lines(0.3)) == 2
