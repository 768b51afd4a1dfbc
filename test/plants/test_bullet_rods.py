"""An arm without the files of its meshes is seen as rods."""

from __future__ import annotations

import logging
import xml.etree.ElementTree as ET
from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("pybullet")

from rl_control.plants.bullet_camera import FIELD_OF_VIEW, camera_for
from rl_control.plants.bullet_rods import with_rods
from rl_control.plants.bullet_stage import Stage
from rl_control.plants.bullet_view import square_view
from rl_control.robot.description import load_robot

ROBOT = load_robot("iiwa7")
ELSEWHERE = replace(ROBOT, source="/nowhere/arm.urdf")


def seen(robot):
    view = square_view(camera_for(robot), float(np.tan(0.5 * np.radians(FIELD_OF_VIEW))))
    stage = Stage(robot, {})
    try:
        stage.pose(robot.home + 0.4, np.array([0.0, 0.0, -9.0]))
        return stage.arm_in(view, 200)
    finally:
        stage.close()


def test_when_meshes_are_gone_expect_the_arm_seen_where_it_is_and_one_warning(caplog):
    with caplog.at_level(logging.WARNING):
        rods = seen(ELSEWHERE)
    assert len(caplog.records) == 1
    assert "16 meshes not found, 'meshes/link_0.obj' the first" in caplog.text
    whole = seen(ROBOT)
    assert 0.2 * whole.sum() < rods.sum() < whole.sum()
    assert (rods & whole).sum() > 0.8 * rods.sum()


def test_when_all_meshes_are_there_expect_the_arm_as_it_is():
    assert with_rods(ROBOT) is ROBOT


def test_when_a_link_shows_something_or_never_did_expect_no_rod():
    root = ET.fromstring(ROBOT.urdf)
    first, second = (joint.link for joint in ROBOT.joints[:2])
    for link in root.findall("link"):
        if link.get("name") == first:
            box = ET.SubElement(ET.SubElement(link, "visual"), "geometry")
            ET.SubElement(box, "box", size="0.1 0.1 0.1")
        if link.get("name") == second:
            for visual in link.findall("visual"):
                link.remove(visual)
    robot = replace(ELSEWHERE, urdf=ET.tostring(root, encoding="unicode"))
    shown = {
        link.get("name"): len(link.findall("visual"))
        for link in ET.fromstring(with_rods(robot).urdf).findall("link")
    }
    before = {link.get("name"): len(link.findall("visual")) for link in root.findall("link")}
    assert shown[first] == before[first] and shown[second] == before[second] == 0
    assert all(shown[j.link] == before[j.link] + 1 for j in ROBOT.joints[2:])
