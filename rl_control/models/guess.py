"""A first guess of an arm of which only kinematics and limits are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rl_control.robot.model import Inertia, RobotModel

_MASS = 1.0  # [kg] of every link
_LEAST_RADIUS = 0.05  # [m]


def guessed_robot(robot: RobotModel) -> RobotModel:
    """The arm with a ball of 1 kg halfway along each link and without friction.

    Nothing of the description's masses, inertias and friction is used: the guess only gives
    identification a possible arm of about the right shape to start from.
    """
    ends = [joint.placement.translation for joint in robot.joints[1:]]
    ends.append(robot.tip_placement.translation)
    joints = []
    for joint, end in zip(robot.joints, ends, strict=True):
        radius = max(0.5 * float(np.linalg.norm(end)), _LEAST_RADIUS)
        ball = Inertia(_MASS, 0.5 * end, 0.4 * _MASS * radius**2 * np.eye(3))
        joints.append(replace(joint, inertia=ball, damping=0.0, friction=0.0))
    return replace(robot, joints=tuple(joints))
