"""What is sent for an arm that moves: a message a joint, and none that says nothing new."""

import sys
from pathlib import Path

import numpy as np
import pytest

from rl_control.robot.description import load_robot
from rl_control.robot.kinematics import Kinematics
from rl_control.robot.model import Placement
from rl_control.robot.quaternions import rotation_from_quaternion
from rl_control.view.arm_nodes import ArmNodes, mixed
from rl_control.view.shapes import arm_shapes

sys.path.insert(0, str(Path(__file__).parent))
from fakes import Scene


@pytest.fixture(scope="module")
def arm():
    robot = load_robot("arm7")
    return robot, arm_shapes(robot)


def built(arm, **options):
    scene = Scene()
    return scene, ArmNodes(scene, "/arm", *arm, **options)


def test_when_joints_move_expect_the_nested_frames_to_reach_the_tip(arm):
    robot, _ = arm
    scene, nodes = built(arm)
    q = np.random.default_rng(3).uniform(-2, 2, robot.n)
    nodes.pose(q)
    path, frame = "/arm", Placement.identity()
    for k in range(1, robot.n + 1):
        path = f"{path}/{k}"
        w, x, y, z = scene.nodes[path].wxyz
        turn = rotation_from_quaternion(np.array([x, y, z, w]), "node")
        frame = frame @ Placement(turn, np.asarray(scene.nodes[path].position))
    tip = Kinematics(robot).tip(q)
    np.testing.assert_allclose((frame @ robot.tip_placement).translation, tip.position, atol=1e-9)


def test_when_one_joint_moves_expect_one_message_and_none_when_none_does(arm):
    robot, _ = arm
    scene, nodes = built(arm)
    q = np.full(robot.n, 0.3)
    nodes.pose(q)
    scene.log.clear()
    nodes.pose(q + 1e-7)
    assert scene.log == []
    q[2] = 0.5
    nodes.pose(q)
    assert scene.log == [("/arm/1/2/3", "wxyz")]


def test_when_a_joint_nears_a_limit_expect_its_body_coloured_once_and_back(arm):
    robot, shapes = arm
    scene, nodes = built(arm)
    share = np.zeros(robot.n)
    share[1] = 1.0
    nodes.warn(share, (224, 49, 49))
    expected = sum(shape.body == 2 for shape in shapes)
    assert len(scene.log) == expected > 0
    assert all(key == "color" for _, key in scene.log)
    changed = {path for path, _ in scene.log}
    assert all(scene.nodes[path].color == (224, 49, 49) for path in changed)
    nodes.warn(share, (224, 49, 49))
    assert len(scene.log) == expected
    nodes.warn(np.zeros(robot.n), (224, 49, 49))
    own = {shape.color for shape in shapes if shape.body == 2}
    assert {scene.nodes[path].color for path in changed} == own


def test_when_a_ghost_is_drawn_expect_one_colour_no_shadow_and_hiding(arm):
    scene, nodes = built(arm, color=(1, 2, 3), opacity=0.2)
    meshes = [node for path, node in scene.nodes.items() if "shape" in path]
    assert {node.color for node in meshes} == {(1, 2, 3)}
    assert not any(node.cast_shadow for node in meshes)
    nodes.show(False)
    nodes.show(False)
    assert scene.log == [("/arm", "visible")]


def test_when_colours_are_mixed_expect_both_ends():
    assert mixed((0, 10, 20), (100, 110, 120), 0.0) == (0, 10, 20)
    assert mixed((0, 10, 20), (100, 110, 120), 1.0) == (100, 110, 120)
    assert mixed((0, 10, 20), (100, 110, 120), 0.5) == (50, 60, 70)
