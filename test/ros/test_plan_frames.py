"""Frames of the arm at its plan's end."""

from __future__ import annotations

import numpy as np
import pytest
from builtin_interfaces.msg import Time
from scipy.spatial.transform import Rotation

from rl_control.robot.description import load_robot
from rl_control.robot.kinematics import Kinematics
from rl_control.ros import plan_frames
from rl_control.ros.plan_frames import PlanFrames, frames_message


def matrix(transform):
    shift, turn = transform.translation, transform.rotation
    found = np.eye(4)
    found[:3, :3] = Rotation.from_quat([turn.x, turn.y, turn.z, turn.w]).as_matrix()
    found[:3, 3] = shift.x, shift.y, shift.z
    return found


def chain(robot, q):
    """Every moving link's frame, joint by joint from the description."""
    here, found = np.eye(4), {}
    for joint, position in zip(robot.joints, q, strict=True):
        step = np.eye(4)
        step[:3, :3], step[:3, 3] = joint.placement.rotation, joint.placement.translation
        move = np.eye(4)
        if joint.kind == "prismatic":
            move[:3, 3] = position * joint.axis
        else:
            move[:3, :3] = Rotation.from_rotvec(position * joint.axis).as_matrix()
        here = here @ step @ move
        found[joint.link] = here
    return found


@pytest.mark.parametrize("name", ["planar2", "iiwa7", "arm7"])
def test_when_joints_are_anywhere_expect_the_frames_of_the_description(name) -> None:
    robot = load_robot(name)
    q = robot.home + np.random.default_rng(2).uniform(-0.6, 0.6, robot.n)
    sent = PlanFrames(robot).transforms(q, Time(sec=7, nanosec=5))
    found = {message.child_frame_id: matrix(message.transform) for message in sent}
    for link, expected in chain(robot, q).items():
        np.testing.assert_allclose(found[f"plan/{link}"], expected, atol=1e-9)
    tip = Kinematics(robot).tip(q)
    np.testing.assert_allclose(found[f"plan/{robot.tip}"][:3, 3], tip.position, atol=1e-9)
    np.testing.assert_allclose(found[f"plan/{robot.tip}"][:3, :3], tip.rotation, atol=1e-9)
    assert {message.header.frame_id for message in sent} == {robot.base}
    assert sent[0].header.stamp == Time(sec=7, nanosec=5)
    assert len(found) == len(sent)


def test_when_tf2_is_missing_expect_no_message_class(monkeypatch) -> None:
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(plan_frames.importlib, "import_module", missing)
    assert frames_message() is None
