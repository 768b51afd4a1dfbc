"""The recording and the arm that a report is about."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rl_control.data.runs.log import RunLog, read_log
from rl_control.errors import DataError, RlControlError
from rl_control.robot.description import load_robot
from rl_control.robot.kinematics import Kinematics
from rl_control.robot.model import RobotModel
from rl_control.run.counterfactual_robot import recorded_arm
from rl_control.run.counterfactual_settings import recorded_config
from rl_control.types import Array


@dataclass(frozen=True)
class Source:
    """What a report is made of.

    Attributes:
        log: the recording.
        robot: the arm; None if it is not known.
        doubts: sentences about what is not known.
    """

    log: RunLog
    robot: RobotModel | None
    doubts: tuple[str, ...] = ()

    @property
    def tip_positions(self) -> Callable[[Array], Array] | None:
        """Tip positions [S, 3] in [m] at joint positions [S, n]; None if the arm is not known."""
        if self.robot is None:
            return None
        kinematics = Kinematics(self.robot)
        return lambda positions: kinematics.batch(positions)[0]


def source_of(
    path: Path,
    controller: str = "",
    robot: str | None = None,
    base: str | None = None,
    tip: str | None = None,
) -> Source:
    """Return a recording and its arm: the one named, else the one that the recording tells of.

    Args:
        path: a run's folder, a bag's folder, or one bag file.
        controller: whose run, where a bag has several.
        robot: name or file of the arm; None for the recorded one.
        base: its base link.
        tip: its tip link.

    Raises:
        DataError: if there is no such bag, it cannot be read, or it is not of `robot`.
        RlControlError: what is wrong with `robot`.
    """
    if robot is not None:
        named = load_robot(robot, base, tip)
        return Source(read_log(path, controller, named.names), named)
    log = read_log(path, controller)
    try:
        found = _told(log, base, tip)
    except RlControlError as error:
        return Source(log, None, (f"The arm is not known: {error}",))
    if found is None:
        return Source(
            log, None, ("The recording does not tell which arm it is of: name it with --robot.",)
        )
    if found.names == log.names:
        return Source(log, found)
    # Grippers and mobile bases publish their joints on the same topic.
    try:
        return Source(read_log(path, controller, found.names), found)
    except DataError:
        joints = ", ".join(found.names)
        doubt = f"The description in the recording is of other joints ({joints}): it is left aside."
        return Source(log, None, (doubt,))


def _told(log: RunLog, base: str | None, tip: str | None) -> RobotModel | None:
    """The arm that a recording tells of: by its settings, or by its description alone."""
    if log.settings and log.settings[-1].values.get("robot"):
        return recorded_arm(log, recorded_config(log, -1, {})).robot
    if not log.description:
        return None
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "robot.urdf"
        file.write_text(log.description, encoding="utf-8")
        return load_robot(file, base, tip)
