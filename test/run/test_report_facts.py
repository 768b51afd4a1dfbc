"""Numbers and tables of a run's report."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rl_control.report.run_events import LATE, SAFETY, Event
from rl_control.report.run_sheet import GoalShown, RunSheet
from rl_control.run.report_facts import (
    GOAL_COLUMNS,
    Still,
    changed_settings,
    event_rows,
    figures_of,
    goal_rows,
    judged,
)
from rl_control.types import JointLimits

TIMES = 0.01 * np.arange(101)
# Both joints come to rest at 1 after 0.3 s; the tip is where the joints are.
PATH = np.repeat(np.minimum(TIMES / 0.3, 1.0)[:, None], 2, axis=1)
SPEED = np.where(TIMES[:, None] < 0.3, 1.0 / 0.3, 0.0) * np.ones(2)
LIMITS = JointLimits(("a", "b"), [-2.0, -2.0], [2.0, 2.0], [10.0, 5.0], [10.0, 20.0])
SHEET = RunSheet(
    names=("a", "b"), limits=LIMITS, times=TIMES, positions=PATH, velocities=SPEED,
    efforts=0.0 * PATH, command_times=TIMES, commands=8.0 * PATH, decision_times=TIMES,
    asked=8.0 * PATH, solve_times=TIMES, solve_ms=np.ones(101), costs={},
    goals=(GoalShown(0.0, 0.8, np.array([1.0, 1.0, 0.0])), GoalShown(0.8, 1.0, np.zeros(3))),
    tips=np.column_stack([PATH, np.zeros(101)]), error=np.zeros(101),
)  # fmt: skip
STILL = Still(tolerance=0.005, speed_share=0.02, dwell=0.25)


def test_when_goals_are_judged_expect_when_the_arm_had_settled_and_its_peaks():
    first, second = judged(SHEET, STILL)
    assert first.settled == pytest.approx(0.3)
    assert first.result.reached and first.result.final_error_m == pytest.approx(0.0)
    assert first.result.peak_torque_ratio == pytest.approx(0.8)
    assert first.result.peak_velocity_ratio == pytest.approx(1.0 / 1.5)
    assert second.settled is None
    assert second.result.final_error_m == pytest.approx(np.sqrt(2.0))


def test_when_the_arm_is_not_known_expect_nothing_judged():
    assert judged(replace(SHEET, tips=None), STILL) == []
    assert judged(replace(SHEET, limits=None), STILL) == []


def test_when_goals_are_listed_expect_a_row_each_and_its_time():
    rows, views = goal_rows(SHEET, judged(SHEET, STILL))
    assert all(len(row) == len(GOAL_COLUMNS) for row in rows)
    assert [row[3].text for row in rows] == ["yes", "no"]
    assert rows[0][4].text == "0.30" and rows[1][4].text == "\N{EM DASH}"
    assert views == [(0.0, 0.8), (0.8, 1.0)]


def test_when_figures_are_given_expect_what_was_reached_and_how_near_the_limits():
    events = [Event(SAFETY, 0.1, 0.2, "effort_rate"), Event(SAFETY, 0.3, 0.4, "state_stale"),
              Event(LATE, 0.5, 0.6, "late")]  # fmt: skip
    found = figures_of(SHEET, judged(SHEET, STILL), events)
    told = {figure.text: figure for figure in found}
    assert told["goals reached"].value == "1 of 2" and told["goals reached"].mood == "bad"
    assert told["peak torque, a"].value == "80"
    assert told["peak speed, b"].value == "67"
    assert told["nearest to a position limit, a"].value == "1.00"
    (stops,) = (figure for text, figure in told.items() if text.startswith("stops"))
    assert (
        stops.value == "1"
        and stops.mood == "bad"
        and stops.text.endswith("1\N{MULTIPLICATION SIGN}")
    )
    assert told["times that plans came too late"].value == "1"
    assert told["of motion, 100 states a second"].value == "1.0"


def test_when_a_limit_is_passed_expect_it_marked():
    far = replace(SHEET, positions=2.5 * PATH, commands=20.0 * PATH)
    found = {figure.text: figure for figure in figures_of(far, [], [])}
    assert found["past a position limit"].value == "0.5000"
    assert found["past a position limit"].mood == found["peak torque, a"].mood == "bad"


def test_when_nothing_is_known_of_the_arm_expect_its_time_alone():
    bare = replace(SHEET, limits=None, solve_ms=np.full(101, np.nan), decision_times=TIMES[:0])
    assert [figure.text for figure in figures_of(bare, [], [])] == [
        "of motion, 100 states a second"
    ]


def test_when_there_are_many_events_expect_no_more_than_are_read():
    events = [Event(LATE, 0.1 * k, 0.1 * k + 0.02, "late") for k in range(9)]
    rows, views = event_rows(events, most=4)
    assert len(rows) == len(views) == 4
    assert [cell.text for cell in rows[1]] == ["0.100", "20", LATE, "late"]


def test_when_settings_are_listed_expect_those_that_differ():
    rows = changed_settings({"mpc.horizon": 30, "mpc.dt": 0.02, "robot": "arm", "unknown": 1,
                             "task.weights.posture": [1.0, 2.0]})  # fmt: skip
    assert [[cell.text for cell in row[:3]] for row in rows] == [
        ["mpc.horizon", "30", "50"], ["task.weights.posture", "1.0, 2.0", "10.0"],
    ]  # fmt: skip
    assert changed_settings({}) == []
