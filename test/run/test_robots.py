"""The tables of robots."""

from __future__ import annotations

import argparse

import pytest

from rl_control.errors import UnknownNameError
from rl_control.robot.description import load_robot, robot_names
from rl_control.run import robots


def parse(*words: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    robots.add_arguments(parser)
    return parser.parse_args(words)


def test_when_no_robot_is_given_expect_every_named_one(capsys):
    assert robots.run(parse()) == 0
    text = capsys.readouterr().out
    for name in robot_names():
        assert name in text


def test_when_a_robot_is_given_expect_each_joint_and_the_tip(capsys):
    assert robots.run(parse("planar2")) == 0
    text = capsys.readouterr().out
    robot = load_robot("planar2")
    for name in (*robot.names, robot.tip, robot.base):
        assert name in text


def test_when_joints_are_held_expect_them_named(capsys):
    pytest.importorskip("pybullet_data")
    robots.run(parse("panda"))
    assert "panda_finger_joint1 at 0" in capsys.readouterr().out


def test_when_the_robot_is_unknown_expect_the_nearest_name():
    with pytest.raises(UnknownNameError, match="planar2"):
        robots.run(parse("planr2"))
