"""What is left of an arm's limits by live settings."""

from dataclasses import replace

import numpy as np
import pytest

from rl_control.errors import ConfigError
from rl_control.robot.settings import RobotSettings
from rl_control.ros.controller_config import ControllerConfig
from rl_control.ros.live_limits import LimitShares
from rl_control.types import JointLimits

WHOLE = JointLimits(("a", "b"), [-1, -2], [1, 2], [4, 8], [10, 20])
SHARES = LimitShares(WHOLE, RobotSettings(velocity_scale=0.5, effort_scale=0.8))
CONFIG = ControllerConfig(velocity_scale=0.5, effort_scale=0.5)


def test_when_shares_are_asked_for_expect_the_filter_to_keep_one_and_the_planner_both():
    allowed, control = SHARES.allowed(CONFIG), SHARES.control(CONFIG)
    np.testing.assert_allclose([allowed.velocity, allowed.effort], [[2, 4], [5, 10]])
    np.testing.assert_allclose([control.velocity, control.effort], [[1, 2], [4, 8]])
    np.testing.assert_array_equal(control.upper, WHOLE.upper)


def test_when_a_joint_could_not_hold_the_arm_expect_what_it_takes():
    SHARES.require_hold(CONFIG, np.array([3.9, -7.9]))
    with pytest.raises(ConfigError, match="with which b could not hold") as caught:
        SHARES.require_hold(CONFIG, np.array([0.0, -9.0]))
    least = 0.5 * 9.0 / 8.0
    assert f"Give more than {least:.3g}" in str(caught.value)
    SHARES.require_hold(replace(CONFIG, effort_scale=least + 1e-3), np.array([0.0, -9.0]))
