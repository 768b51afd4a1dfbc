"""The controller's tick: one command a state, from a fresh plan or the one before it."""

import threading
import time

import numpy as np
import pytest

from rl_control.ros.control_loop import ControlLoop
from rl_control.safety.filter import SafetyFilter
from rl_control.safety.settings import SafetyConfig
from rl_control.types import Command, Goal, JointLimits, JointState

NAMES = ("a", "b")
LIMITS = JointLimits(NAMES, [-3, -3], [3, 3], [2, 2], [10, 10])
GRAVITY = np.array([1.5, -0.5])


class Clock:
    now = 50.0

    def __call__(self) -> float:
        return self.now


class FakePlanner:
    """Plans are the stamps they were made from; commands tell the plan they came from."""

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.gate.set()
        self.newest = float("nan")
        self.planned_at: list[tuple[float, float]] = []
        self.resets = 0
        self.goal: Goal | None = None
        self.error: Exception | None = None

    def set_goal(self, goal: Goal) -> None:
        self.goal = goal

    def plan(self, state, now):
        self.planned_at.append((state.stamp, now))
        self.gate.wait(5)
        if self.error:
            raise self.error
        self.newest = state.stamp
        return state.stamp

    def command(self, state, now):
        return Command(NAMES, GRAVITY, now, position=0.01 * np.array([self.newest, now]))

    def reset(self):
        self.resets += 1


class Setup:
    def __init__(self, lock_step: bool = False) -> None:
        self.clock, self.planner = Clock(), FakePlanner()
        self.safety = SafetyFilter(LIMITS, SafetyConfig(), lambda q: GRAVITY)
        self.loop = ControlLoop(self.planner, self.safety, lock_step, self.clock)

    def observe(self, stamp, position=(0.0, 0.0), velocity=(0.0, 0.0), label=None):
        state = JointState(NAMES, position, velocity, [0, 0], stamp)
        return self.loop.observe(state, label or str(stamp))

    def answer(self):
        return self.loop.planned(timeout=5)

    def wait_until(self, condition):
        deadline = time.monotonic() + 5
        while not condition() and time.monotonic() < deadline:
            time.sleep(0.001)
        assert condition()


@pytest.fixture
def setup():
    one = Setup()
    yield one
    one.planner.gate.set()
    one.loop.close()


def told(answer):
    """Which plan, and what time, an answer's command tells of."""
    return tuple(np.round(answer.command.position * 100, 6))


def test_when_plan_is_ready_in_time_expect_command_from_it_for_its_state(setup):
    assert setup.observe(1.0) is None
    answer = setup.answer()
    assert answer.label == "1.0"
    assert told(answer) == (1.0, 1.0)
    assert setup.loop.plan == 1.0


def test_when_time_has_passed_expect_command_for_now_on_the_clock_of_the_states(setup):
    setup.observe(1.0)
    setup.wait_until(lambda: setup.planner.newest == 1.0)
    setup.clock.now += 0.02
    assert told(setup.answer()) == (1.0, 1.02)


def test_when_plan_is_late_expect_older_plan_now_and_the_new_one_next_time(setup):
    setup.observe(1.0)
    setup.answer()
    setup.planner.gate.clear()
    setup.observe(1.005)
    setup.clock.now += 0.004
    late = setup.loop.late()
    assert (late.label, told(late)) == ("1.005", (1.0, 1.009))
    assert setup.loop.counters.late == 1
    setup.planner.gate.set()
    setup.wait_until(lambda: setup.planner.newest == 1.005)
    setup.wait_until(lambda: setup.loop.planned() is None and setup.loop.plan == 1.005)
    assert setup.loop.late() is None


def test_when_no_plan_was_ever_ready_expect_hold(setup):
    setup.planner.gate.clear()
    setup.observe(1.0)
    late = setup.loop.late()
    assert late.command.effort.tolist() == GRAVITY.tolist()
    assert setup.safety.violation is None


def test_when_states_come_faster_than_plans_expect_only_the_newest_planned_for(setup):
    setup.planner.gate.clear()
    setup.observe(1.0)
    setup.wait_until(lambda: setup.planner.planned_at)
    setup.observe(1.005)
    setup.observe(1.010)
    setup.planner.gate.set()
    assert setup.answer().label == "1.01"
    assert [stamp for stamp, _ in setup.planner.planned_at] == [1.0, 1.010]
    assert setup.loop.counters.unanswered == 2


def test_when_a_state_comes_twice_expect_the_same_answer_and_no_second_plan(setup):
    setup.observe(1.0)
    first = setup.answer()
    assert setup.observe(1.0) is first
    assert setup.loop.counters.states == 1


def test_when_an_older_state_comes_late_expect_it_ignored(setup):
    setup.observe(1.0)
    setup.answer()
    assert setup.observe(0.995) is None
    assert setup.loop.state.stamp == 1.0


def test_when_time_begins_anew_expect_plans_forgotten(setup):
    setup.observe(100.0)
    setup.answer()
    setup.observe(0.0)
    assert told(setup.answer()) == (0.0, 0.0)
    assert setup.planner.resets == 1


def test_when_state_is_out_of_limits_expect_stop_with_reason_and_no_more_plans(setup):
    setup.observe(1.0)
    setup.answer()
    setup.observe(1.005, position=(3.5, 0.0))
    assert setup.answer().command.reason == "position_limit"
    held = setup.observe(1.010)
    assert held.command.reason == "position_limit"
    assert len(setup.planner.planned_at) == 2


def test_when_states_stop_expect_a_named_stop(setup):
    setup.observe(1.0)
    setup.answer()
    setup.clock.now += 0.05
    assert setup.loop.watch() is None
    setup.clock.now += 0.1
    answer = setup.loop.watch()
    assert answer.command.reason == "state_stale"
    assert answer.command.effort.tolist() == GRAVITY.tolist()


def test_when_planner_raises_expect_it_in_the_callers_thread(setup):
    setup.planner.error = ValueError("broken")
    setup.observe(1.0)
    with pytest.raises(ValueError, match="broken"):
        setup.answer()


def test_when_lock_step_expect_stamps_for_time_whatever_the_clock_says():
    setup = Setup(lock_step=True)
    setup.observe(1.0)
    setup.wait_until(lambda: setup.planner.newest == 1.0)
    setup.clock.now += 7.0
    assert told(setup.answer()) == (1.0, 1.0)
    assert setup.planner.planned_at == [(1.0, 1.0)]
    assert setup.loop.watch() is None
    setup.loop.close()


def test_when_resting_expect_gravity_held_and_nothing_before_the_first_state(setup):
    assert setup.loop.rest() is None
    setup.observe(1.0)
    assert setup.loop.rest().command.effort.tolist() == GRAVITY.tolist()
    assert setup.safety.violation is None


def test_when_braking_expect_damped_holds_until_at_rest_then_gravity_alone(setup):
    setup.observe(1.0, velocity=(1.0, 0.0))
    setup.answer()
    setup.loop.brake()
    assert not setup.loop.at_rest
    held = setup.observe(1.005, velocity=(1.0, 0.0))
    assert held.command.effort[0] < GRAVITY[0]
    assert setup.loop.rest().command.effort.tolist() == GRAVITY.tolist()
    setup.observe(1.010)
    assert setup.loop.at_rest
    assert len(setup.planner.planned_at) == 1


class PromptPlanner(FakePlanner):
    """Acts at once, unless told to wait for plans."""

    waits = False

    def act(self, state, now):
        return None if self.waits else Command(NAMES, GRAVITY, now, position=[0.07, 0.01 * now])


@pytest.fixture
def prompt():
    one = Setup()
    one.planner = PromptPlanner()
    one.loop = ControlLoop(one.planner, one.safety, clock=one.clock)
    yield one
    one.planner.gate.set()
    one.loop.close()


def test_when_the_planner_acts_at_once_expect_its_command_and_the_plan_made_behind(prompt):
    prompt.planner.gate.clear()
    answer = prompt.observe(1.0)
    assert (answer.label, told(answer)) == ("1.0", (7.0, 1.0))
    assert not prompt.loop.waiting
    assert not prompt.planner.planned_at  # not before the answer is on its way
    prompt.loop.plan_behind()
    prompt.wait_until(lambda: prompt.planner.planned_at == [(1.0, 1.0)])
    # A plan that takes long holds nobody up.
    assert told(prompt.observe(1.005)) == (7.0, 1.005)
    prompt.planner.gate.set()
    prompt.wait_until(lambda: prompt.planner.newest == 1.0)
    prompt.loop.plan_behind()
    prompt.wait_until(lambda: prompt.planner.newest == 1.005)
    prompt.observe(1.010)
    prompt.loop.plan_behind()
    assert prompt.loop.counters.plans >= 1
    assert prompt.loop.plan in (1.0, 1.005)


def test_when_a_prompt_planner_waits_expect_the_command_of_the_states_own_plan(prompt):
    prompt.planner.waits = True
    assert prompt.observe(1.0) is None
    prompt.loop.plan_behind()  # nothing to do: it is being made
    answer = prompt.answer()
    assert told(answer) == (1.0, 1.0)
    assert prompt.planner.planned_at == [(1.0, 1.0)]


def test_when_a_plan_made_behind_fails_expect_it_raised_at_the_next(prompt):
    prompt.planner.error = ValueError("broken")
    prompt.observe(1.0)
    prompt.loop.plan_behind()
    prompt.wait_until(lambda: prompt.planner.planned_at)
    time.sleep(0.05)
    assert prompt.observe(1.005).label == "1.005"
    with pytest.raises(ValueError, match="broken"):
        prompt.loop.plan_behind()


def test_when_a_prompt_planner_brakes_expect_holds_and_no_more_plans(prompt):
    prompt.loop.brake()
    assert prompt.observe(1.0).command.reason == "stop_requested"
    prompt.loop.plan_behind()
    time.sleep(0.02)
    assert not prompt.planner.planned_at


def test_when_limits_are_exchanged_expect_the_next_command_within_them():
    setup = Setup(lock_step=True)
    lowered, config = LIMITS.scaled(effort=0.1), SafetyConfig(effort_rate=1e4)
    setup.observe(0.0)
    assert setup.answer().command.effort == pytest.approx(GRAVITY)
    setup.loop.exchange(lowered, config, pace=1.0)
    setup.observe(0.005)
    assert setup.answer().command.effort == pytest.approx([1.0, -0.5])
    assert (setup.safety.limits, setup.safety.config) == (lowered, config)


def test_when_speed_limits_are_lowered_before_any_state_expect_them_from_the_first():
    setup = Setup(lock_step=True)
    setup.loop.exchange(LIMITS.scaled(velocity=0.5), SafetyConfig(), pace=1.0)
    setup.observe(0.0, velocity=(1.5, 0.0))
    setup.answer()
    assert setup.safety.stopped_reason is not None


def test_when_the_pace_changes_expect_time_since_a_state_to_pass_by_it():
    setup = Setup()
    setup.observe(1.0)
    setup.answer()
    setup.loop.exchange(LIMITS, SafetyConfig(), pace=0.1)
    setup.clock.now += 0.5  # 0.05 s of the states' time: not too old
    assert setup.loop.watch() is None
    setup.loop.exchange(LIMITS, SafetyConfig(), pace=1.0)
    assert setup.loop.watch() is not None


def test_when_a_state_is_answered_expect_its_label_and_what_the_planner_wanted(setup):
    assert (setup.loop.label, setup.loop.asked) == ("", None)
    setup.observe(1.0, label="1.000000000")
    assert (setup.loop.label, setup.loop.asked) == ("1.000000000", None)
    answer = setup.answer()
    assert setup.loop.asked is not None
    assert setup.loop.asked.effort.tolist() == GRAVITY.tolist()
    assert answer.label == setup.loop.label
    setup.loop.brake()  # from now on nobody asks the planner
    setup.observe(1.005)
    assert setup.loop.asked is None
