"""An arm loaded into a physics world: its body, its joints, its tip."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rl_control.plants.bullet_client import World
from rl_control.plants.bullet_urdf import PAYLOAD_LINK, Payload, bullet_urdf
from rl_control.plants.friction import rubbed
from rl_control.robot.model import RobotModel
from rl_control.types import Array

_SPEED_CAP = 1e6  # PyBullet silently caps joint speeds at 100 rad/s unless told otherwise.


@dataclass(frozen=True)
class LoadedArm:
    """What PyBullet calls the parts of an arm.

    Attributes:
        body: number of the body.
        joints: numbers of the arm's joints, [n].
        tip: number of the tip link.
        payload: number of the link that is the payload, massless or not.
    """

    body: int
    joints: list[int]
    tip: int
    payload: int


def load_arm(
    world: World, robot: RobotModel, payload: Payload, friction: Array, exact: bool
) -> LoadedArm:
    """Load an arm whose joints only dry friction holds.

    Args:
        world: where to.
        robot: the arm.
        payload: what its tip carries.
        friction: Coulomb friction of each joint, [n] in [N m] or [N].
        exact: see `World.load_fixed`.

    Raises:
        PlantError: if PyBullet refuses it.
    """
    body = world.load_fixed(bullet_urdf(robot, payload), exact)
    infos = [world.getJointInfo(body, i) for i in range(world.getNumJoints(body))]
    joints = {info[1].decode(): info[0] for info in infos}
    links = {info[12].decode(): info[0] for info in infos}
    index = [joints[name] for name in robot.names]
    for link in range(-1, len(infos)):
        world.changeDynamics(
            body, link, linearDamping=0.0, angularDamping=0.0, maxJointVelocity=_SPEED_CAP
        )
    arm = LoadedArm(body, index, links[robot.tip], links[PAYLOAD_LINK])
    set_friction(world, arm, friction)
    return arm


def set_friction(world: World, arm: LoadedArm, friction: Array) -> None:
    """Let dry friction of this size hold the joints, [n] in [N m] or [N]."""
    # Motors are on by default and brake every joint; what stays is the Coulomb friction.
    world.setJointMotorControlArray(
        arm.body,
        arm.joints,
        world.bullet.VELOCITY_CONTROL,
        targetVelocities=[0.0] * len(friction),
        forces=friction.tolist(),
    )


def set_payload(world: World, arm: LoadedArm, payload: Payload) -> None:
    """Let the tip carry another mass, at the place of the one that the arm was loaded with."""
    world.changeDynamics(
        arm.body, arm.payload, mass=payload.mass, localInertiaDiagonal=[payload.moment] * 3
    )


def damping_torque(
    world: World, arm: LoadedArm, effort: Array, damping: Array, friction: Array, step: float
) -> Array:
    """Return the efforts of viscous friction that acts implicitly in time, [n].

    Args:
        world: the arm's.
        arm: the arm.
        effort: efforts that drive it, [n].
        damping: viscous friction, [n] in [N m s/rad] or [N s/m].
        friction: Coulomb friction, [n] in [N m] or [N].
        step: time step of the physics in [s].
    """
    states = world.getJointStates(arm.body, arm.joints)
    q, v = [s[0] for s in states], [s[1] for s in states]
    mass = np.array(world.calculateMassMatrix(arm.body, q))
    bias = np.array(world.calculateInverseDynamics(arm.body, q, v, [0.0] * len(q)))
    response = step * np.linalg.inv(mass + step * np.diag(damping))
    speed = v + response @ (effort - bias - damping * v)
    if friction.any():
        # Else the damping of a speed that friction prevents would help it to hold.
        speed = rubbed(np.asarray(speed), np.asarray(response), friction)
    return np.asarray(-damping * speed)
