import pytest

from rl_control.safety import Watchdog


class Clock:
    def __init__(self):
        self.now = 100.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_when_never_fed_expect_it_asleep(clock):
    dog = Watchdog(0.1, clock)
    clock.now += 10.0
    assert not dog.awake
    assert not dog.expired
    assert dog.age == 0.0


def test_when_fed_in_time_expect_no_alarm_and_else_one(clock):
    dog = Watchdog(0.1, clock)
    for _ in range(5):
        dog.feed()
        clock.now += 0.09
        assert not dog.expired
    clock.now += 0.02
    assert dog.expired
    assert dog.age == pytest.approx(0.11)
    dog.feed()
    assert not dog.expired


def test_when_put_to_sleep_expect_no_alarm(clock):
    dog = Watchdog(0.1, clock)
    dog.feed()
    dog.sleep()
    clock.now += 1.0
    assert not dog.expired


def test_when_clock_breaks_expect_an_alarm(clock):
    dog = Watchdog(0.1, clock)
    dog.feed()
    clock.now = float("nan")
    assert dog.expired


@pytest.mark.parametrize("timeout", [0.0, -1.0, float("nan")])
def test_when_timeout_is_no_time_expect_refusal(timeout):
    with pytest.raises(ValueError, match="timeout"):
        Watchdog(timeout)
