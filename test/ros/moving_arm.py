"""planar2 with more mass and damping than described, as numbers: no simulator, no time passes."""

from dataclasses import replace

import numpy as np

from rl_control.data.recording import Recording
from rl_control.data.transitions import TransitionDataset
from rl_control.models.learned import rigid_model
from rl_control.models.mechanics import Mechanics
from rl_control.robot.arm_model import ArmModel
from rl_control.robot.description import load_robot

ROBOT = load_robot("planar2")
PERIOD, DT = 0.005, 0.02


def heavier(mass=1.0, damping=0.5):
    """The arm with so much more at its last link, and this damping."""
    *others, last = ROBOT.joints
    inertia = replace(last.inertia, mass=last.inertia.mass + mass)
    joints = [*others, replace(last, inertia=inertia)]
    return replace(ROBOT, joints=tuple(replace(joint, damping=damping) for joint in joints))


def model_of(robot=ROBOT, dt=DT, deviation=0.01):
    return replace(rigid_model(Mechanics(robot), dt), scale=np.full(2 * robot.n, deviation))


def run(seconds, robot=None, seed=0):
    """States [T+1, 4] and efforts [T, 2] of `robot` swinging about, a step of PERIOD apart."""
    robot = heavier() if robot is None else robot
    truth, nominal = model_of(robot, PERIOD), ArmModel(ROBOT)
    rng = np.random.default_rng(seed)
    rates, phases = rng.uniform(1.0, 4.0, (3, 2)), rng.uniform(0.0, 6.0, (3, 2))
    x = np.concatenate([ROBOT.home, np.zeros(2)])
    states, efforts = [x], []
    for k in range(round(seconds / PERIOD)):
        wish = ROBOT.home + 0.3 * np.sin(rates * PERIOD * k + phases).sum(axis=0)
        push = nominal.mass_matrix(x[:2]) @ (60.0 * (wish - x[:2]) - 8.0 * x[2:])
        u = push + nominal.gravity_torque(x[:2])
        x = truth.step(x[None], u[None])[0]
        states.append(x)
        efforts.append(u)
    return np.array(states), np.array(efforts)


def recording(seconds, **how):
    """The same as raw streams."""
    states, efforts = run(seconds, **how)
    times = PERIOD * np.arange(len(states))
    return Recording(
        names=ROBOT.names,
        state_times=times,
        positions=states[:, :2],
        velocities=states[:, 2:],
        command_times=times[:-1],
        efforts=efforts,
        source="test",
    )


def rollouts(count, seconds=2.0, **how):
    """The same as transitions, in rollouts of so many seconds."""
    states, efforts = run(count * seconds, **how)
    size = round(seconds / PERIOD)
    return TransitionDataset(
        names=ROBOT.names,
        dt=PERIOD,
        states=states[:-1],
        controls=efforts,
        next_states=states[1:],
        times=PERIOD * np.arange(len(efforts)),
        rollouts=np.repeat(np.arange(count), size),
        sources=("test",) * count,
    )
