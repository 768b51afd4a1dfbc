"""How large an arm is, and where: what camera and signs go by."""

from __future__ import annotations

import numpy as np

from rl_control.robot.model import RobotModel
from rl_control.types import Array
from rl_control.view.frames import body_frames

_ROUND_ABOUT = 1.15  # of a box's diagonal: what stands upright needs some air above


def reach_of(robot: RobotModel) -> float:
    """Return the sum of the distances between the arm's joints and its tip, in [m]."""
    steps = [joint.placement.translation for joint in robot.joints]
    return float(sum(np.linalg.norm(step) for step in [*steps, robot.tip_placement.translation]))


def stage_of(robot: RobotModel) -> tuple[Array, float]:
    """Return where the arm is at home, and how much room it takes.

    Returns:
        The middle of the box around base, joints and tip, [3] in [m]; the greater of the arm's
        reach and somewhat more than that box's diagonal, in [m].
    """
    places = np.array([frame.translation for frame in body_frames(robot, robot.home)])
    low, high = places.min(axis=0), places.max(axis=0)
    diagonal = float(np.linalg.norm(high - low))
    return 0.5 * (low + high), max(reach_of(robot), _ROUND_ABOUT * diagonal)
