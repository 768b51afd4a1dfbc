"""A recording on one clock."""

from __future__ import annotations

import numpy as np
import pytest
from run_bags import NAMES, STEP, HandMade

from rl_control.report.run_sheet import Clock, sheet_of
from rl_control.types import JointLimits

LIMITS = JointLimits(NAMES, [-1.0, -1.0], [1.0, 1.0], [2.0, 2.0], [3.0, 3.0])
START = "# start\nrobot: arm\n"


@pytest.fixture
def made(tmp_path):
    return HandMade(tmp_path / "bag")


def tips(positions):
    return np.column_stack([positions, np.zeros(len(positions))])


def test_when_a_run_is_whole_expect_all_of_it_from_its_first_state_on(made):
    stamps = [STEP * (5 + k) for k in range(10)]
    made.states(stamps)
    made.command(stamps[3], [1.0, 2.0])
    made.decision(stamps[3], solve_ms=0.25, **{"asked.a": 4.0, "asked.b": 2.0,
                  "cost_by_term.x": 1.5, "cost_by_term.y": 0.5})  # fmt: skip
    sheet = sheet_of(made.log(), LIMITS, tips)
    assert sheet.times == pytest.approx(0.01 * np.arange(10), abs=1e-12)
    assert sheet.span == pytest.approx((0.0, 0.09))
    np.testing.assert_allclose(sheet.positions[:, 0], 0.05 + 0.01 * np.arange(10))
    np.testing.assert_allclose(sheet.velocities, 10.0 * sheet.positions)
    np.testing.assert_allclose(sheet.efforts, 100.0 * sheet.positions)
    assert sheet.command_times == pytest.approx([0.03])
    assert sheet.decision_times == pytest.approx([0.03])
    assert sheet.asked.tolist() == [[4.0, 2.0]]
    assert sheet.solve_ms.tolist() == [0.25]
    assert {name: list(values) for name, values in sheet.costs.items()} == {"x": [1.5], "y": [0.5]}
    np.testing.assert_array_equal(sheet.tips, tips(sheet.positions))
    assert sheet.doubts == ()


def test_when_goals_are_taken_expect_the_error_to_the_one_in_force(made):
    stamps = [STEP * k for k in range(30)]
    made.states(stamps)
    made.goal(stamps[4], [1.0, 0.0, 0.0], 4 * STEP + STEP // 2)
    made.goal(stamps[14], [0.0, 2.0, 0.0], 14 * STEP + STEP // 2)
    made.settings(START, -1)
    sheet = sheet_of(made.log(), LIMITS, tips)
    assert [goal.start for goal in sheet.goals] == pytest.approx([0.045, 0.145])
    assert [goal.end for goal in sheet.goals] == pytest.approx([0.145, 0.29])
    assert np.isnan(sheet.error[:5]).all() and np.isfinite(sheet.error[5:]).all()
    q = 0.01 * np.array([10, 20])
    assert sheet.error[10] == pytest.approx(np.hypot(1.0 - q[0], q[0]))
    assert sheet.error[20] == pytest.approx(np.hypot(q[1], 2.0 + q[1]))
    assert sheet.starts == ()


def test_when_the_arm_is_to_stay_where_it_stands_expect_no_goal(made):
    made.states([STEP * k for k in range(30)])
    made.goal(0, [1.0, 0.0, 0.0], 4 * STEP, posture=[0.04, -0.04])
    made.goal(0, [1.0, 0.0, 0.0], 9 * STEP)
    made.settings(START, 9 * STEP + 1)  # the first start is received when it is
    sheet = sheet_of(made.log(), LIMITS, tips)
    assert [(goal.start, goal.end) for goal in sheet.goals] == [pytest.approx((0.09, 0.29))]


def test_when_an_episode_begins_expect_the_goal_before_to_end(made):
    made.states([STEP * k for k in range(30)])
    made.settings(START, -1)
    made.goal(0, [1.0, 0.0, 0.0], STEP // 2)
    made.settings(START, 14 * STEP + STEP // 2)
    sheet = sheet_of(made.log(), LIMITS, tips)
    assert sheet.starts == pytest.approx((-1e-9, 0.145))
    assert [goal.end for goal in sheet.goals] == pytest.approx([0.145])


def test_when_the_arm_is_not_known_expect_the_error_that_was_told(made):
    stamps = [STEP * k for k in range(10)]
    made.states(stamps)
    for stamp in stamps:
        made.decision(stamp, tip_error_mm=stamp / STEP)
    sheet = sheet_of(made.log())
    assert sheet.tips is None
    assert sheet.error == pytest.approx(1e-3 * np.arange(10))


def test_when_no_decision_tells_solve_times_expect_those_of_the_diagnostics(made):
    made.states([STEP * k for k in range(10)])
    made.settings(START, 0)
    for at in (2, 7):
        made.told("/diagnostics", "mpc", STEP * at, {"solve_ms": str(at)})
    made.told("/diagnostics", "other", STEP * 3, {"solve_ms": "9"})
    sheet = sheet_of(made.log())
    assert sheet.solve_times == pytest.approx([0.02, 0.07])
    assert sheet.solve_ms.tolist() == [2.0, 7.0]


def test_when_the_clock_begins_anew_expect_times_of_receipt(made):
    made.states([STEP * k for k in (5, 6, 7, 1, 2, 3)])
    log = made.log()
    assert Clock(log).backward == 1
    sheet = sheet_of(log)
    assert sheet.times == pytest.approx(0.01 * np.arange(6))
    assert any("do not increase in 1 place" in text for text in sheet.doubts)


def test_when_states_are_missing_expect_it_said(made):
    made.states([STEP * k for k in (0, 1, 2, 40, 41)])
    (missing,) = (t for t in sheet_of(made.log()).doubts if "missing" in t)
    assert "in 1 place" in missing
