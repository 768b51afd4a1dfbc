"""Joint states and commands of a bag as arrays."""

from __future__ import annotations

from contextlib import closing

import numpy as np
import pytest

from rl_control.data.bags import motion as module
from rl_control.data.bags.messages import open_bag
from rl_control.data.bags.motion import bag_motion, common_names
from rl_control.data.bags.writer import BagWriter
from rl_control.errors import DataError

STATES, COMMANDS = "/joint_states", "/effort_controller/commands"


@pytest.fixture
def mixed(write_bag, messages):
    """An arm (a, b) whose order changes, a gripper on the same topic, commands of two widths."""

    def rows():
        for k in range(100):
            names = ("a", "b") if k < 40 else ("b", "x", "a")
            values = [float(k), -float(k)] if k < 40 else [-float(k), 9.0, float(k)]
            velocity = values if k % 2 else ()
            at = 1.0 + 0.01 * k
            yield STATES, at, messages.state(0.01 * k, names, values, velocity)
            if k % 10 == 0:
                yield STATES, at + 0.001, messages.state(0.01 * k, ["gripper"], [0.0])
            yield COMMANDS, at + 0.002, messages.command([k, -k] if k % 4 else [k])

    return write_bag(rows())


@pytest.mark.parametrize("batch", [7, 20_000])
def test_when_messages_are_mixed_expect_the_arm_s_and_the_rest_counted(mixed, batch, monkeypatch):
    monkeypatch.setattr(module, "_BATCH", batch)
    with closing(open_bag(mixed)) as bag:
        motion = bag_motion(bag, STATES, COMMANDS, ("a", "b"))
    k = np.arange(100.0)
    np.testing.assert_array_equal(motion.states.positions, np.stack([k, -k], axis=1))
    np.testing.assert_array_equal(motion.states.received, 1_000_000_000 + 10_000_000 * k)
    told = np.isfinite(motion.states.velocities).all(axis=1)
    np.testing.assert_array_equal(told, k % 2 == 1)
    assert motion.commands.values.shape == (75, 2)
    assert motion.left_out == {
        "joint states without all joints": 10,
        "commands of another width": 25,
    }


def test_when_no_joints_are_asked_for_expect_those_that_most_messages_name(mixed):
    with closing(open_bag(mixed)) as bag:
        assert common_names(bag, STATES) == ("b", "x", "a")
        motion = bag_motion(bag, STATES)
    assert motion.names == ("b", "x", "a")
    assert len(motion.states.stamps) == 60
    assert motion.commands.values.shape == (0, 3)


def test_when_a_joint_is_never_named_expect_what_is_named(mixed):
    with closing(open_bag(mixed)) as bag, pytest.raises(DataError, match="most name b, x, a"):
        bag_motion(bag, STATES, COMMANDS, ("a", "elbow"))


def test_when_joint_states_name_no_joint_expect_that_said(write_bag, messages):
    path = write_bag([(STATES, 1.0 + 0.01 * k, messages.state(0.01 * k, [], [])) for k in range(5)])
    with (
        closing(open_bag(path)) as bag,
        pytest.raises(DataError, match=r"\(none\); most name no joint"),
    ):
        bag_motion(bag, STATES)


def test_when_a_message_is_too_short_expect_no_advice_to_recover_a_whole_file(
    tmp_path,
):
    with BagWriter(tmp_path / "bag") as writer:
        writer.topic(STATES, "sensor_msgs/msg/JointState")
        writer.write(STATES, b"\0\1\0\0\1\0\0\0\2", 1_000_000_000)
    with (
        closing(open_bag(tmp_path / "bag")) as bag,
        pytest.raises(DataError, match="on /joint_states a message is not of its type") as told,
    ):
        bag_motion(bag, STATES)
    assert "recover" not in str(told.value)
