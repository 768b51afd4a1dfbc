"""Who else commands the arm, and what a command says on an interface."""

from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("rclpy")

from rl_control.errors import CommandConflictError, ConfigError
from rl_control.ros.command_topic import command_vector, refuse_conflict
from rl_control.types import Command

TOPIC = "/arm/commands"


def node(*publishers):
    """The node /left/mpc, which sees these (name, namespace) publish on the topic."""
    found = [SimpleNamespace(node_name=name, node_namespace=space) for name, space in publishers]
    return SimpleNamespace(
        get_name=lambda: "mpc",
        get_namespace=lambda: "/left",
        get_publishers_info_by_topic=lambda topic: found if topic == TOPIC else [],
    )


@pytest.mark.parametrize(("own", "there"), [(0, []), (1, [("mpc", "/left")])])
def test_when_nobody_else_publishes_expect_no_objection(own, there):
    refuse_conflict(node(*there), TOPIC, own)


@pytest.mark.parametrize(
    ("own", "there", "named"),
    [
        (0, [("mpc", "/left")], "/left/mpc"),  # another process with this node's name
        (1, [("mpc", "/left"), ("mpc", "/left")], "/left/mpc"),
        (1, [("mpc", "/left"), ("teleop", "/")], "/teleop"),
        (1, [("mpc", "/right"), ("mpc", "/left")], "/right/mpc"),
    ],
)
def test_when_somebody_else_publishes_expect_refusal_naming_it(own, there, named):
    with pytest.raises(CommandConflictError, match=named):
        refuse_conflict(node(*there), TOPIC, own)


def test_when_an_interface_is_asked_for_expect_its_values_or_a_refusal():
    command = Command(("a",), np.array([1.0]), 0.0, np.array([2.0]))
    assert command_vector(command, "effort") == 1.0
    assert command_vector(command, "position") == 2.0
    with pytest.raises(ConfigError, match="computes no velocity"):
        command_vector(command, "velocity")
