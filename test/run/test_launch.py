"""The verb `launch`: assignments, argument listing, the discovery range."""

import argparse

import pytest

from rl_control.errors import ConfigError
from rl_control.run import launch


def parse(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    launch.add_arguments(parser)
    return parser.parse_args(arguments)


def test_when_arguments_are_assignments_expect_their_values():
    assert launch.parse_assignments(["robot:=panda", "file:=a:=b"]) == {
        "robot": "panda",
        "file": "a:=b",
    }


@pytest.mark.parametrize("texts", [["robot=panda"], [":=x"], ["a:=1", "a:=2"]])
def test_when_argument_is_no_assignment_expect_refusal(texts):
    with pytest.raises(ConfigError):
        launch.parse_assignments(texts)


def test_when_arguments_are_asked_for_expect_names_and_defaults(capsys):
    assert launch.run(parse("arm_mpc", "--show-args")) == 0
    shown = capsys.readouterr().out
    assert "robot: " in shown
    assert "default '" in shown


@pytest.mark.parametrize(("given", "expected"), [(None, "LOCALHOST"), ("SUBNET", None)])
def test_when_range_is_unset_expect_nodes_stay_on_this_machine(monkeypatch, given, expected):
    monkeypatch.delenv("ROS_AUTOMATIC_DISCOVERY_RANGE", raising=False)
    if given:
        monkeypatch.setenv("ROS_AUTOMATIC_DISCOVERY_RANGE", given)
    seen = []
    monkeypatch.setattr(launch, "supervise", lambda specs, grace, until: seen.extend(specs) or 0)
    assert launch.run(parse("arm_mpc")) == 0
    assert {s.environment.get("ROS_AUTOMATIC_DISCOVERY_RANGE") for s in seen} == {expected}


def test_when_a_node_ends_all_expect_its_label_watched(monkeypatch):
    watched = []
    monkeypatch.setattr(launch, "supervise", lambda specs, grace, until: watched.append(until) or 0)
    launch.run(parse("arm_mpc"))
    launch.run(parse("train_gps", "namespace:=left"))
    assert watched == [None, "left/gps_trainer"]
