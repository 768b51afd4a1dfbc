"""Braking before a controller goes."""

from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("rclpy")

from rl_control.ros.brake import Brake
from rl_control.ros.process import WIND_DOWN_TIME


class Loop:
    """Rests after so many states."""

    def __init__(self, states):
        self.left, self.braking = states, False

    def brake(self):
        self.braking = True

    @property
    def at_rest(self):
        return self.left <= 0

    def answer(self, message):
        assert self.braking
        self.left -= 1


def subscription(count):
    waiting = [("state", None), None] * count
    return SimpleNamespace(
        handle=SimpleNamespace(take_message=lambda kind, raw: waiting.pop(0) if waiting else None)
    )


def test_when_the_arm_moves_expect_states_answered_until_it_rests():
    loop = Loop(3)
    Brake(loop).bring_to_rest(subscription(5), loop.answer)
    assert loop.left == 0


def test_when_the_arm_does_not_come_to_rest_expect_an_end():
    loop, times = Loop(10), iter(0.5 + WIND_DOWN_TIME * np.array([0.0, 0.9, 1.1]))
    brake = Brake(loop, lambda: next(times))
    assert brake.needed() and brake.needed()
    assert not brake.needed()
