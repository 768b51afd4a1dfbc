"""The picture of a run, and the numbers it is drawn from."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("matplotlib")

from PIL import Image

from rl_control.report.plots import RunRecord, TargetMark, plot_run, share_of_range, tip_error
from rl_control.types import JointLimits, Trajectory

NAMES = ("arm_joint_1", "arm_joint_2", "arm_joint_3")
LIMITS = JointLimits(NAMES, [-1.0, 0.0, -np.inf], [1.0, 4.0, np.inf], np.ones(3), np.ones(3))


def record(solves: int = 20) -> RunRecord:
    times = np.linspace(0.0, 2.0, 101)
    generator = np.random.default_rng(0)
    trajectory = Trajectory(
        NAMES,
        times,
        generator.normal(size=(101, 6)),
        generator.normal(size=(100, 3)),
        generator.normal(size=(101, 3)),
    )
    targets = (TargetMark(0.0, np.zeros(3), 0.5), TargetMark(1.0, np.ones(3)))
    solve_times = np.linspace(0, 2, solves)
    return RunRecord("a run", trajectory, LIMITS, targets, solve_times, np.full(solves, 0.2))


def test_when_targets_follow_each_other_expect_distance_to_the_one_in_force():
    times = np.array([0.0, 1.0, 2.0, 3.0])
    tips = np.zeros((4, 3))
    marks = [TargetMark(1.0, np.array([1.0, 0, 0])), TargetMark(3.0, np.array([0, 2.0, 0]))]
    error = tip_error(times, tips, marks)
    assert np.isnan(error[0])
    np.testing.assert_allclose(error[1:], [1.0, 1.0, 2.0])


def test_when_positions_are_at_the_limits_expect_plus_and_minus_one():
    shares = share_of_range(np.array([[-1.0, 4.0, np.pi], [0.0, 0.0, 0.0]]), LIMITS)
    np.testing.assert_allclose(shares, [[-1.0, 1.0, 1.0], [0.0, -1.0, 0.0]])


@pytest.mark.parametrize("solves", [0, 20])
def test_when_a_run_is_plotted_expect_a_picture_with_something_in_it(tmp_path, solves):
    path = plot_run(record(solves), tmp_path / "run.png")
    picture = np.asarray(Image.open(path).convert("RGB"))
    assert picture.shape[0] > 500
    assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 50


def test_when_frames_are_given_expect_a_taller_picture(tmp_path):
    plain = Image.open(plot_run(record(), tmp_path / "plain.png"))
    frames = [np.full((48, 64, 3), 90, dtype=np.uint8)] * 3
    strip = Image.open(plot_run(record(), tmp_path / "strip.png", frames))
    assert strip.height > plain.height
