"""A tool fixed to an arm's tip: another arm, whose tip is the tool's."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path

from rl_control.errors import RobotDescriptionError, UnknownNameError
from rl_control.robot.lump import carried_rigidly
from rl_control.robot.model import RobotModel
from rl_control.robot.urdf import Urdf, parse_urdf
from rl_control.robot.xacro import read_urdf


def attach_tool(robot: RobotModel, path: Path, tip: str) -> RobotModel:
    """Return the arm with a tool whose root link lies in the arm's tip frame.

    Equations, kinematics and simulation of the arm that is returned have the tool in them; limits
    and home stay.

    Args:
        robot: the arm.
        path: the tool's description, a URDF or xacro file without movable joints.
        tip: link of the tool that is the new tip.

    Raises:
        RobotDescriptionError: if the tool cannot be used, or shares a name with the arm.
        UnknownNameError: if it has no such link.
    """
    text = read_urdf(path)
    tool = parse_urdf(text, str(path))
    movable = [joint.name for joint in tool.joints.values() if joint.kind != "fixed"]
    if movable:
        raise RobotDescriptionError(
            tool.source, f"joint '{movable[0]}'", "a tool is rigid", "Make all its joints fixed."
        )
    if tip not in tool.inertias:
        raise UnknownNameError("link of the tool", tip, list(tool.inertias))
    frames = dict(carried_rigidly(tool, tool.root, {}, set()))
    last = robot.joints[-1]
    inertia = last.inertia
    for link, frame in frames.items():
        body = tool.inertias[link]
        if body is not None:
            inertia = inertia + body.transformed(robot.tip_placement @ frame)
    return replace(
        robot,
        name=f"{robot.name}+{tool.name or path.stem}",
        joints=(*robot.joints[:-1], replace(last, inertia=inertia)),
        tip=tip,
        tip_placement=robot.tip_placement @ frames[tip],
        urdf=_joined(robot, text, tool),
    )


def _joined(robot: RobotModel, text: str, tool: Urdf) -> str:
    """The arm's URDF text with the tool's links and joints, and a joint between them."""
    root = ET.fromstring(robot.urdf)
    taken = {(element.tag, element.get("name")) for element in root}
    for element in ET.fromstring(text):
        name = (element.tag, element.get("name"))
        if name not in taken:
            root.append(element)
        elif element.tag in ("link", "joint"):
            raise RobotDescriptionError(
                tool.source,
                f"{element.tag} '{name[1]}'",
                f"{robot.name} has one of this name",
                "Give it another name.",
            )
    weld = ET.SubElement(root, "joint", name=f"{tool.root}_on_{robot.tip}", type="fixed")
    ET.SubElement(weld, "parent", link=robot.tip)
    ET.SubElement(weld, "child", link=tool.root)
    return ET.tostring(root, encoding="unicode")
