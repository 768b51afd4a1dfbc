from pathlib import Path

import numpy as np
import pytest

from rl_control.errors import (
    ConfigError,
    NonFiniteError,
    RobotDescriptionError,
    ShapeError,
    UnknownNameError,
)
from rl_control.robot.description import load_robot


@pytest.fixture
def write(tmp_path, make_robot, make_link, make_joint):
    def to_file(*joints: str, name="own.urdf", settings=None) -> Path:
        path = tmp_path / name
        links = [make_link("a"), make_link("b"), make_link("c")]
        joints = joints or (make_joint("j", "a", "b"), make_joint("k", "b", "c"))
        path.write_text(make_robot(*links, *joints), encoding="utf-8")
        if settings is not None:
            (tmp_path / "own.robot.yaml").write_text(settings, encoding="utf-8")
        return path

    return to_file


def test_when_own_urdf_has_no_settings_expect_home_in_the_middle(write):
    path = write()
    robot = load_robot(path)
    assert (robot.name, robot.base, robot.tip, robot.source) == ("test", "a", "c", str(path))
    assert robot.names == ("j", "k")
    np.testing.assert_array_equal(robot.home, [0.5, 0.5])
    assert robot.urdf == path.read_text(encoding="utf-8")


def test_when_path_is_a_text_expect_the_same_robot(write):
    path = write()
    assert load_robot(str(path)).names == load_robot(path).names


def test_when_path_is_relative_expect_an_absolute_source(write, monkeypatch):
    path = write()
    monkeypatch.chdir(path.parent)
    assert load_robot("own.urdf").source == str(path)


def test_when_joint_is_continuous_expect_home_at_zero(write, make_joint):
    path = write(make_joint("j", "a", "b", "continuous"), make_joint("k", "b", "c", "prismatic"))
    np.testing.assert_array_equal(load_robot(path).home, [0.0, 0.5])


def test_when_settings_are_there_expect_their_home_by_name(write):
    robot = load_robot(write(settings="joints: [k, j]\nhome: [0.7, -0.2]\n"))
    np.testing.assert_array_equal(robot.home, [-0.2, 0.7])


def test_when_control_limits_are_scaled_expect_the_robots_own_unchanged(write):
    robot = load_robot(write(settings="velocity_scale: 0.5\neffort_scale: 0.5\n"))
    np.testing.assert_array_equal(robot.limits.velocity, [3, 3])
    np.testing.assert_array_equal(robot.limits.effort, [4, 4])


def test_when_home_is_outside_the_limits_expect_refusal(write):
    path = write(settings="joints: [k]\nhome: [7]\n")
    with pytest.raises(ConfigError, match="joint 'k' at 7 is outside its limits"):
        load_robot(path)


def test_when_given_limits_cut_home_off_expect_it_at_the_limit(write):
    path = write(settings="joints: [k]\nhome: [1.5]\n")
    robot = load_robot(path, limits={"k": (-1, 1, 2, 3)})
    np.testing.assert_array_equal(robot.home, [0.5, 1.0])
    np.testing.assert_array_equal(robot.limits.effort, [4, 3])


def test_when_home_names_no_joint_expect_refusal(write):
    path = write(settings="joints: [elbow]\nhome: [0.1]\n")
    with pytest.raises(ConfigError, match="'elbow' is not a joint"):
        load_robot(path)


def test_when_tip_is_nearer_expect_a_shorter_arm(write):
    robot = load_robot(write(settings="joints: [j, k]\nhome: [0.1, 0.2]\n"), tip="b")
    assert robot.names == ("j",)
    np.testing.assert_array_equal(robot.home, [0.1])


def test_when_gravity_is_given_expect_it(write):
    path = write()
    np.testing.assert_array_equal(load_robot(path).gravity, [0, 0, -9.81])
    np.testing.assert_array_equal(load_robot(path, gravity=[0, 0, 0]).gravity, [0, 0, 0])
    with pytest.raises(ShapeError):
        load_robot(path, gravity=[9.81])
    with pytest.raises(NonFiniteError):
        load_robot(path, gravity=[0, 0, float("nan")])


def test_when_name_is_unknown_expect_the_nearest():
    with pytest.raises(UnknownNameError, match="did you mean 'iiwa7'"):
        load_robot("iwa7")


@pytest.mark.parametrize("missing", ["nowhere.urdf", "./nowhere", Path("nowhere")])
def test_when_file_is_missing_expect_its_path(missing):
    with pytest.raises(RobotDescriptionError, match=r"nowhere.*cannot be read"):
        load_robot(missing)


def test_when_tip_is_unknown_expect_the_nearest(write):
    with pytest.raises(UnknownNameError, match="did you mean 'panda_hand'"):
        pytest.importorskip("pybullet_data")
        load_robot("panda", tip="panda_hnd")


def test_when_base_is_given_expect_the_named_tip_kept():
    pytest.importorskip("pybullet_data")
    robot = load_robot("panda", base="panda_link2")
    assert (robot.tip, robot.n) == ("panda_grasptarget", 5)
    assert robot.locked["panda_joint1"] == 0.0


def test_when_friction_is_written_expect_it_in_the_joint(write, make_joint):
    limit = '<limit lower="-1" upper="1" velocity="1" effort="1"/>'
    inside = limit + '<dynamics damping="0.5" friction="0.2"/>'
    robot = load_robot(
        write(make_joint("j", "a", "b", "revolute", inside), make_joint("k", "b", "c"))
    )
    assert (robot.joints[0].damping, robot.joints[0].friction) == (0.5, 0.2)
    assert (robot.joints[1].damping, robot.joints[1].friction) == (0.0, 0.0)
