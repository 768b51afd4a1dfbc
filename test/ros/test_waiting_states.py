"""Of what waits on a topic, the newest state of the arm; wrong is only what has none."""

from types import SimpleNamespace

import pytest
from sensor_msgs.msg import JointState

from rl_control.errors import JointMismatchError, NonFiniteError
from rl_control.ros import convert
from rl_control.ros.waiting_states import newest_state

NAMES = ("a", "b")


def message(stamp, names=NAMES, position=1.0):
    values = [position] * len(names)
    found = JointState(name=list(names), position=values, velocity=[0.0] * len(names))
    found.header.stamp = convert.time_message(stamp)
    return found


def newest(*messages):
    """Of messages in the order of arrival; also says how many are left."""
    first, *waiting = messages

    def take_message(kind, raw):
        return (waiting.pop(0), None) if waiting else None

    subscription = SimpleNamespace(handle=SimpleNamespace(take_message=take_message))
    try:
        return newest_state(first, subscription, convert.JointStateReader(NAMES))
    finally:
        assert not waiting


def test_when_several_wait_expect_the_newest_of_the_arm():
    gripper = message(4.0, ["finger"])
    state, label = newest(message(1.0), gripper, message(3.0), gripper, gripper)
    assert (state.stamp, label) == (3.0, "3.000000000")
    assert newest(message(1.0))[1] == "1.000000000"
    assert newest(gripper, message(2.0, ["b", "finger", "a"]))[0].names == NAMES


def test_when_the_arms_newest_is_broken_expect_the_one_before():
    assert newest(message(1.0), message(2.0, position=float("nan")))[0].stamp == 1.0


def test_when_none_is_of_the_arm_expect_what_is_wrong_with_the_newest():
    with pytest.raises(JointMismatchError):
        newest(message(1.0, position=float("nan")), message(2.0, ["a"]))
    with pytest.raises(NonFiniteError):
        newest(message(1.0, ["a"]), message(2.0, position=float("nan")))
