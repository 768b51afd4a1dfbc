import numpy as np
import pytest

from rl_control.plants.bullet_camera import FIELD_OF_VIEW, camera_for
from rl_control.robot.description import load_robot


@pytest.mark.parametrize("name", ["planar2", "arm7", "iiwa7", "panda"])
def test_when_looking_expect_the_shoulder_near_the_middle_of_the_picture(name):
    robot = load_robot(name)
    camera = camera_for(robot)
    ahead = camera.target - camera.eye
    to_shoulder = robot.joints[0].placement.translation - camera.eye
    cosine = ahead @ to_shoulder / np.linalg.norm(ahead) / np.linalg.norm(to_shoulder)
    assert np.degrees(np.arccos(np.clip(cosine, -1.0, 1.0))) < FIELD_OF_VIEW / 2
    assert abs(ahead @ camera.up) < 0.99 * np.linalg.norm(ahead)


def test_when_arm_moves_in_a_vertical_plane_expect_a_view_square_to_it():
    camera = camera_for(load_robot("planar2"))
    ahead = (camera.target - camera.eye) / np.linalg.norm(camera.target - camera.eye)
    assert abs(ahead[1]) > 0.95


def test_when_arm_moves_in_a_horizontal_plane_expect_a_view_from_above():
    camera = camera_for(load_robot("planar2", gravity=(0.0, -9.81, 0.0)))
    ahead = camera.target - camera.eye
    assert abs(ahead[1]) == pytest.approx(np.linalg.norm(ahead))
    assert abs(ahead @ camera.up) == pytest.approx(0.0, abs=1e-12)
