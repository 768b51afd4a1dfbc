"""From a robot's name or description file to a validated arm."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from rl_control.errors import ConfigError, NonFiniteError, UnknownNameError, nearest
from rl_control.robot.catalog import CATALOG, robot_names, split_tool
from rl_control.robot.chain import Chain, cut_chain
from rl_control.robot.limits import ExplicitLimits, joint_limits
from rl_control.robot.model import STANDARD_GRAVITY, RobotModel
from rl_control.robot.settings import RobotSettings, load_settings
from rl_control.robot.tool import attach_tool
from rl_control.robot.urdf import Urdf, parse_urdf
from rl_control.robot.xacro import read_urdf
from rl_control.types import Array, JointLimits, as_vector

__all__ = ["load_robot", "robot_names"]

_SUFFIXES = (".urdf", ".xacro", ".xml")


def load_robot(
    name_or_path: str | Path,
    base: str | None = None,
    tip: str | None = None,
    locked: Mapping[str, float] | None = None,
    limits: ExplicitLimits | None = None,
    gravity: Sequence[float] | Array = (0.0, 0.0, -STANDARD_GRAVITY),
) -> RobotModel:
    """Return the arm from `base` to `tip` of a named robot or of a URDF or xacro file.

    All that is fixed to a link of the arm, directly or through locked joints, is lumped into
    that link. Home comes from the robot's settings file; a joint without one rests in the middle
    of its limits, or at zero if it is continuous. "iiwa7+peg" is the iiwa7 with the tool "peg"
    fixed to its tip, see `attach_tool`; the tool's tip is the arm's then.

    Args:
        name_or_path: one of `robot_names()`, or the path of a URDF or xacro file; with "+TOOL"
            behind it for an arm that holds a tool of `catalog.TOOLS`.
        base: base link; default: the root of the tree.
        tip: tip link, without a tool; default: the named robot's, or the leaf that the most free
            joints move (among these the one the most links away; an error if two are alike).
        locked: joint positions by name in [rad] or [m] at which to hold joints; other movable
            joints off the arm are held at zero or at the limit nearest to it, and joints that
            mimic a held joint follow it.
        limits: limits to use instead of the file's: for all joints, or (lower, upper, velocity,
            effort) by joint name.
        gravity: acceleration of free fall in the base frame, [3] in [m/s^2].

    Raises:
        UnknownNameError: if robot, tool, base, tip or a joint is unknown, with the nearest name.
        RobotDescriptionError: if the description cannot be used, naming joint or link and
            attribute.
        MissingDependencyError: if pybullet_data is needed and not installed.
        ConfigError: if the robot's settings file cannot be used.
        ShapeError, NonFiniteError: if `gravity` or `limits` has the wrong size or is not finite.
    """
    name_or_path, tool = split_tool(name_or_path)
    named = CATALOG.get(str(name_or_path))
    path = named.path() if named else _path(name_or_path)
    text = read_urdf(path)
    urdf = parse_urdf(text, str(path))
    if named and tip is None:
        tip = named.tip
    chain = cut_chain(urdf, base, tip, locked)
    names = tuple(joint.name for joint in chain.joints)
    chosen = joint_limits(urdf, names, limits)
    robot = RobotModel(
        name=named.name if named else urdf.name or path.stem,
        joints=chain.joints,
        limits=chosen,
        base=chain.base,
        tip=chain.tip,
        tip_placement=chain.tip_placement,
        gravity=_gravity(gravity),
        home=_home(load_settings(name_or_path), urdf, chain, chosen, free=limits is not None),
        locked=chain.locked,
        urdf=text,
        source=str(path),
    )
    return robot if tool is None else attach_tool(robot, tool.path(), tool.tip)


def _path(name_or_path: str | Path) -> Path:
    path = Path(os.path.expanduser(name_or_path))
    is_path = isinstance(name_or_path, Path) or path.suffix in _SUFFIXES or "/" in name_or_path
    if not is_path and not path.is_file():
        raise UnknownNameError("robot", str(name_or_path), robot_names())
    return path.absolute()


def _gravity(values: Sequence[float] | Array) -> Array:
    gravity = as_vector(values, 3, "gravity")
    if not np.isfinite(gravity).all():
        raise NonFiniteError("gravity", gravity.tolist())
    return gravity


def _home(
    settings: RobotSettings, urdf: Urdf, chain: Chain, limits: JointLimits, free: bool
) -> Array:
    """Rest position, [n]; limits given by the user (`free`) may cut the file's home off."""
    for name in settings.home:
        if name not in urdf.joints:
            hint = nearest(name, urdf.joints)
            remedy = f"Did you mean '{hint}'?" if hint else f"Valid: {', '.join(urdf.joints)}."
            raise ConfigError(settings.source, "joints", f"'{name}' is not a joint", remedy)
    home = []
    rows = zip(limits.names, limits.lower, limits.upper, strict=True)
    for name, lower, upper in rows:
        middle = float((lower + upper) / 2) if np.isfinite([lower, upper]).all() else 0.0
        rest = settings.home.get(name, min(max(middle, lower), upper))
        if not lower <= rest <= upper and not free:
            raise ConfigError(
                settings.source,
                "home",
                f"joint '{name}' at {rest:g} is outside its limits [{lower:g}, {upper:g}]",
                "Give a position inside them.",
            )
        home.append(min(max(rest, lower), upper))
    return np.array(home)
