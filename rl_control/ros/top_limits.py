"""Limits of joints for a display: from a robot's description, or from the robot's name."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from rl_control.errors import RlControlError
from rl_control.robot.description import load_robot
from rl_control.robot.urdf import UrdfJoint, parse_urdf

FIXED = ("fixed", "floating", "planar")


@dataclass(frozen=True)
class Bounds:
    """Limits of one joint; NaN where none is given, infinite where there is none."""

    lower: float = math.nan
    upper: float = math.nan
    velocity: float = math.nan
    effort: float = math.nan


@dataclass(frozen=True)
class Described:
    """What is known of an arm.

    Attributes:
        robot: its name; "" if unknown.
        bounds: of its movable joints by name, in the arm's order.
        problem: why the description could not be used; "" if it could.
    """

    robot: str = ""
    bounds: Mapping[str, Bounds] = field(default_factory=dict)
    problem: str = ""


def from_description(text: str, source: str) -> Described:
    """Return the limits in a URDF; what is missing in it stays unknown."""
    try:
        urdf = parse_urdf(text, source)
    except RlControlError as error:
        return Described(problem=str(error))
    movable = [joint for joint in urdf.joints.values() if joint.kind not in FIXED]
    return Described(urdf.name, {joint.name: _bounds(joint) for joint in movable})


def from_settings(settings: Mapping[str, Any]) -> Described:
    """Return the limits of the robot that a controller's settings name."""
    named = settings.get("robot")
    if not isinstance(named, str):
        return Described()
    try:
        robot = load_robot(named)
    except RlControlError as error:
        return Described(problem=str(error))
    limits = robot.limits
    rows = zip(limits.lower, limits.upper, limits.velocity, limits.effort, strict=True)
    bounds = [Bounds(*map(float, row)) for row in rows]
    return Described(robot.name, dict(zip(robot.names, bounds, strict=True)))


def read_settings(text: str) -> dict[str, Any]:
    """Return a controller's settings by flat key; {} if the text is none."""
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError:
        return {}
    return found if isinstance(found, dict) else {}


def _bounds(joint: UrdfJoint) -> Bounds:
    limit = joint.limit
    endless = joint.kind == "continuous"
    return Bounds(
        -math.inf if endless else limit.get("lower", math.nan),
        math.inf if endless else limit.get("upper", math.nan),
        limit.get("velocity", math.nan),
        limit.get("effort", math.nan),
    )
