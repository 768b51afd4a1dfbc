"""Rods in the place of links whose meshes are not there: an arm is seen all the same."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np

from rl_control.plants.bullet_urdf import roll_pitch_yaw
from rl_control.robot.links import z_to
from rl_control.robot.meshes import missing_meshes
from rl_control.robot.model import RobotModel
from rl_control.types import Array

_THIN = 1e-3  # [m] under which two joints are at one place
_THICKNESS = 0.03  # radius of a rod as a share of the arm's length


def with_rods(robot: RobotModel) -> RobotModel:
    """Return the arm with a rod from joint to joint for each link that shows nothing else.

    Only links get one whose visuals are all of meshes that are not found.
    """
    missing = set(missing_meshes(robot.urdf, robot.source))
    if not missing:
        return robot
    root = ET.fromstring(robot.urdf)
    links = {link.get("name", ""): link for link in root.findall("link")}
    ends = [*(joint.placement.translation for joint in robot.joints)]
    ends.append(robot.tip_placement.translation)
    radius = _THICKNESS * sum(float(np.linalg.norm(end)) for end in ends)
    for name, end in zip([robot.base, *(joint.link for joint in robot.joints)], ends, strict=True):
        meshes = [visual.find("geometry/mesh") for visual in links[name].findall("visual")]
        gone = [mesh is not None and mesh.get("filename", "") in missing for mesh in meshes]
        if gone and all(gone):
            _add_rod(links[name], end, radius)
    return replace(robot, urdf=ET.tostring(root, encoding="unicode"))


def _add_rod(link: ET.Element, end: Array, radius: float) -> None:
    length = float(np.linalg.norm(end))
    visual = ET.SubElement(link, "visual")
    geometry = ET.SubElement(visual, "geometry")
    if length < _THIN:
        ET.SubElement(geometry, "sphere", radius=repr(1.3 * radius))
        return
    ET.SubElement(geometry, "cylinder", radius=repr(radius), length=repr(length + radius))
    place = {"xyz": 0.5 * end, "rpy": roll_pitch_yaw(z_to(end / length))}
    text = {key: " ".join(repr(float(x)) for x in values) for key, values in place.items()}
    ET.SubElement(visual, "origin", text)
