"""Joint paths from and to files, by the file's kind."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from rl_control.data.paths.bag import STATE_TOPIC, read_bag_path
from rl_control.data.paths.csv import read_csv, write_csv
from rl_control.data.paths.joint_path import JointPath
from rl_control.data.paths.yaml import read_yaml, write_yaml
from rl_control.errors import DataError

_YAML = (".yaml", ".yml")


def read_path(
    path: str | Path,
    names: Sequence[str],
    state_topic: str = STATE_TOPIC,
    start: float = 0.0,
    end: float = math.inf,
) -> JointPath:
    """Return the path in a CSV or YAML file, or of the joint states in a bag.

    Args:
        path: the file, a bag (its folder or its one file), or a run's folder with a bag in it.
        names: joints wanted of a bag; a file's own are all returned.
        state_topic: of the joint states in a bag.
        start: where to begin in [s] after the first point.
        end: where to end in [s] after the first point.

    Raises:
        DataError: if there is no such file, or it cannot be used.
        JointMismatchError: if a bag lacks a joint.
        NonFiniteError: if a number is not finite.
        MissingDependencyError: if a bag cannot be read without rosbags.
    """
    path = Path(path).expanduser()
    if not path.exists():
        raise DataError(path, "there is no such file or folder", "Check its name.")
    if path.suffix == ".csv":
        return read_csv(path).between(start, end)
    if path.suffix in _YAML:
        return read_yaml(path).between(start, end)
    return read_bag_path(path, names, state_topic, start, end)


def write_path(path: str | Path, joint_path: JointPath) -> None:
    """Write a path as CSV or YAML, as the file's name ends.

    Raises:
        DataError: if it ends otherwise, or cannot be written.
    """
    path = Path(path).expanduser()
    if path.suffix not in (".csv", *_YAML):
        raise DataError(path, f"found the ending '{path.suffix}'", "Use .csv or .yaml.")
    try:
        (write_csv if path.suffix == ".csv" else write_yaml)(path, joint_path)
    except OSError as error:
        raise DataError(path, f"cannot be written ({error})", "Name another file.") from error
