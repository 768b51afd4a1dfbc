"""How well an arm kept to a path: figures and their table."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from rl_control.control.moving_goal import MovingGoal
from rl_control.robot.kinematics import Kinematics
from rl_control.robot.model import RobotModel
from rl_control.types import Array, Trajectory

if TYPE_CHECKING:
    from rich.table import Table


@dataclass(frozen=True)
class JointTracking:
    """One joint on the path.

    Attributes:
        name: of the joint.
        least: position in [rad] or [m].
        greatest: position in [rad] or [m].
        rms_error: in [rad] or [m].
        greatest_error: in [rad] or [m].
        speed_share: greatest speed as a share of the arm's limit.
        effort_share: greatest effort as a share of the arm's limit.
    """

    name: str
    least: float
    greatest: float
    rms_error: float
    greatest_error: float
    speed_share: float
    effort_share: float


@dataclass(frozen=True)
class Tracking:
    """A whole path.

    Attributes:
        duration: of the path in [s].
        slowed: multiple of the time asked for.
        tip_rms_m: distance of the tip from where it should be, root mean square in [m].
        tip_greatest_m: the greatest in [m].
        tip_end_m: at the end in [m].
        stopped: why the safety filter stopped the motion; "" if it did not.
        joints: one each, [n].
    """

    duration: float
    slowed: float
    tip_rms_m: float
    tip_greatest_m: float
    tip_end_m: float
    stopped: str
    joints: tuple[JointTracking, ...]


def judged(
    trajectory: Trajectory, goal: MovingGoal, robot: RobotModel, slowed: float, stopped: str
) -> Tracking:
    """Compare what an arm did with the path it was to keep to.

    Args:
        trajectory: with "stamp" among its extras.
        goal: the path, from when it began.
        robot: the arm, with all of its limits.
        slowed: multiple of the time asked for.
        stopped: why the safety filter stopped the motion.
    """
    limits = robot.limits
    rows = [goal.at(float(stamp)) for stamp in trajectory.extra["stamp"]]
    wanted = np.array([row[0] for row in rows])
    tips: Array = np.array([row[2] for row in rows])
    away = np.abs(trajectory.positions - wanted)
    found = Kinematics(robot).tips(trajectory.positions)[0]
    miss = np.linalg.norm(found - tips, axis=1)
    speed = np.abs(trajectory.velocities).max(axis=0) / limits.velocity
    effort = np.abs(trajectory.controls).max(axis=0) / limits.effort
    joints = tuple(
        JointTracking(
            name=name,
            least=float(trajectory.positions[:, i].min()),
            greatest=float(trajectory.positions[:, i].max()),
            rms_error=float(np.sqrt((away[:, i] ** 2).mean())),
            greatest_error=float(away[:, i].max()),
            speed_share=float(speed[i]),
            effort_share=float(effort[i]),
        )
        for i, name in enumerate(robot.names)
    )
    return Tracking(
        duration=goal.duration,
        slowed=slowed,
        tip_rms_m=float(np.sqrt((miss**2).mean())),
        tip_greatest_m=float(miss.max()),
        tip_end_m=float(miss[-1]),
        stopped=stopped,
        joints=joints,
    )


def tracking_table(result: Tracking, robot: RobotModel) -> Table:
    """Return the table of the joints."""
    from rl_control.report.table import number, percent, table

    rows = [
        (
            joint.name,
            f"{joint.least:.3f} to {joint.greatest:.3f}",
            number(joint.rms_error, 2, 1e3),
            number(joint.greatest_error, 2, 1e3),
            percent(joint.speed_share),
            percent(joint.effort_share),
        )
        for joint in result.joints
    ]
    columns = ("joint", "least to greatest", "rms [1e-3]", "most [1e-3]", "speed", "effort")
    title = f"{robot.name}: {result.duration:.2f} s; errors in mrad or mm, shares of the limits"
    return table(title, columns, rows, left=2)


def summary(result: Tracking) -> str:
    """Return the outcome in a line."""
    tip = (
        f"tip {1e3 * result.tip_rms_m:.2f} mm rms, {1e3 * result.tip_greatest_m:.2f} mm at most, "
        f"{1e3 * result.tip_end_m:.2f} mm at the end"
    )
    slower = f"; {result.slowed:.2f} times the time asked for" if result.slowed > 1.001 else ""
    stop = f"; motion stopped: {result.stopped}" if result.stopped else ""
    return tip + slower + stop
