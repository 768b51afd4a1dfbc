"""Delay prediction against a finely simulated arm."""

from __future__ import annotations

import numpy as np
import pytest

from rl_control.control.predict import DelayPredictor


class Cart:
    """Unit masses: acceleration is effort minus a constant weight."""

    weight = np.array([2.0, 0.0])

    def __init__(self):
        self.calls = 0

    def acceleration(self, q, v, u):
        self.calls += 1
        return (np.atleast_2d(u - self.weight),)

    def hold(self, q):
        return self.weight


@pytest.fixture
def cart():
    return Cart()


@pytest.fixture
def predictor(cart):
    return DelayPredictor(cart.acceleration, cart.hold)


STATE = np.array([1.0, -1.0, 0.5, 0.0])


def test_when_the_time_is_not_later_expect_the_state_itself(predictor, cart):
    for until in (5.0, 4.0, 5.0 + 1e-7):
        np.testing.assert_array_equal(predictor.predict(STATE, 5.0, until), STATE)
    assert cart.calls == 0


def test_when_nothing_was_sent_expect_the_arm_to_hold_against_gravity(predictor):
    found = predictor.predict(STATE, 5.0, 5.04)
    np.testing.assert_allclose(found, [1.02, -1.0, 0.5, 0.0])


def test_when_commands_were_sent_expect_each_to_act_in_its_time(predictor):
    predictor.sent(4.0, np.array([2.0, 0.0]))
    predictor.sent(5.01, np.array([2.0, 10.0]))
    predictor.sent(5.0237, np.array([3.0, -10.0]))
    predictor.sent(7.0, np.array([99.0, 99.0]))
    found = predictor.predict(STATE, 5.0, 5.03)
    speeds = [0.5 + 0.0063, 10.0 * 0.0137 - 10.0 * 0.0063]
    np.testing.assert_allclose(found[2:], speeds, atol=1e-9)
    q, v, step = STATE[:2].copy(), STATE[2:].copy(), 1e-6
    for i in range(30000):
        time = i * step
        u = [2.0, 0.0] if time < 0.01 else [2.0, 10.0] if time < 0.0237 else [3.0, -10.0]
        v = v + step * (np.array(u) - Cart.weight)
        q = q + step * v
    np.testing.assert_allclose(found[:2], q, atol=3e-4)  # 5 ms steps of the predictor


def test_when_commands_are_forgotten_expect_the_hold_again(predictor):
    predictor.sent(4.0, np.array([50.0, 50.0]))
    assert predictor.last() is not None
    predictor.reset()
    assert predictor.last() is None
    np.testing.assert_allclose(predictor.predict(STATE, 5.0, 5.04), [1.02, -1.0, 0.5, 0.0])


def test_when_clocks_disagree_expect_a_bounded_prediction(predictor, cart):
    found = predictor.predict(STATE, 0.0, 1.7e9)
    np.testing.assert_allclose(found, predictor.predict(STATE, 0.0, 0.5))
    assert cart.calls < 1000
