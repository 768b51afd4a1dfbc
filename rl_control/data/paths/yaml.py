"""A joint path as YAML, laid out as `ros2 topic echo` and `pub` have a JointTrajectory."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from rl_control.data.paths.joint_path import JointPath
from rl_control.errors import DataError
from rl_control.types import Array

_NANO = 1_000_000_000
_REMEDY = "Lay it out as `ros2 topic echo --once` shows a trajectory_msgs/JointTrajectory."


def write_yaml(path: str | Path, joint_path: JointPath) -> None:
    """Write a path; numbers are read back as they were, times to the nanosecond."""
    velocities = joint_path.velocities
    points = [
        {
            "positions": joint_path.positions[k].tolist(),
            "velocities": [] if velocities is None else velocities[k].tolist(),
            "accelerations": [],
            "effort": [],
            "time_from_start": _duration(float(time)),
        }
        for k, time in enumerate(joint_path.times)
    ]
    message = {
        "header": {"stamp": _duration(0.0), "frame_id": ""},
        "joint_names": list(joint_path.names),
        "points": points,
    }
    text = yaml.safe_dump(message, sort_keys=False, default_flow_style=None, width=10_000)
    Path(path).write_text(text, encoding="utf-8")


def read_yaml(path: str | Path) -> JointPath:
    """Return the path in a file; times count as the points' time_from_start.

    Raises:
        DataError: if there is no such file, or it is no JointTrajectory.
        NonFiniteError: if a number is not finite.
    """
    try:
        documents = list(yaml.safe_load_all(Path(path).read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        problem = " ".join(str(error).split())
        raise DataError(path, f"cannot be read ({problem})", "Name a YAML file.") from error
    messages = [document for document in documents if document is not None]
    if len(messages) != 1:
        raise DataError(path, f"found {len(messages)} trajectories", "Keep one in a file.")
    return path_of_message(messages[0], str(path))


def path_of_message(message: Any, source: str) -> JointPath:
    """Return the path of a JointTrajectory given as mappings and lists.

    Raises:
        DataError: if it is none.
        NonFiniteError: if a number is not finite.
    """
    if not isinstance(message, Mapping) or not {"joint_names", "points"} <= set(message):
        raise DataError(source, "no joint_names and points", _REMEDY)
    names = tuple(str(name) for name in message["joint_names"] or ())
    points = message["points"] or ()
    try:
        times = [_seconds(point["time_from_start"]) for point in points]
        positions = _rows(points, "positions", names, source)
        moving = any(len(point.get("velocities") or ()) for point in points)
        velocities = _rows(points, "velocities", names, source) if moving else None
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        if isinstance(error, DataError):
            raise
        raise DataError(source, f"a point cannot be read ({error!r})", _REMEDY) from error
    return JointPath(names, np.array(times), positions, velocities, source)


def _rows(points: Any, key: str, names: tuple[str, ...], source: str) -> Array:
    rows = [[float(value) for value in point.get(key) or ()] for point in points]
    for number, row in enumerate(rows):
        if len(row) != len(names):
            raise DataError(
                source,
                f"point {number} has {len(row)} {key}, there are {len(names)} joints",
                "Give one a joint.",
            )
    return np.array(rows, dtype=np.float64).reshape(len(rows), len(names))


def _duration(seconds: float) -> dict[str, int]:
    sec, nanosec = divmod(round(seconds * _NANO), _NANO)
    return {"sec": sec, "nanosec": nanosec}


def _seconds(duration: Mapping[str, Any]) -> float:
    return (int(duration["sec"]) * _NANO + int(duration["nanosec"])) / _NANO
