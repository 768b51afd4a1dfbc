"""What nodes do again and again."""

import pytest

from rl_control.ros import periodic
from rl_control.ros.periodic import Periodic


@pytest.fixture
def clock(monkeypatch):
    class Clock:
        now = 50.0

        def monotonic(self):
            return self.now

    clock = Clock()
    monkeypatch.setattr(periodic, "time", clock)
    return clock


def test_when_a_task_is_due_expect_it_done_once_a_period(clock):
    done = []
    task = Periodic(lambda: 0.5, lambda: done.append(clock.now))
    assert task.poll(0.0) == pytest.approx(0.5)
    clock.now = 50.7
    assert task.poll(0.0) == pytest.approx(0.3)
    assert task.poll(0.0) == pytest.approx(0.3)
    clock.now = 51.0
    task.poll(0.0)
    assert done == [50.7, 51.0]


def test_when_it_is_late_again_and_again_expect_the_mean_rate_asked_for(clock):
    done = []
    task = Periodic(lambda: 0.5, lambda: done.append(clock.now))
    for _ in range(100):
        clock.now += task.poll(0.0) + 0.05
    assert clock.now - 50.0 == pytest.approx(0.5 * len(done), abs=0.6)
    assert len(done) > 90


def test_when_everything_stood_still_expect_one_and_no_burst(clock):
    done = []
    task = Periodic(lambda: 0.5, lambda: done.append(clock.now))
    clock.now = 60.0
    assert task.poll(0.0) == pytest.approx(0.5)
    assert done == [60.0]


def test_when_there_is_time_now_expect_done_what_is_due_soon(clock):
    done = []
    task = Periodic(lambda: 0.5, lambda: done.append(clock.now))
    clock.now = 50.497
    assert task.poll(0.002) == pytest.approx(0.003)
    clock.now = 50.499
    assert task.poll(0.002) == pytest.approx(0.501)
    assert done == [50.499]


def test_when_the_period_changes_expect_it_to_count_from_the_last_time(clock):
    done, period = [], 10.0
    task = Periodic(lambda: period, lambda: done.append(clock.now))
    clock.now = 52.0
    assert task.poll(0.0) == pytest.approx(8.0)
    period = 1.5
    assert task.poll(0.0) == pytest.approx(1.0)
    assert done == [52.0]
