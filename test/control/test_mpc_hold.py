"""The planner's own hold brings a moving arm to rest, whatever the arm's inertia."""

import numpy as np
import pytest

from rl_control.control.mpc import MpcConfig
from rl_control.models.rigid import RigidModel
from rl_control.robot.catalog import robot_names
from rl_control.robot.description import load_robot
from rl_control.run.assemble import reach_mpc
from rl_control.types import JointState

PERIOD = 0.005


@pytest.mark.parametrize("name", robot_names())
def test_when_there_is_no_plan_expect_the_arm_braked_and_held(name):
    robot = load_robot(name)
    mpc, arm = reach_mpc(robot, MpcConfig(horizon=5)), RigidModel(robot, PERIOD)
    n, still = robot.n, np.zeros(robot.n)
    x = np.concatenate([robot.home, np.full(n, 0.05)])
    fastest = []
    for k in range(100):
        now = k * PERIOD
        command = mpc.command(JointState(robot.names, x[:n], x[n:], still, now), now)
        assert command.reason == "no_plan"
        x = arm.step(x[None], command.effort[None])[0]
        fastest.append(np.abs(x[n:]).max())
    assert max(fastest) < 0.1
    assert fastest[-1] < 0.005
    np.testing.assert_allclose(x[:n], robot.home, atol=0.02)
