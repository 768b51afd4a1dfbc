"""The arm to show with a recording: named, recorded, described, or not known."""

from dataclasses import replace

import pytest

from rl_control.data.runs.log import read_log
from rl_control.errors import DataError
from rl_control.run.recorded_robot import recorded_robot
from rl_control.run.rig import make_rig


@pytest.fixture(scope="module")
def log(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    rig = make_rig("planar2").recorded(folder, 1_700_000_000_000_000_000)
    try:
        rig.reach(rig.goal([0.35, 0.14, 1.25]))
    finally:
        rig.close()
    return read_log(folder)


def test_when_settings_name_the_arm_expect_it_with_its_tip(log):
    robot = recorded_robot(log)
    assert robot.name == "planar2"
    assert robot.tip == "tip"
    assert recorded_robot(log, tip="forearm").tip == "forearm"


def test_when_no_settings_were_recorded_expect_the_arm_described(log):
    robot = recorded_robot(replace(log, settings=()))
    assert robot.names == log.names
    assert robot.tip == "tip"
    assert recorded_robot(replace(log, settings=()), "planar2").names == log.names


def test_when_the_recording_tells_of_no_arm_expect_to_be_asked_for_it(log):
    with pytest.raises(DataError, match=r"does not describe its robot.*--robot"):
        recorded_robot(replace(log, settings=(), description=""))


def test_when_the_described_arm_has_other_joints_expect_both_named(log):
    other = replace(log, settings=(), names=("left", "right"))
    with pytest.raises(DataError, match=r"left, right.*shoulder, elbow"):
        recorded_robot(other)
    with pytest.raises(DataError, match=r"left, right.*shoulder, elbow"):
        recorded_robot(other, "planar2")
