"""The hold on a simulated arm: it has to stop it, whatever the wrist weighs."""

import casadi as ca
import numpy as np
import pytest

from rl_control.plants.bullet import BulletPlant
from rl_control.plants.bullet_config import BulletConfig
from rl_control.robot.description import load_robot
from rl_control.robot.rigid_body import RigidBody
from rl_control.safety import SafetyConfig, SafetyFilter
from rl_control.types import Command


@pytest.mark.parametrize("name", ["planar2", "arm7", "iiwa7", "panda"])
@pytest.mark.parametrize("period", [0.002, 0.01])
def test_when_stopped_in_motion_expect_the_kinetic_energy_to_decay(name, period):
    robot = load_robot(name).without_damping()
    body, q = RigidBody(robot), ca.SX.sym("q", robot.n)
    gravity = ca.Function("g", [q], [body.gravity_torque(q)])
    mass = ca.Function("m", [q], [body.mass_matrix(q)])
    config = SafetyConfig(hold_time=0.1)
    safety = SafetyFilter(
        robot.limits,
        config,
        lambda q: np.array(gravity(q)).ravel(),
        lambda q: np.array(mass(q)),
    )
    plant = BulletPlant(robot, BulletConfig(period=period))
    speed = np.random.default_rng(0).uniform(-0.6, 0.6, robot.n)
    joints = plant.reset(v=speed).joints

    def energy(joints):
        return 0.5 * joints.velocity @ np.array(mass(joints.position)) @ joints.velocity

    start = energy(joints)
    safety.stop()
    for _ in range(round(0.2 / period)):
        wanted = Command(robot.names, robot.limits.effort, joints.stamp)
        joints = plant.step(safety.apply(wanted, joints, joints.stamp)).joints
    expected = start * np.exp(-2.0 * 0.2 / config.hold_time)
    assert energy(joints) == pytest.approx(expected, rel=0.3)
    assert plant.clipped == 0
