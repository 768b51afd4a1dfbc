"""The URDF that PyBullet is given: the arm's own text, made safe from PyBullet's readings of it.

What is changed, and why:
- joints outside the chain that the robot model has not fixed yet are fixed where it locks them;
- a link without <inertial> gets a massless one: PyBullet would give it 1 kg and 1 kg m^2;
- inertias are written in principal axes. PyBullet sets those that break the triangle inequality
  to zero: where they do so by rounding (a thin plate) they are mended, otherwise refused;
- axes are normalised: PyBullet takes the length of an axis for a gear;
- damping and friction are taken out: the plant applies them itself, see `bullet.py`;
- limits are those of the robot model;
- meshes are named by their absolute path, and left out where the file is not found;
- the base link of the chain is put at the origin; a payload is fixed to the tip.
"""

from __future__ import annotations

import logging
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from rl_control.errors import RobotDescriptionError
from rl_control.robot.meshes import find_mesh, in_words, missing_meshes
from rl_control.robot.model import Placement, RobotModel
from rl_control.robot.urdf import Urdf, UrdfJoint, parse_urdf
from rl_control.types import Array

WORLD_LINK = "rl_control_world"
PAYLOAD_LINK = "rl_control_payload"
_STEEL = 7850.0  # [kg/m^3]

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Payload:
    """A solid steel ball carried by the tip.

    Attributes:
        mass: [kg].
        com: its centre in the tip frame, [3] in [m].
    """

    mass: float
    com: Sequence[float]

    @property
    def radius(self) -> float:
        """The ball's radius in [m]."""
        return float((3.0 * self.mass / (4.0 * np.pi * _STEEL)) ** (1.0 / 3.0))

    @property
    def moment(self) -> float:
        """Its moment of inertia about any axis through the centre in [kg m^2]."""
        return 0.4 * self.mass * self.radius**2


def bullet_urdf(robot: RobotModel, payload: Payload | None = None) -> str:
    """Return the URDF text of `robot` for PyBullet.

    Raises:
        RobotDescriptionError: if the robot's text is not a URDF, or the inertia of a moving link
            is that of no body.
    """
    urdf = parse_urdf(robot.urdf, robot.source)
    root = ET.fromstring(robot.urdf)
    missing = missing_meshes(robot.urdf, robot.source)
    if missing:
        _log.warning("%s: %s; left out by the simulator", robot.source, in_words(missing))
    root.set("name", robot.identifier)  # PyBullet refuses a robot without one
    for link in root.findall("link"):
        _write_inertia(link, urdf, _moves(link.get("name", ""), urdf, robot))
        _resolve_meshes(link, robot.source)
    for joint in root.findall("joint"):
        if joint.get("name") in robot.names:
            _write_moving(joint, robot)
        elif joint.get("type") != "fixed":
            _write_fixed(joint, urdf.joints[joint.get("name", "")], robot.locked)
    if urdf.root != robot.base:
        _put_base_at_origin(root, urdf, robot)
    if payload is not None:
        _add_payload(root, robot.tip, payload)
    return ET.tostring(root, encoding="unicode")


def roll_pitch_yaw(rotation: Array) -> Array:
    """Return the fixed-axis roll, pitch and yaw of a rotation matrix, [3] in [rad]."""
    across = float(np.hypot(rotation[0, 0], rotation[1, 0]))
    pitch = np.arctan2(-rotation[2, 0], across)
    if across < 1e-9:  # looking straight up or down, only roll minus or plus yaw is defined
        return np.array([np.arctan2(-rotation[1, 2], rotation[1, 1]), pitch, 0.0])
    return np.array(
        [
            np.arctan2(rotation[2, 1], rotation[2, 2]),
            pitch,
            np.arctan2(rotation[1, 0], rotation[0, 0]),
        ]
    )


def _moves(link: str, urdf: Urdf, robot: RobotModel) -> bool:
    joint = urdf.parent_joint(link)
    while joint is not None and joint.name not in robot.names:
        joint = urdf.parent_joint(joint.parent)
    return joint is not None


def _write_inertia(link: ET.Element, urdf: Urdf, moving: bool) -> None:
    name = link.get("name", "")
    body = urdf.inertias[name]
    if body is None:
        _set_inertial(link, 0.0, Placement.identity(), np.zeros(3))
        return
    if np.count_nonzero(body.matrix - np.diag(np.diag(body.matrix))) == 0:
        axes, moments = np.eye(3), np.diag(body.matrix)
    else:
        moments, axes = np.linalg.eigh(body.matrix)
        axes = axes * np.linalg.det(axes)  # a rotation, not a reflection
    possible = possible_moments(moments)
    if possible is None and moving:
        raise RobotDescriptionError(
            urdf.source,
            f"link '{name}'",
            f"its principal moments of inertia {np.sort(moments)} kg m^2 are those of no body: "
            "the two smaller ones sum to less than the greatest",
            "Correct <inertia>; PyBullet would take it for zero.",
        )
    _set_inertial(
        link, body.mass, Placement(axes, body.com), moments if possible is None else possible
    )


def possible_moments(moments: Array) -> Array | None:
    """Return principal moments, [3], that keep the triangle inequality, or None.

    What breaks it by less than a thousandth is raised to keep it; more is not mended.
    """
    greatest = int(np.argmax(moments))
    lack = 2.0 * moments[greatest] - np.sum(moments)
    if lack > 1e-3 * moments[greatest]:
        return None
    raised = moments + max(0.0, 0.5 * lack) * (1.0 + 1e-9)
    raised[greatest] = moments[greatest]
    return raised


def _set_inertial(link: ET.Element, mass: float, origin: Placement, moments: Array) -> None:
    for old in link.findall("inertial"):
        link.remove(old)
    inertial = ET.SubElement(link, "inertial")
    _set_origin(inertial, origin)
    ET.SubElement(inertial, "mass", value=repr(float(mass)))
    entries = dict.fromkeys(("ixx", "ixy", "ixz", "iyy", "iyz", "izz"), "0")
    entries.update({k: repr(float(m)) for k, m in zip(("ixx", "iyy", "izz"), moments, strict=True)})
    ET.SubElement(inertial, "inertia", entries)


def _set_origin(element: ET.Element, placement: Placement) -> None:
    for old in element.findall("origin"):
        element.remove(old)
    ET.SubElement(
        element,
        "origin",
        xyz=_text(placement.translation),
        rpy=_text(roll_pitch_yaw(placement.rotation)),
    )


def _write_moving(joint: ET.Element, robot: RobotModel) -> None:
    i = robot.names.index(joint.get("name", ""))
    lower, upper = robot.limits.lower[i], robot.limits.upper[i]
    if not (np.isfinite(lower) and np.isfinite(upper)):
        lower, upper = 0.0, -1.0  # PyBullet's way to say: no limits
    _replace(joint, "axis", xyz=_text(robot.joints[i].axis))
    _replace(
        joint,
        "limit",
        lower=repr(float(lower)),
        upper=repr(float(upper)),
        effort=repr(float(robot.limits.effort[i])),
        velocity=repr(float(robot.limits.velocity[i])),
    )
    for tag in ("dynamics", "mimic"):
        for old in joint.findall(tag):
            joint.remove(old)


def _write_fixed(joint: ET.Element, data: UrdfJoint, locked: dict[str, float]) -> None:
    _set_origin(joint, data.origin @ data.motion(locked.get(data.name, 0.0)))
    joint.set("type", "fixed")
    for tag in ("axis", "limit", "dynamics", "mimic"):
        for old in joint.findall(tag):
            joint.remove(old)


def _put_base_at_origin(root: ET.Element, urdf: Urdf, robot: RobotModel) -> None:
    """Hang the tree so that the chain's base link lies at the world's origin."""
    placement, joint = Placement.identity(), urdf.parent_joint(robot.base)
    while joint is not None:
        motion = joint.motion(robot.locked.get(joint.name, 0.0))
        placement = joint.origin @ motion @ placement
        joint = urdf.parent_joint(joint.parent)
    _set_inertial(
        ET.SubElement(root, "link", name=WORLD_LINK), 0.0, Placement.identity(), np.zeros(3)
    )
    _fix(root, WORLD_LINK, urdf.root, placement.inverse())


def _add_payload(root: ET.Element, tip: str, payload: Payload) -> None:
    link = ET.SubElement(root, "link", name=PAYLOAD_LINK)
    _set_inertial(link, payload.mass, Placement.identity(), np.full(3, payload.moment))
    if payload.mass > 0.0:
        visual = ET.SubElement(link, "visual")
        ET.SubElement(ET.SubElement(visual, "geometry"), "sphere", radius=repr(payload.radius))
    _fix(root, tip, PAYLOAD_LINK, Placement(np.eye(3), np.array(payload.com, dtype=np.float64)))


def _fix(root: ET.Element, parent: str, child: str, placement: Placement) -> None:
    joint = ET.SubElement(root, "joint", name=f"{child}_fixed_to_{parent}", type="fixed")
    ET.SubElement(joint, "parent", link=parent)
    ET.SubElement(joint, "child", link=child)
    _set_origin(joint, placement)


def _resolve_meshes(link: ET.Element, source: str) -> None:
    for tag in ("visual", "collision"):
        for shape in link.findall(tag):
            mesh = shape.find("geometry/mesh")
            if mesh is None:
                continue
            path = find_mesh(mesh.get("filename", ""), source)
            if path is None:
                link.remove(shape)
            else:
                mesh.set("filename", str(path))


def _replace(joint: ET.Element, tag: str, **attributes: str) -> None:
    for old in joint.findall(tag):
        joint.remove(old)
    ET.SubElement(joint, tag, attributes)


def _text(vector: Array) -> str:
    return " ".join(repr(float(value)) for value in vector)
