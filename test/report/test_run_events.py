"""What happened in a run, as lanes."""

from __future__ import annotations

import numpy as np
import pytest
from run_bags import STEP, HandMade

from rl_control.report.run_events import (
    BOUND,
    GOAL,
    LATE,
    MODEL,
    SAFETY,
    SETTINGS,
    START,
    events_of,
    spans,
)
from rl_control.report.run_sheet import sheet_of


@pytest.fixture
def made(tmp_path):
    return HandMade(tmp_path / "bag")


def test_when_texts_stay_the_same_expect_one_event_for_all():
    times = np.arange(6.0)
    found = spans(times, ["", "a", "a", "b", "", "c"], SAFETY)
    assert [(e.start, e.end, e.text) for e in found] == [
        (1.0, 3.0, "a"), (3.0, 4.0, "b"), (5.0, 5.0, "c"),
    ]  # fmt: skip
    assert spans(times[:0], [], SAFETY) == []


def test_when_much_happens_expect_each_in_its_lane_in_order_of_time(made):
    stamps = [STEP * k for k in range(20)]
    made.states(stamps)
    made.settings("# start\nx: 1\n", -STEP)
    made.goal(0, [1.0, 0.0, 0.5], STEP // 2)
    for k, stamp in enumerate(stamps):
        made.decision(
            stamp,
            late="true" if k in (3, 4) else "false",
            reason="effort_rate" if k == 6 else "state_stale" if k > 16 else "",
            violation="state_stale: 0.2, allowed 0.1" if k > 16 else "",
            saturated="a, b" if k == 8 else "",
        )
    made.settings(f"# after state 0.{10 * STEP:09d}\nx: 2\n", 10 * STEP + 1)
    made.settings("# start\nx: 2\n", 12 * STEP + 1)
    made.told("/diagnostics", "mpc", STEP, {"model.version": "1"})
    made.told("/diagnostics", "mpc", 14 * STEP, {"model.version": "2"})
    log = made.log()
    events = events_of(log, sheet_of(log))
    assert [event.start for event in events] == sorted(event.start for event in events)
    told = {event.lane: event for event in events}
    assert (told[LATE].start, told[LATE].end) == pytest.approx((0.03, 0.05))
    assert told[BOUND].text == "a, b"
    assert told[GOAL].text == "tip to (1.000, 0.000, 0.500) m"
    assert told[SETTINGS].text == "x 1 \N{RIGHTWARDS ARROW} 2"
    assert told[MODEL].text == "version 1 \N{RIGHTWARDS ARROW} 2"
    assert [event.text for event in events if event.lane == SAFETY] == [
        "effort_rate",
        "state_stale (state_stale: 0.2, allowed 0.1)",
    ]
    assert [event.text for event in events if event.lane == START] == ["episode 1", "episode 2"]
