"""Noise on efforts: its statistics, its bounds, its order of joints."""

import numpy as np
import pytest

from rl_control.control.dither import Dither
from rl_control.control.noisy import NoisyController
from rl_control.errors import ShapeError
from rl_control.types import ArmState, Command, JointLimits, JointState

NAMES = ("a", "b")
LIMITS = JointLimits(NAMES, [-1.0, -1.0], [1.0, 1.0], [1.0, 1.0], [10.0, 0.5])


class Constant:
    """Sends the same efforts, its joints in an order of its own."""

    def __init__(self, effort, names=NAMES):
        self.effort, self.names, self.resets = np.array(effort), names, 0

    def reset(self, state):
        self.resets += 1

    def act(self, state):
        return Command(self.names, self.effort, state.joints.stamp)


def at(stamp):
    return ArmState(JointState(NAMES, np.zeros(2), np.zeros(2), np.zeros(2), stamp))


def test_when_noise_runs_expect_its_deviation_and_its_memory():
    noise = Dither(np.array([2.0, 0.1]), 0.1, np.random.default_rng(0))
    values = np.array([noise.step(0.02) for _ in range(60000)])[100:]
    np.testing.assert_allclose(values.std(axis=0), [2.0, 0.1], rtol=0.03)
    kept = (values[5:] * values[:-5]).mean(axis=0) / values.var(axis=0)
    np.testing.assert_allclose(kept, np.exp(-1.0), atol=0.03)
    assert abs(np.corrcoef(values.T)[0, 1]) < 0.05


def test_when_noise_begins_expect_it_to_grow_from_zero():
    firsts = [
        Dither(np.ones(1), 1.0, np.random.default_rng(seed)).step(0.01)[0] for seed in range(4000)
    ]
    assert np.std(firsts) == pytest.approx(np.sqrt(1.0 - np.exp(-0.02)), rel=0.05)
    assert Dither(np.ones(1), 1.0, np.random.default_rng(0)).step(0.0)[0] == 0.0


def test_when_noise_is_added_expect_efforts_about_the_controllers_within_the_limits():
    inner = Constant([1.0, 0.4])
    noisy = NoisyController(inner, LIMITS, np.array([1.0, 1.0]), 0.01, np.random.default_rng(0))
    noisy.reset(at(0.0))
    efforts = np.array([noisy.act(at(0.01 * k)).effort for k in range(1, 4000)])
    assert inner.resets == 1
    assert efforts[:, 0].mean() == pytest.approx(1.0, abs=0.1)
    assert efforts[:, 0].std() == pytest.approx(1.0, abs=0.1)
    assert np.abs(efforts[:, 1]).max() == 0.5


def test_when_a_command_has_another_order_expect_each_joint_its_own_noise():
    scale = np.array([0.0, 0.2])
    noisy = NoisyController(
        Constant([0.1, 3.0], ("b", "a")), LIMITS, scale, 0.01, np.random.default_rng(0)
    )
    noisy.reset(at(0.0))
    command = noisy.act(at(0.01))
    assert command.names == ("b", "a")
    assert command.effort[1] == 3.0
    assert command.effort[0] != 0.1


def test_when_reset_expect_no_noise_at_first():
    noisy = NoisyController(Constant([1.0, 0.4]), LIMITS, np.ones(2), 1.0, np.random.default_rng(0))
    noisy.reset(at(0.0))
    noisy.act(at(5.0))
    noisy.reset(at(7.0))
    np.testing.assert_array_equal(noisy.act(at(7.0)).effort, [1.0, 0.4])


def test_when_the_scale_is_not_one_a_joint_expect_a_refusal():
    with pytest.raises(ShapeError, match="noise scale"):
        NoisyController(Constant([0, 0]), LIMITS, np.ones(3), 1.0, np.random.default_rng(0))
