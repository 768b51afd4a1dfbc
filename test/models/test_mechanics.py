"""The arm's equations with friction at the end of a step: residual, slopes, sticking, PyBullet."""

from dataclasses import replace

import numpy as np
import pytest

from rl_control.models.mechanics import FRICTION_WIDTH, Mechanics
from rl_control.models.rigid import RigidModel
from rl_control.plants.bullet import BulletPlant
from rl_control.plants.bullet_config import BulletConfig
from rl_control.robot.description import load_robot, robot_names
from rl_control.types import Command

DT = 0.02


def arm(name, damping=0.0, friction=0.0):
    robot = load_robot(name)
    joints = tuple(replace(j, damping=damping, friction=friction) for j in robot.joints)
    return replace(robot, joints=joints)


def draw(robot, count, seed=0):
    rng = np.random.default_rng(seed)
    limits = robot.limits
    x = np.hstack(
        [
            rng.uniform(-1.0, 1.0, size=(count, robot.n)),
            rng.uniform(-0.5, 0.5, size=(count, robot.n)) * limits.velocity,
        ]
    )
    return x, rng.uniform(-0.5, 0.5, size=(count, robot.n)) * limits.effort


@pytest.mark.parametrize("name", robot_names())
def test_when_there_is_no_coulomb_friction_expect_the_rigid_model(name):
    robot = arm(name, damping=0.3)
    x, u = draw(robot, 20)
    model, mechanics = RigidModel(robot, DT), Mechanics(robot)
    a, slopes = mechanics.linearize(x, u, DT)
    n = robot.n
    assert np.allclose(x[:, n:] + DT * a, model.step(x, u)[:, n:], rtol=1e-9, atol=1e-9)
    wanted_a, wanted_b = model.linearize(x, u)
    eye = np.eye(2 * n)[n:]
    assert np.allclose(DT * slopes[:, :, : 2 * n] + eye, wanted_a[:, n:], rtol=1e-7, atol=1e-7)
    assert np.allclose(DT * slopes[:, :, 2 * n :], wanted_b[:, n:], rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("name", robot_names())
def test_when_efforts_of_an_acceleration_are_applied_expect_that_acceleration(name):
    robot = arm(name, damping=0.5, friction=0.4)
    x, _ = draw(robot, 30, seed=1)
    a = np.random.default_rng(2).normal(size=(30, robot.n))
    mechanics = Mechanics(robot)
    efforts = mechanics.efforts(x, a, DT)
    assert np.allclose(mechanics.acceleration(x, efforts, DT), a, atol=1e-6)


def test_when_slopes_are_asked_for_expect_finite_differences():
    robot = arm("iiwa7", damping=0.5, friction=0.4)
    x, u = draw(robot, 10, seed=3)
    mechanics, n, h = Mechanics(robot), robot.n, 1e-6
    _, slopes = mechanics.linearize(x, u, DT)
    joined = np.hstack([x, u])
    for i in range(3 * n):
        there, back = joined.copy(), joined.copy()
        there[:, i] += h
        back[:, i] -= h
        ahead, behind = (
            mechanics.acceleration(z[:, : 2 * n], z[:, 2 * n :], DT) for z in (there, back)
        )
        scale = 1.0 + np.abs(slopes[:, :, i]).max()
        assert np.allclose((ahead - behind) / (2 * h), slopes[:, :, i], atol=2e-4 * scale)


def test_when_the_push_is_below_friction_expect_the_arm_to_stick():
    robot = arm("iiwa7", friction=1.0)
    mechanics = Mechanics(robot)
    x = np.concatenate([robot.home, np.zeros(robot.n)])[None]
    gravity = mechanics.gravity_torque(robot.home)[None]
    held = mechanics.acceleration(x, gravity + 0.5, DT)
    assert (np.abs(DT * held) < FRICTION_WIDTH).all()
    moved = mechanics.acceleration(x, gravity + 3.0, DT)
    assert (np.abs(DT * moved) > 2 * FRICTION_WIDTH).any()


def test_when_a_simulated_arm_with_friction_moves_expect_its_velocity_foretold():
    robot = load_robot("iiwa7")
    plant = BulletPlant(robot, BulletConfig(damping=(1.0,), friction=(1.0,)))
    mechanics = Mechanics(arm("iiwa7", damping=1.0, friction=1.0))
    gravity = mechanics.gravity_torque(robot.home)
    effort = gravity + np.array([20.0, 15.0, 10.0, 8.0, 3.0, 3.0, 2.0])
    x = plant.observe().joints.vector
    for _ in range(40):
        after = plant.step(Command(robot.names, effort, 0.0)).joints.vector
        for _ in range(5):  # the plant's own substeps
            v = x[7:] + 0.001 * mechanics.acceleration(x[None], effort[None], 0.001)[0]
            x = np.concatenate([x[:7] + 0.001 * v, v])
        assert np.allclose(x[7:], after[7:], atol=0.01)
        x = after
    assert np.abs(x[7:]).max() > 0.5
    plant.close()


def test_when_parameters_change_expect_the_same_machine_code_to_serve():
    light, heavy = arm("planar2"), arm("planar2", damping=2.0)
    first = Mechanics(light)
    x, u = draw(light, 4)
    changed = first.with_robot(heavy)
    assert np.allclose(changed.acceleration(x, u, DT), Mechanics(heavy).acceleration(x, u, DT))
    assert np.allclose(first.acceleration(x, u, DT), Mechanics(light).acceleration(x, u, DT))
    assert np.allclose(changed.mass_matrix(light.home), first.mass_matrix(light.home))
