import numpy as np
import pytest

from rl_control.errors import PlantError, ShapeError
from rl_control.plants.collision import CollisionChecker
from rl_control.robot.description import load_robot

LINK = """<link name="{name}"><inertial><origin xyz="0 0 0.25"/><mass value="1"/>
  <inertia ixx="0.02" iyy="0.02" izz="0.01" ixy="0" ixz="0" iyz="0"/></inertial>
  <collision><origin xyz="0 0 0.25"/><geometry><box size="0.06 0.06 0.4"/></geometry></collision>
  </link>"""
JOINT = """<joint name="{name}" type="revolute"><parent link="{parent}"/><child link="{child}"/>
  <origin xyz="0 0 {z}"/><axis xyz="0 1 0"/>
  <limit lower="-3" upper="3" effort="50" velocity="5"/></joint>"""


@pytest.fixture
def snake(tmp_path):
    """Three links standing on top of each other, folding in one plane."""
    text = '<robot name="snake"><link name="base"/>'
    text += "".join(LINK.format(name=name) for name in ("one", "two", "three"))
    text += JOINT.format(name="a", parent="base", child="one", z=0.1)
    text += JOINT.format(name="b", parent="one", child="two", z=0.5)
    text += JOINT.format(name="c", parent="two", child="three", z=0.5)
    path = tmp_path / "snake.urdf"
    path.write_text(text + "</robot>")
    return load_robot(path)


def test_when_folded_onto_itself_expect_a_collision(snake):
    checker = CollisionChecker(snake)
    assert not checker.collides(np.zeros(3))
    assert checker.collides(np.array([0.0, 2.4, 2.4]))


def test_when_below_the_floor_expect_a_collision_unless_there_is_none(snake):
    down = np.array([2.5, 0.0, 0.0])
    assert CollisionChecker(snake).collides(down)
    assert not CollisionChecker(snake, floor=False).collides(down)


def test_when_only_near_expect_the_margin_to_decide(snake):
    level = np.array([np.pi / 2, 0.0, 0.0])  # links lie at heights 0.07 to 0.13 m
    assert not CollisionChecker(snake, margin=0.06).collides(level)
    assert CollisionChecker(snake, margin=0.08).collides(level)


@pytest.mark.parametrize("name", ["planar2", "arm7", "iiwa7", "panda"])
def test_when_at_home_expect_no_collision_of_a_named_robot(name):
    robot = load_robot(name)
    assert not CollisionChecker(robot).collides(robot.home)


def test_when_panda_bows_to_the_floor_or_folds_expect_a_collision():
    robot = load_robot("panda")
    checker = CollisionChecker(robot)
    assert checker.collides(np.array([0.0, 1.8, 0.0, -0.5, 0.0, 1.6, 0.0]))
    assert checker.collides(np.array([0.0, 0.0, 0.0, -3.0, 0.0, 0.0, 0.0]))


def test_when_of_wrong_length_or_closed_expect_refusal(snake):
    checker = CollisionChecker(snake)
    with pytest.raises(ShapeError):
        checker.collides(np.zeros(2))
    checker.close()
    checker.close()
    with pytest.raises(PlantError, match="closed"):
        checker.collides(np.zeros(3))
