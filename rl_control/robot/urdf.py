"""A URDF read into plain data: a tree of links and joints, its numbers parsed.

What is read here is what the file says. Whether an arm can be made of it (limits, masses) is
judged later, on the moving part of the tree only.

Source: the URDF specification, http://wiki.ros.org/urdf/XML.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from rl_control.errors import RobotDescriptionError, nearest
from rl_control.robot.model import Inertia, Placement
from rl_control.robot.urdf_xml import ElementReader, parse_xml
from rl_control.types import Array

MOVABLE = ("revolute", "continuous", "prismatic")
KINDS = (*MOVABLE, "fixed", "floating", "planar")


@dataclass(frozen=True)
class Mimic:
    """A joint that follows another: position = multiplier * (position of `joint`) + offset."""

    joint: str
    multiplier: float
    offset: float


@dataclass(frozen=True)
class UrdfJoint:
    """One <joint>.

    Attributes:
        name: joint name.
        kind: one of `KINDS`.
        parent: name of the parent link.
        child: name of the child link.
        origin: joint frame in the parent link's frame.
        axis: unit vector in the joint frame, [3]; zeros where it means nothing (fixed).
        limit: the numbers of <limit> that are there: lower, upper, velocity, effort.
        damping: viscous friction in [N m s/rad] or [N s/m].
        friction: Coulomb friction in [N m] or [N].
        mimic: the joint it follows, or None.
    """

    name: str
    kind: str
    parent: str
    child: str
    origin: Placement
    axis: Array
    limit: dict[str, float]
    damping: float
    friction: float
    mimic: Mimic | None

    def motion(self, position: float) -> Placement:
        """Return what the joint at `position` does to its link's frame."""
        if position == 0.0 or self.kind not in MOVABLE:
            return Placement.identity()
        if self.kind == "prismatic":
            return Placement(np.eye(3), position * self.axis)
        x, y, z = self.axis
        skew = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
        turn = np.eye(3) + math.sin(position) * skew + (1.0 - math.cos(position)) * skew @ skew
        return Placement(turn, np.zeros(3))


@dataclass(frozen=True)
class Urdf:
    """A checked tree.

    Attributes:
        name: of the robot, as the file gives it.
        source: where it came from, for messages.
        inertias: inertia of every link in its own frame; None where <inertial> is missing.
        joints: by name, in the file's order.
        root: name of the only link without a parent.
    """

    name: str
    source: str
    inertias: dict[str, Inertia | None]
    joints: dict[str, UrdfJoint]
    root: str

    def parent_joint(self, link: str) -> UrdfJoint | None:
        """Return the joint that carries `link`; None for the root."""
        return next((joint for joint in self.joints.values() if joint.child == link), None)

    def child_joints(self, link: str) -> list[UrdfJoint]:
        """Return the joints that start at `link`."""
        return [joint for joint in self.joints.values() if joint.parent == link]


def parse_urdf(text: str, source: str) -> Urdf:
    """Return the tree a URDF text describes.

    Raises:
        RobotDescriptionError: if the XML, a number or the tree is malformed; it names the
            joint or link and the attribute.
    """
    robot = parse_xml(text, source)
    if robot.tag != "robot":
        raise RobotDescriptionError(
            source, f"<{robot.tag}>", "the outermost element is not <robot>", "Give a URDF file."
        )
    inertias: dict[str, Inertia | None] = {}
    for element in robot.findall("link"):
        reader = ElementReader(source, "link", element)
        reader.refuse_repeated(inertias)
        inertias[reader.name] = _inertia(reader)
    joints: dict[str, UrdfJoint] = {}
    for element in robot.findall("joint"):
        reader = ElementReader(source, "joint", element)
        reader.refuse_repeated(joints)
        joints[reader.name] = _joint(reader)
    root = _check_tree(source, list(inertias), joints)
    return Urdf(robot.get("name", ""), source, inertias, joints, root)


def _inertia(reader: ElementReader) -> Inertia | None:
    if reader.element.find("inertial") is None:
        return None
    mass = reader.finite("inertial/mass", "value", 0.0)
    entry = {
        key: reader.finite("inertial/inertia", key, 0.0)
        for key in ("ixx", "ixy", "ixz", "iyy", "iyz", "izz")
    }
    matrix = np.array(
        [
            [entry["ixx"], entry["ixy"], entry["ixz"]],
            [entry["ixy"], entry["iyy"], entry["iyz"]],
            [entry["ixz"], entry["iyz"], entry["izz"]],
        ]
    )
    return Inertia(mass, np.zeros(3), matrix).transformed(reader.placement("inertial/origin"))


def _joint(reader: ElementReader) -> UrdfJoint:
    kind = reader.element.get("type", "")
    if kind not in KINDS:
        hint = nearest(kind, KINDS)
        raise reader.fail(
            f"type is '{kind}'" if kind else "type is missing",
            f"{f'Did you mean {hint!r}? ' if hint else ''}Valid: {', '.join(KINDS)}.",
        )
    limit = {}
    for key in ("lower", "upper", "velocity", "effort"):
        value = reader.number("limit", key)
        if value is not None:
            limit[key] = value
    return UrdfJoint(
        name=reader.name,
        kind=kind,
        parent=reader.text("parent", "link"),
        child=reader.text("child", "link"),
        origin=reader.placement("origin"),
        axis=_axis(reader, kind),
        limit=limit,
        damping=_friction(reader, "damping"),
        friction=_friction(reader, "friction"),
        mimic=_mimic(reader),
    )


def _axis(reader: ElementReader, kind: str) -> Array:
    if kind not in MOVABLE:
        return np.zeros(3)
    axis = reader.vector("axis", "xyz", (1.0, 0.0, 0.0))
    length = float(np.linalg.norm(axis))
    if length < 1e-9:
        raise reader.fail("axis/xyz is zero", "Give the direction it moves along or about.")
    return axis / length


def _friction(reader: ElementReader, key: str) -> float:
    value = reader.finite("dynamics", key, 0.0)
    if value < 0.0:
        raise reader.fail(f"dynamics/{key} is {value:g}", "Give zero or more.")
    return value


def _mimic(reader: ElementReader) -> Mimic | None:
    if reader.element.find("mimic") is None:
        return None
    return Mimic(
        reader.text("mimic", "joint"),
        reader.finite("mimic", "multiplier", 1.0),
        reader.finite("mimic", "offset", 0.0),
    )


def _check_tree(source: str, links: list[str], joints: dict[str, UrdfJoint]) -> str:
    """Return the root of the tree, or say why it is none."""
    carried: dict[str, UrdfJoint] = {}
    for joint in joints.values():
        for end, link in (("parent", joint.parent), ("child", joint.child)):
            if link not in links:
                hint = nearest(link, links)
                raise RobotDescriptionError(
                    source,
                    f"joint '{joint.name}'",
                    f"{end}/link '{link}' is not a link of this file",
                    f"Did you mean '{hint}'?" if hint else "Add the link or correct the name.",
                )
        if joint.child in carried:
            raise RobotDescriptionError(
                source,
                f"link '{joint.child}'",
                f"it is the child of two joints, '{carried[joint.child].name}' and '{joint.name}'",
                "Make the links a tree; closed loops are not supported.",
            )
        carried[joint.child] = joint
    _refuse_cycles(source, carried)
    roots = [link for link in links if link not in carried]
    if len(roots) != 1:
        raise RobotDescriptionError(
            source,
            f"links {', '.join(roots)}" if roots else "<robot>",
            f"{len(roots)} links have no parent",
            "Connect all links by joints into one tree.",
        )
    return roots[0]


def _refuse_cycles(source: str, carried: dict[str, UrdfJoint]) -> None:
    for start in carried:
        seen = [start]
        while seen[-1] in carried:
            parent = carried[seen[-1]].parent
            if parent == start:
                names = [carried[link].name for link in reversed(seen)]
                raise RobotDescriptionError(
                    source,
                    f"joint(s) {', '.join(names)}",
                    f"they form a cycle through link '{start}'",
                    "Make the links a tree; closed loops are not supported.",
                )
            if parent in seen:
                break
            seen.append(parent)
