"""Pictures of a run, and runs joined to one."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("pybullet")
pytest.importorskip("matplotlib")

from PIL import Image

from rl_control.report.plots import RunRecord, TargetMark
from rl_control.robot.description import load_robot
from rl_control.run.recording import (
    HEIGHT,
    joined,
    leave_behind,
    moments,
    position_at,
    target_at,
)
from rl_control.types import Trajectory

ROBOT = load_robot("planar2")


def record(offset: float = 0.0, steps: int = 10) -> RunRecord:
    times = offset + 0.1 * np.arange(steps + 1)
    swing = ROBOT.home + np.linspace(0.0, 1.0, steps + 1)[:, None]
    trajectory = Trajectory(
        ROBOT.names,
        times,
        np.hstack([swing, np.zeros_like(swing)]),
        np.zeros((steps, 2)),
        np.zeros((steps + 1, 3)),
    )
    mark = TargetMark(offset, np.array([0.4, 0.14, 1.0]), offset + 0.5)
    return RunRecord("part", trajectory, ROBOT.limits, (mark,), times[1:], np.ones(steps))


def test_when_runs_are_joined_expect_one_time_and_every_target():
    whole = joined([record(5.0), record(9.0)], "both")
    times = whole.trajectory.times
    assert len(times) == 21
    assert (np.diff(times) > 0.0).all()
    assert [mark.start for mark in whole.targets] == pytest.approx([0.0, 1.0])
    assert [mark.settled for mark in whole.targets] == pytest.approx([0.5, 1.5])
    assert len(whole.trajectory.controls) == len(whole.solve_ms) == 20
    assert whole.title == "both"


def test_when_a_time_is_asked_for_expect_the_target_in_force_and_the_arm_then():
    whole = joined([record(), record()], "both")
    assert target_at(whole.targets, 0.9) is whole.targets[0]
    assert target_at(whole.targets, 1.0) is whole.targets[1]
    assert target_at(whole.targets, -1.0) is whole.targets[0]
    np.testing.assert_allclose(position_at(whole, 0.5), ROBOT.home + 0.5)
    np.testing.assert_allclose(position_at(whole, 99.0), ROBOT.home + 1.0)


def test_when_pictures_are_chosen_expect_one_on_the_way_to_each_target():
    assert moments(joined([record(), record()], "both")) == pytest.approx([0.2, 1.2])


def test_when_a_run_is_left_behind_expect_a_video_of_its_length(tmp_path):
    drawn: list[float] = []

    def progress(times):
        drawn.extend(times)
        return times

    picture, video = leave_behind(tmp_path, record(), ROBOT, progress)
    assert Image.open(picture).width > 500
    with Image.open(video) as film:
        assert film.height == HEIGHT
        assert film.n_frames > 5
    assert drawn[-1] == pytest.approx(1.0, abs=0.08)
