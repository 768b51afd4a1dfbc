"""The simulated arm's tick: newest command, hold when none comes, counting, pacing."""

import numpy as np
import pytest

from rl_control.plants.fake import FakePlant
from rl_control.ros.sim_loop import Pacer, SimLoop
from rl_control.safety.filter import SafetyFilter
from rl_control.safety.settings import SafetyConfig
from rl_control.types import JointLimits

NAMES = ("a", "b")
LIMITS = JointLimits(NAMES, [-3, -3], [3, 3], [2, 2], [10, 10])
GRAVITY = np.array([1.5, -0.5])


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def plant():
    return FakePlant(NAMES, 0.005)


@pytest.fixture
def loop(plant, clock):
    safety = SafetyFilter(LIMITS, SafetyConfig(), lambda q: GRAVITY)
    return SimLoop(plant, safety, command_timeout=0.1, clock=clock)


def tick(loop, clock, values=None, label="x", latency=0.001):
    loop.published(label)
    clock.now += latency
    if values is not None:
        loop.effort(np.array(values), label)
    clock.now += 0.005 - latency
    return loop.step()


def test_when_no_command_ever_came_expect_gravity_held_and_nothing_missed(loop, plant, clock):
    tick(loop, clock)
    assert loop.holding
    assert plant.commands[-1].effort.tolist() == GRAVITY.tolist()
    assert loop.counters.missed == 0


def test_when_command_comes_expect_it_applied_and_its_latency(loop, plant, clock):
    tick(loop, clock, [1.0, 2.0])
    assert plant.commands[-1].effort.tolist() == [1.0, 2.0]
    assert loop.counters.answered == 1
    assert loop.latency_ms() == pytest.approx({"p50": 1.0, "p99": 1.0, "max": 1.0}, rel=0.01)


def test_when_one_command_is_missing_expect_the_last_one_kept_and_a_miss(loop, plant, clock):
    tick(loop, clock, [1.0, 2.0], "1")
    tick(loop, clock, None, "2")
    assert plant.commands[-1].effort.tolist() == [1.0, 2.0]
    assert loop.counters.missed == 1


def test_when_command_answers_an_old_state_expect_its_whole_latency_and_no_answer(loop, clock):
    tick(loop, clock, [1.0, 2.0], "1")
    tick(loop, clock, None, "2")
    loop.published("3")
    loop.effort(np.zeros(2), "2")
    assert not loop.answered
    assert loop.latency_ms()["max"] == pytest.approx(5.0, rel=0.01)


def test_when_command_carries_no_label_expect_it_to_answer_the_newest_state(loop, clock):
    loop.published("1")
    loop.effort(np.zeros(2))
    assert loop.answered


def test_when_commands_stop_expect_hold_after_timeout_and_recovery(loop, plant, clock):
    tick(loop, clock, [1.0, 2.0])
    for _ in range(25):
        tick(loop, clock)
    assert loop.holding
    assert plant.commands[-1].effort == pytest.approx(GRAVITY, abs=0.2)
    assert loop.counters.timeouts == 1
    tick(loop, clock, [3.0, 4.0])
    assert plant.commands[-1].effort.tolist() == [3.0, 4.0]


def test_when_the_arm_moves_before_its_state_is_due_expect_it_known_until_that_is_published(
    loop, plant
):
    loop.published("1")
    loop.effort(np.array([1.0, 2.0]), "1")
    assert not loop.moved
    loop.step()
    assert loop.moved
    loop.effort(np.array([3.0, 4.0]), "1")  # too late for that step
    loop.published("2")
    assert not loop.moved
    loop.step()
    assert [command.effort.tolist() for command in plant.commands] == [[1.0, 2.0], [3.0, 4.0]]
    assert (loop.counters.answered, loop.counters.missed) == (1, 1)


def test_when_reset_expect_home_at_rest_and_holding(loop, plant, clock):
    tick(loop, clock, [5.0, 5.0])
    state = loop.reset()
    assert state.joints.velocity.tolist() == [0.0, 0.0]
    assert loop.holding


def test_when_a_tick_is_late_expect_the_next_deadline_unmoved(clock):
    pacer = Pacer(0.01, clock)
    clock.now += 0.0115
    assert not pacer.advance()
    assert pacer.remaining() == pytest.approx(0.0085)


@pytest.mark.parametrize("late", [0.004, 0.009, 0.04])
def test_when_ticks_would_come_close_together_expect_them_apart_and_the_time_made_up_for(
    clock, late
):
    begin = clock.now
    pacer = Pacer(0.01, clock)
    clock.now += 0.01 + late
    ticks = [clock.now]
    overrun = pacer.advance()
    assert overrun == (late > 0.01)
    for _ in range(25):
        clock.now += pacer.remaining()
        pacer.advance()
        ticks.append(clock.now)
    assert np.diff(ticks).min() == pytest.approx(0.008)
    np.testing.assert_allclose(ticks[20:], begin + 0.01 * np.arange(21, 27))


def test_when_stopped_for_long_expect_no_catching_up(clock):
    pacer = Pacer(0.01, clock)
    clock.now += 1.0
    assert pacer.advance()
    assert pacer.remaining() == pytest.approx(0.01)


def test_when_the_time_out_changes_expect_it_to_count_for_the_next_state(loop, clock):
    loop.effort(np.zeros(len(loop.state.joints.names)))
    clock.now += 0.15
    loop.command_timeout = 0.2
    loop.step()
    assert (loop.command_timeout, loop.holding) == (0.2, False)
    clock.now += 0.1
    loop.step()
    assert loop.holding
