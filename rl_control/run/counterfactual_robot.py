"""The arm of a recorded run: the one named, or the one whose description was recorded."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from rl_control.data.runs.log import RunLog
from rl_control.errors import DataError, RlControlError
from rl_control.robot.description import load_robot
from rl_control.robot.meshes import same_but_for_places
from rl_control.robot.model import RobotModel
from rl_control.robot.settings import RobotSettings, load_settings
from rl_control.run.counterfactual_settings import ReplayConfig


@dataclass(frozen=True)
class RecordedArm:
    """The arm that a controller was made for.

    Attributes:
        robot: with its own limits.
        settings: shares of the limits that control may use.
        notes: what there is to say of where it came from.
    """

    robot: RobotModel
    settings: RobotSettings
    notes: tuple[str, ...] = ()


def recorded_arm(log: RunLog, config: ReplayConfig, other: str | None = None) -> RecordedArm:
    """Return the arm of a run.

    Args:
        log: the run.
        config: names the robot.
        other: another robot's name or file to use instead; None for the recorded one.

    Raises:
        DataError: if the arm is not known, or not that of the bag.
        RlControlError: what is wrong with `other`.
    """
    tip, base = config.tip or None, config.base or None
    if other is not None:
        robot, notes = load_robot(other, base, tip), ()
        return RecordedArm(_fitting(log, robot), load_settings(other), notes)
    named: RobotModel | None = None
    problem = ""
    try:
        named = load_robot(config.robot, base, tip)
    except RlControlError as error:
        problem = str(error)
    if named is not None and _same(log.description, named.urdf):
        return RecordedArm(_fitting(log, named), load_settings(config.robot))
    if not log.description:
        raise DataError(
            log.path,
            f"the robot it was recorded with cannot be loaded, and its description is not in the "
            f"bag ({problem})",
            "Name the robot with --robot.",
        )
    described = _described(log, base, tip or (named.tip if named is not None else None))
    if named is None:
        note = f"robot from the bag's description: {problem}"
        return RecordedArm(_fitting(log, described), RobotSettings(), (note,))
    note = f"robot from the bag's description: '{config.robot}' has changed since"
    return RecordedArm(_fitting(log, described), load_settings(config.robot), (note,))


def _same(recorded: str, urdf: str) -> bool:
    """Whether a recorded description, if there is one, is that of the arm as it is now."""
    return not recorded or same_but_for_places(recorded, urdf)


def _described(log: RunLog, base: str | None, tip: str | None) -> RobotModel:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "robot.urdf"
        file.write_text(log.description, encoding="utf-8")
        return load_robot(file, base, tip)


def _fitting(log: RunLog, robot: RobotModel) -> RobotModel:
    """Refuse an arm with other joints than the bag's.

    Raises:
        DataError: if it has.
    """
    if robot.names != log.names:
        raise DataError(
            log.path,
            f"it is of joints {', '.join(log.names)}; {robot.name} has {', '.join(robot.names)}",
            "Name the robot of this bag, or a bag of this robot.",
        )
    return robot
