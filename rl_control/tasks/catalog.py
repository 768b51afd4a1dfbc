"""Tasks by name: those of this package, and a user's own by file and class."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from rl_control.errors import ConfigError, UnknownNameError
from rl_control.robot.model import RobotModel
from rl_control.tasks.base import ArmTask
from rl_control.tasks.insert_task import InsertTask
from rl_control.tasks.reach_config import ReachConfig
from rl_control.tasks.reach_task import ReachPoseTask, ReachTask
from rl_control.tasks.track_task import TrackTask
from rl_control.types import Array

TASKS: Mapping[str, type[ArmTask]] = {
    task.name: task for task in (ReachTask, ReachPoseTask, TrackTask, InsertTask)
}


def find_task(name: str) -> type[ArmTask]:
    """Return a task's class, which is called like `ReachTask`.

    Args:
        name: one of `TASKS`, or "path/to/file.py:Class".

    Raises:
        UnknownNameError: if there is no such task.
        ConfigError: if the file has no such class, or cannot be run.
    """
    if name in TASKS:
        return TASKS[name]
    if ".py:" not in name:
        raise UnknownNameError("task", name, [*TASKS, "FILE.py:CLASS"])
    path, wanted = name.rsplit(":", 1)
    return _of_file(Path(path), wanted)


def make_task(
    name: str,
    robot: RobotModel,
    episodes: Mapping[str, Any] = {},
    config: ReachConfig | None = None,
    collides: Callable[[Array], bool] | None = None,
) -> ArmTask:
    """Return a task of `robot`.

    Args:
        name: see `find_task`.
        robot: the arm, with the limits that control may use.
        episodes: settings that differ from the task's defaults.
        config: weights of the cost.
        collides: says whether joint positions, [n], are in collision; None to allow all.

    Raises:
        UnknownNameError: if there is no such task.
        ConfigError: see `find_task`.
    """
    task: Any = find_task(name)
    made: ArmTask = task(robot, task.settings(**episodes), config, collides)
    return made


def _of_file(path: Path, wanted: str) -> type[ArmTask]:
    problem = "there is no such file"
    if path.is_file():
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        try:
            spec.loader.exec_module(module)
        except Exception as error:  # whatever a user's file raises
            raise ConfigError(
                str(path), "task", f"it cannot be run: {error!r}", "Mend the file."
            ) from error
        found = getattr(module, wanted, None)
        if isinstance(found, type) and issubclass(found, ArmTask):
            return found
        problem = f"it has no task named '{wanted}'"
    raise ConfigError(
        str(path), "task", problem, "Name FILE.py:CLASS, a subclass of rl_control's ArmTask."
    )
