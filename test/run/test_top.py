"""The verb `top` before it speaks ROS."""

import importlib.util

import pytest

from rl_control.cli import main
from rl_control.run import in_ros


@pytest.mark.parametrize("rate", ["0", "-1", "nan", "1000"])
def test_when_the_rate_is_out_of_range_expect_it_refused(rate, capsys):
    assert main(["top", "--rate", rate]) == 2
    assert "--rate" in capsys.readouterr().err


def test_when_ros_is_not_installed_expect_the_remedy(monkeypatch, capsys):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    assert main(["top", "--once"]) == 2
    said = capsys.readouterr().err
    assert "'rl_control top' needs rclpy" in said and "rl_control[ros]" in said


def test_when_called_expect_the_arguments_passed_on_and_the_exit_code_back(monkeypatch):
    asked = []

    def stand_in(verb, args, declare):
        asked.append((verb, args.namespace, args.rate))
        return 7

    monkeypatch.setattr(in_ros, "in_ros", stand_in)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: object())
    assert main(["top", "--namespace", "left", "--rate", "5"]) == 7
    assert asked == [("top", "left", 5.0)]
