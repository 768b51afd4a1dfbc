"""A planner on a thread of its own: what is answered when it is slow, and at a new start."""

import threading
import time

import numpy as np
import pytest

from rl_control.ros.planning_behind import PlanningBehind
from rl_control.types import ArmState, Command, JointState

NAMES = ("a",)
STILL = np.zeros(1)


class SlowPlanner:
    """Plans from a state only when it is let; commands tell the stamp that was planned from."""

    last_solve_ms = 2.5

    def __init__(self):
        self.gate = threading.Event()
        self.gate.set()
        self.planned, self.resets, self.broken = -1.0, 0, False

    def plan(self, state, now):
        self.gate.wait(10)
        if self.broken:
            raise ZeroDivisionError
        assert now == state.stamp
        self.planned = state.stamp

    def command(self, state, now):
        return Command(NAMES, np.array([self.planned]), now)

    def reset(self):
        self.planned, self.resets = -1.0, self.resets + 1


def state(stamp):
    return ArmState(JointState(NAMES, STILL, STILL, STILL, stamp), None)


@pytest.fixture
def planner():
    planner = SlowPlanner()
    yield planner
    planner.gate.set()


def test_when_plans_are_quick_expect_each_state_answered_by_its_own(planner):
    controller = PlanningBehind(planner, 5.0)
    assert [controller.act(state(t)).effort[0] for t in (1.0, 2.0, 3.0)] == [1.0, 2.0, 3.0]
    assert planner.resets == 1
    assert controller.last_solve_ms == 2.5


def test_when_a_plan_is_late_expect_the_one_before_and_then_the_newest_state_planned(planner):
    controller = PlanningBehind(planner, 0.01)
    assert controller.act(state(1.0)).effort[0] == 1.0
    planner.gate.clear()
    assert [controller.act(state(t)).effort[0] for t in (2.0, 3.0, 4.0)] == [1.0, 1.0, 1.0]
    planner.gate.set()
    deadline = time.monotonic() + 10.0
    while controller.act(state(4.0)).effort[0] != 4.0:  # never from 3.0, which was overtaken
        assert planner.planned in (1.0, 2.0, 4.0)
        assert time.monotonic() < deadline


def test_when_a_run_begins_anew_expect_plans_forgotten_and_the_first_one_waited_for(planner):
    controller = PlanningBehind(planner, 0.001)
    controller.act(state(1.0))
    planner.gate.clear()
    controller.act(state(2.0))  # this plan is under way when the next run begins
    controller.reset(state(9.0))
    threading.Timer(0.1, planner.gate.set).start()
    assert controller.act(state(9.0)).effort[0] == 9.0
    assert planner.resets == 2
    controller.act(state(9.1))
    assert planner.resets == 2


def test_when_the_planner_breaks_expect_its_error_to_be_raised(planner):
    controller = PlanningBehind(planner, 5.0)
    planner.broken = True
    with pytest.raises(ZeroDivisionError):
        controller.act(state(1.0))
