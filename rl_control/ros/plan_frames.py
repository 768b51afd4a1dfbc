"""Frames of the arm at its plan's end, as a ghost for RViz, where tf2 is installed."""

from __future__ import annotations

import importlib
from typing import Any

import casadi as ca
import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import TransformStamped

from rl_control.robot.model import RobotModel
from rl_control.robot.quaternions import quaternion_from_rotation
from rl_control.robot.rigid_body import RigidBody
from rl_control.types import Array

PREFIX = "plan/"


class PlanFrames:
    """The frames of an arm's base, its moving links and its tip at given joint positions.

    Args:
        robot: the arm.
    """

    def __init__(self, robot: RobotModel) -> None:
        body, q = RigidBody(robot), ca.SX.sym("q", robot.n)
        base = (ca.SX.zeros(3), ca.SX.eye(3))
        places = [base, *body.link_placements(q), body.tip(q)]
        parts = [ca.densify(part) for place in places for part in place]
        self._places = ca.Function("frames", [q], parts)
        self._base = robot.base
        last = robot.joints[-1].link
        links = [robot.base, *(joint.link for joint in robot.joints)]
        self._names = [*links, robot.tip] if robot.tip != last else links

    def transforms(self, q: Array, stamp: Time) -> list[TransformStamped]:
        """Return frame "plan/LINK" in the base frame for every link, at joint positions `q` [n]."""
        parts = [np.array(part) for part in self._places(q)]
        found = []
        for k, name in enumerate(self._names):
            position, rotation = parts[2 * k].reshape(-1), parts[2 * k + 1]
            message = TransformStamped(child_frame_id=PREFIX + name)
            message.header.stamp, message.header.frame_id = stamp, self._base
            shift, turn = message.transform.translation, message.transform.rotation
            shift.x, shift.y, shift.z = (float(c) for c in position)
            turn.x, turn.y, turn.z, turn.w = (float(c) for c in quaternion_from_rotation(rotation))
            found.append(message)
        return found


def frames_message() -> Any | None:
    """Return the class of messages on /tf, or None where tf2 is not installed."""
    try:
        return importlib.import_module("tf2_msgs.msg").TFMessage
    except ImportError:
        return None
