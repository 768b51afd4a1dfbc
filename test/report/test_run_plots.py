"""Which pictures a report has, and what they show."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rl_control.report.html.style import joint_colors
from rl_control.report.run_events import SAFETY, Event
from rl_control.report.run_plots import instants_of, plots_of
from rl_control.report.run_sheet import GoalShown, RunSheet
from rl_control.types import JointLimits

TIMES = 0.01 * np.arange(100)
WAVE = np.stack([np.sin(TIMES), np.cos(TIMES)], axis=1)
NAMES = ("arm_joint_1", "arm_joint_2")
LIMITS = JointLimits(NAMES, [-2.0, -2.0], [2.0, 2.0], [1.0, 1.0], [10.0, 10.0])
BARE = RunSheet(
    names=NAMES, limits=None, times=TIMES, positions=WAVE, velocities=np.full_like(WAVE, np.nan),
    efforts=np.full_like(WAVE, np.nan), command_times=TIMES[:0], commands=WAVE[:0],
    decision_times=TIMES[:0], asked=WAVE[:0], solve_times=TIMES[:0], solve_ms=TIMES[:0], costs={},
    error=np.full(100, np.nan),
)  # fmt: skip
FULL = replace(
    BARE, limits=LIMITS, velocities=0.5 * WAVE, command_times=TIMES, commands=WAVE,
    decision_times=TIMES, asked=WAVE.copy(), solve_times=TIMES, solve_ms=1.0 + TIMES,
    costs={"small": np.ones(100), "large": np.full(100, 3.0), "none": np.zeros(100)},
    error=0.1 + 0.0 * TIMES, goals=(GoalShown(0.1, 0.5, np.zeros(3)), GoalShown(0.5, 0.9, WAVE[0])),
)  # fmt: skip


def titles(sheet, events=()):
    return [plot.title for plot in plots_of(sheet, events, 0.005)]


def plot(sheet, title, events=()):
    return next(one for one in plots_of(sheet, events, 0.005) if one.title == title)


def test_when_only_positions_are_known_expect_them_in_their_units():
    assert titles(BARE) == ["Joint positions"]
    found = plot(BARE, "Joint positions")
    np.testing.assert_array_equal(found.curves[1].values, WAVE[:, 1])
    assert found.unit == "rad or m"
    assert found.curves[0].name == "joint_1"


def test_when_all_is_known_expect_every_picture_in_order():
    assert titles(FULL, [Event(SAFETY, 0.1, 0.2, "x")]) == [
        "Tip error", "Joint positions", "Joint velocities", "Commanded torques", "Solve time",
        "Cost of the plan by term", "Share of each term", "Time line",
    ]  # fmt: skip


def test_when_limits_are_known_expect_shares_of_them():
    found = plot(FULL, "Joint velocities")
    np.testing.assert_allclose(found.curves[0].values, 50.0 * WAVE[:, 0])
    assert [mark.value for mark in found.marks] == [100.0, -100.0]
    torques = plot(FULL, "Commanded torques")
    np.testing.assert_allclose(torques.curves[1].values, 10.0 * WAVE[:, 1])
    assert not torques.marks and "the peak is 10 %" in torques.note
    assert torques.scale.high == pytest.approx(20.0, rel=0.5)


def test_when_the_filter_took_something_away_expect_what():
    asked = WAVE.copy()
    asked[50, 1] += 1.0
    found = plot(replace(FULL, asked=asked), "Asked minus sent")
    assert found.curves[1].values[50] == pytest.approx(10.0)
    assert np.count_nonzero(found.curves[1].values) == 1
    assert not found.curves[0].values.any()


def test_when_a_few_solves_take_long_expect_them_told_and_the_rest_readable():
    solves = np.ones(10_000)
    solves[3] = 500.0
    long = replace(FULL, solve_ms=solves, solve_times=np.arange(10_000.0))
    found = plot(long, "Solve time")
    assert found.scale.high < 3.0
    assert "1 took longer than shown, at most 500.00 ms" in found.note


def test_when_costs_are_stacked_expect_the_largest_first_and_shares_of_all():
    found = plot(FULL, "Cost of the plan by term")
    assert [curve.name for curve in found.curves] == ["large", "small"]
    shares = plot(FULL, "Share of each term")
    np.testing.assert_allclose([curve.values[7] for curve in shares.curves], [75.0, 25.0])


def test_when_goals_are_reached_expect_a_line_each_and_a_shade_from_then_on():
    found = instants_of(FULL, [0.3, None])
    assert [(one.time, one.until, one.text) for one in found] == [
        (0.1, None, "goal 1"), (0.3, 0.5, ""), (0.5, None, "goal 2"),
    ]  # fmt: skip


@pytest.mark.parametrize("count", [1, 2, 7, 30])
def test_when_there_are_joints_expect_a_colour_each_for_light_and_dark(count):
    light, dark = joint_colors(count)
    assert len(set(light)) == len(set(dark)) == count
    assert all(color.startswith("#") and len(color) == 7 for color in light + dark)
