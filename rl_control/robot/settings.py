"""What a robot's settings file adds to its URDF: home, control limits, task weights."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from rl_control.config import load, setting
from rl_control.errors import ConfigError
from rl_control.paths import data_dir
from rl_control.robot.catalog import CATALOG, split_tool


@dataclass(frozen=True)
class FileSettings:
    """The settings whose names are fixed; `weights` joins them as a group of free names."""

    joints: tuple[str, ...] = setting((), doc="Joints that `home` is for, in its order")
    home: tuple[float, ...] = setting((), doc="Comfortable rest position", unit="rad or m")
    velocity_scale: float = setting(
        1.0, doc="Share of the velocity limits that control may use", low=0.01, high=1.0
    )
    effort_scale: float = setting(
        1.0, doc="Share of the effort limits that control may use", low=0.01, high=1.0
    )


@dataclass(frozen=True)
class RobotSettings:
    """Settings of one robot; without a file, the defaults.

    Attributes:
        home: rest position by joint name, in [rad] or [m].
        velocity_scale: share of the velocity limits that control may use, in (0, 1].
        effort_scale: share of the effort limits that control may use, in (0, 1].
        weights: task weights by name that replace the task's defaults.
        source: the file they came from; "" without one.
    """

    home: Mapping[str, float] = field(default_factory=dict)
    velocity_scale: float = 1.0
    effort_scale: float = 1.0
    weights: dict[str, float] = field(default_factory=dict)
    source: str = ""


def settings_path(name_or_path: str | Path) -> Path:
    """Return where the settings file of a robot lies, if it has one.

    For a named robot: config/robots/NAME.yaml. For the description NAME.urdf or
    NAME.urdf.xacro: NAME.robot.yaml beside it. A tool, "NAME+TOOL", makes no difference.

    Raises:
        UnknownNameError: if there is no such tool.
    """
    name_or_path, _ = split_tool(name_or_path)
    if str(name_or_path) in CATALOG:
        return data_dir("config") / "robots" / f"{name_or_path}.yaml"
    path = Path(os.path.expanduser(name_or_path))
    return path.with_name(f"{path.name.partition('.')[0]}.robot.yaml")


def load_settings(name_or_path: str | Path) -> RobotSettings:
    """Return the settings of a named robot or of a description file.

    Raises:
        UnknownNameError: if it is to hold a tool that is not known.
        ConfigError: if the file is malformed or a value is not allowed.
    """
    path = settings_path(name_or_path)
    return read_settings(path) if path.is_file() else RobotSettings()


def read_settings(path: Path) -> RobotSettings:
    """Return the settings in the file `path`.

    Raises:
        ConfigError: if the file is malformed or a value is not allowed.
    """
    loaded: Any = load(_with_weights(_weight_names(path)), path)
    if len(loaded.home) != len(loaded.joints):
        raise ConfigError(
            str(path),
            "home",
            f"found {len(loaded.home)} values for {len(loaded.joints)} joints",
            "Give one value for each joint in `joints`.",
        )
    return RobotSettings(
        home=dict(zip(loaded.joints, loaded.home, strict=True)),
        velocity_scale=loaded.velocity_scale,
        effort_scale=loaded.effort_scale,
        weights=dataclasses.asdict(loaded.weights),
        source=str(path),
    )


def _with_weights(names: list[str]) -> type:
    """The config class of a file that sets these weights."""
    fields = [(name, float, setting(0.0, doc="Task weight", low=0.0)) for name in names]
    weights = dataclasses.make_dataclass("Weights", fields, frozen=True)
    group = setting(default_factory=weights, doc="Task weights that replace the defaults")
    return dataclasses.make_dataclass(
        "RobotFile", [("weights", weights, group)], bases=(FileSettings,), frozen=True
    )


def _weight_names(path: Path) -> list[str]:
    """Names under `weights`; none if the file is unreadable, which `load` then explains."""
    try:
        node = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return []
    for key in ("/**", "ros__parameters", "weights"):
        if isinstance(node, dict) and (key in node or key == "weights"):
            node = node.get(key)
    names = [str(key) for key in node] if isinstance(node, dict) else []
    return [name for name in names if name.isidentifier()]
