"""What the verb `view` tells the node browser_view."""

import argparse
import importlib.util

import pytest

if importlib.util.find_spec("viser") is None:
    pytest.skip("viser is not installed", allow_module_level=True)

from rl_control.ros.view import node_arguments
from rl_control.run import view


def told(*words, controller=None):
    parser = argparse.ArgumentParser()
    view.add_arguments(parser)
    arguments = node_arguments(parser.parse_args(list(words)), controller or {})
    rules = [word for word in arguments if ":=" in word]
    return dict(rule.split(":=") for rule in rules)


def test_when_nothing_is_named_expect_the_controllers_own_robot():
    rules = told(controller={"robot": "panda", "tip": "hand"})
    assert rules["robot"] == "panda"
    assert rules["tip"] == "hand"
    assert rules["controller"] == "mpc_controller"
    assert "may_move" not in rules  # a person has to allow it on the page
    assert "port" not in rules


def test_when_all_is_named_expect_it_to_win():
    rules = told(
        *("--robot", "iiwa7", "--port", "0", "--host", "::1", "--namespace", "/left/"),
        *("--controller", "policy_controller", "--state-topic", "states", "--open"),
        controller={"robot": "panda"},
    )
    assert rules["robot"] == "iiwa7"
    assert (rules["port"], rules["host"]) == ("0", "::1")
    assert rules["__ns"] == "/left"
    assert rules["controller"] == "policy_controller"
    assert rules["state_topic"] == "states"
    assert rules["open"] == "true"
