import importlib.util
import subprocess
import sys

import numpy as np
import pytest

from rl_control.errors import MissingDependencyError
from rl_control.robot.catalog import CATALOG, robot_names
from rl_control.robot.description import load_robot
from rl_control.robot.settings import load_settings

ALL = ["planar2", "arm7", "iiwa7", "panda"]
TIPS = {"planar2": "tip", "arm7": "tip", "iiwa7": "lbr_iiwa_link_7", "panda": "panda_grasptarget"}


@pytest.fixture(params=ALL)
def robot(request):
    if CATALOG[request.param].borrowed:
        pytest.importorskip("pybullet_data")
    return load_robot(request.param)


def test_when_asked_expect_all_names():
    assert robot_names() == ALL


def test_when_loaded_by_name_expect_name_tip_and_joints(robot):
    assert robot.tip == TIPS[robot.name]
    assert robot.n == (2 if robot.name == "planar2" else 7)
    assert len(robot.home) == len(robot.limits.names) == robot.n


def test_when_at_home_expect_it_well_inside_the_limits(robot):
    middle = (robot.limits.lower + robot.limits.upper) / 2
    reach = (robot.limits.upper - robot.limits.lower) / 2
    assert np.all(np.abs(robot.home - middle) < 0.85 * reach)


def test_when_loaded_expect_the_file_to_set_every_home(robot):
    assert set(load_settings(robot.name).home) == set(robot.names)


def test_when_inertia_is_physical_expect_the_triangle_inequality(robot):
    for joint in robot.joints:
        low, middle, high = np.linalg.eigvalsh(joint.inertia.matrix)
        assert 0 < low <= middle <= high <= (low + middle) * (1 + 1e-9), joint.name


def test_when_panda_is_loaded_expect_fingers_locked_closed():
    pytest.importorskip("pybullet_data")
    assert load_robot("panda").locked == {"panda_finger_joint1": 0.0, "panda_finger_joint2": 0.0}
    opened = load_robot("panda", locked={"panda_finger_joint1": 0.04})
    assert opened.locked["panda_finger_joint2"] == 0.04


def test_when_arm7_stretches_expect_about_90_cm_of_reach():
    robot = load_robot("arm7")
    # Upright, everything past the shoulder is in one line.
    reach = sum(joint.placement.translation[2] for joint in robot.joints[2:])
    assert reach + robot.tip_placement.translation[2] == pytest.approx(0.90)


def test_when_planar2_moves_expect_both_axes_along_y():
    for joint in load_robot("planar2").joints:
        np.testing.assert_array_equal(joint.axis, [0, 1, 0])


def test_when_pybullet_data_is_missing_expect_the_extra_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingDependencyError, match=r"rl_control\[sim\]"):
        load_robot("iiwa7")


def test_when_robot_is_loaded_expect_no_heavy_library_imported():
    code = (
        "import sys; from rl_control.robot.description import load_robot; load_robot('arm7');"
        "print([m for m in ('casadi', 'pybullet', 'torch', 'rclpy', 'xacro') if m in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True
    )
    assert done.stdout.strip() == "[]"
