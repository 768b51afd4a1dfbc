"""A recorded run as named series and lines, against what was put into it."""

from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rl_control.data.bags.cdr_rows import NO_STAMP
from rl_control.data.bags.diagnostics_bytes import diagnostics_bytes
from rl_control.data.runs.decisions import Decisions, Lazy, read_decision
from rl_control.data.runs.events import LoggedGoal, LogNote, Report, read_path, read_plan
from rl_control.data.runs.log import RunLog
from rl_control.data.runs.messages import CommandLog, StateLog
from rl_control.data.runs.topics import RunTopics
from rl_control.run.rerun_series import Clock, lines_of, series_of, thinned

STEP = 5_000_000
START = 1_700_000_000_000_000_000
COUNT = 6


def clock_of(log):
    return Clock(log.states.received, log.states.stamps)


@pytest.fixture
def log():
    times = START + STEP * np.arange(COUNT)
    positions = np.arange(2.0 * COUNT).reshape(COUNT, 2)
    nothing = np.full((COUNT, 2), np.nan)
    reasons = ["", "effort_rate", "effort_rate", "", "", "position_limit at b"]
    told = [
        {
            "solve_ms": f"{0.1 * k:.1f}", "cost_by_term.posture": f"{k}", "reason": reasons[k],
            "cost_by_term.effort": f"{2 * k}", "asked.a": f"{-k}", "asked.b": "", "goal": "moving",
        }
        for k in range(COUNT)
    ]  # fmt: skip
    raws = [diagnostics_bytes(int(t), "mpc", "arm", 0, "", values)
            for t, values in zip(times, told, strict=True)]  # fmt: skip
    none = np.zeros(0, dtype=np.int64)
    goal = LoggedGoal(NO_STAMP, int(times[1]), np.array([0.4, 0.1, 0.6]), None, ("a", "b"),
                      np.zeros(2))  # fmt: skip
    reports = tuple(
        Report(0, int(times[k]), "arm_sim", level, said, {})
        for k, (level, said) in enumerate([(0, "following"), (0, "following"), (1, "holding")])
    )
    return RunLog(
        path=Path("bag"), controller="/mpc_controller", names=("a", "b"),
        states=StateLog(times, times, positions, 2.0 * positions, nothing),
        commands=CommandLog(times[:3], times[:3], -positions[:3]),
        goals=(goal,), settings=(),
        decisions=Decisions(raws, times, read_decision),
        plans=Lazy([], none, read_plan), paths=Lazy([], none, read_path),
        reports=reports, notes=(LogNote(int(times[4]), "arm_sim", 30, "late"),),
        description="", topics=RunTopics(*[""] * len(fields(RunTopics))),
    )  # fmt: skip


def test_when_a_run_is_read_expect_each_series_by_name_with_its_numbers(log):
    series = {one.path: one for one in series_of(log, clock_of(log))}
    assert set(series) == {
        "joints/position", "joints/velocity", "commands/sent", "commands/asked",
        "plan/solve_ms", "plan/cost_by_term",
    }  # fmt: skip
    np.testing.assert_array_equal(series["joints/velocity"].values, log.states.velocities)
    assert series["joints/position"].names == ("a", "b")
    np.testing.assert_array_equal(series["commands/sent"].times, log.commands.received)
    np.testing.assert_allclose(series["plan/solve_ms"].values[:, 0], 0.1 * np.arange(COUNT))
    terms = series["plan/cost_by_term"]
    assert terms.names == ("posture", "effort")
    np.testing.assert_array_equal(terms.values, np.outer(np.arange(COUNT), [1.0, 2.0]))
    asked = series["commands/asked"]
    np.testing.assert_array_equal(asked.values[:, asked.names.index("a")], -np.arange(COUNT))
    assert np.isnan(asked.values[:, asked.names.index("b")]).all()


def test_when_a_run_is_read_expect_what_was_said_once_and_in_order(log):
    told = [(line.source, (line.time - START) // STEP, line.level, line.text)
            for line in lines_of(log, clock_of(log))]  # fmt: skip
    assert sorted(told) == sorted([
        ("arm_sim", 0, "INFO", "following"),
        ("goal", 1, "INFO", "tip to (0.400, 0.100, 0.600) m, rotation free"),
        ("safety", 1, "WARN", "acts: effort_rate"),
        ("arm_sim", 2, "WARN", "holding"),
        ("safety", 3, "INFO", "passes commands on"),
        ("arm_sim", 4, "WARN", "late"),
        ("safety", 5, "WARN", "acts: position_limit at b"),
    ])  # fmt: skip
    assert [time for _, time, _, _ in told] == sorted(time for _, time, _, _ in told)


@given(
    gaps=st.lists(st.tuples(st.integers(1, 10**8), st.integers(1, 10**8)), min_size=1, max_size=20)
)
def test_when_stamps_go_forward_expect_times_on_the_arms_clock(gaps):
    received = START + np.concatenate([[0], np.cumsum([gap for gap, _ in gaps])])
    stamps = 7 + np.concatenate([[0], np.cumsum([gap for _, gap in gaps])])
    clock = Clock(received, stamps)
    np.testing.assert_array_equal(clock.of(received), stamps)
    np.testing.assert_array_equal(clock.of(received + 10**9, stamps), stamps)
    between = clock.of((received[:-1] + received[1:]) // 2)
    assert (between >= stamps[:-1]).all() and (between <= stamps[1:]).all()
    assert clock.of(received[:1] - 500) == stamps[0] - 500
    assert clock.of(received[-1:] + 500) == stamps[-1] + 500
    unlabelled = np.full(len(stamps), NO_STAMP)
    np.testing.assert_array_equal(clock.of(received, unlabelled), stamps)


@pytest.mark.parametrize("stamps", [[0, 0, 0], [5, 9, 2], [1]])
def test_when_stamps_do_not_go_forward_expect_times_of_receipt(stamps):
    received = START + np.arange(len(stamps))
    clock = Clock(received, np.array(stamps))
    np.testing.assert_array_equal(clock.of(received, np.array(stamps)), received)


@given(gaps=st.lists(st.integers(0, 50_000_000), max_size=50))
def test_when_times_are_thinned_expect_one_a_period_and_the_first(gaps):
    times = START + np.cumsum([0, *gaps])
    kept = thinned(times, 0.02)
    slots = (times - times[0]) // 20_000_000
    assert slots[kept].tolist() == sorted(set(slots.tolist()))
    assert kept[0] == 0


def test_when_there_is_no_time_expect_nothing_kept():
    assert thinned(np.zeros(0, dtype=np.int64), 0.02).size == 0
