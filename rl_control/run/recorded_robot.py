"""The arm to show with a recording: the one named, the recorded one, or the one described."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from rl_control.data.runs.log import RunLog
from rl_control.errors import DataError
from rl_control.robot.description import load_robot
from rl_control.robot.model import RobotModel
from rl_control.run.counterfactual_robot import recorded_arm
from rl_control.run.counterfactual_settings import ReplayConfig


def recorded_robot(
    log: RunLog, named: str | None = None, base: str | None = None, tip: str | None = None
) -> RobotModel:
    """Return the arm of a recording.

    Args:
        log: the run.
        named: name or file of the arm; None for the one that the settings in the recording name,
            or, where it has none, for the one that it describes.
        base: its base link; None for the recorded one.
        tip: its tip link; None for the recorded one.

    Raises:
        DataError: if the arm is not known, or has other joints than the recording.
        RlControlError: if the arm cannot be used.
    """
    told = log.settings[-1].values if log.settings else {}
    if named is None and not told.get("robot"):
        return _described(log, base, tip)
    given = {"base": base, "tip": tip}
    known: dict[str, Any] = {
        key: str(given.get(key) or told.get(key) or "") for key in ("base", "tip")
    }
    if told.get("robot"):
        known["robot"] = str(told["robot"])
    return recorded_arm(log, ReplayConfig(**known), named).robot


def _described(log: RunLog, base: str | None, tip: str | None) -> RobotModel:
    if not log.description:
        raise DataError(log.path, "it does not describe its robot", "Name it with --robot.")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "robot.urdf"
        file.write_text(log.description, encoding="utf-8")
        robot = load_robot(file, base, tip)
    if robot.names != log.names:
        raise DataError(
            log.path,
            f"it is of joints {', '.join(log.names)}, its robot has {', '.join(robot.names)}",
            "Name the arm's --tip, or its --robot.",
        )
    return robot
