"""Joint states off a topic on which others publish, too."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

pytest.importorskip("rclpy")

from sensor_msgs.msg import JointState

from rl_control.errors import JointMismatchError
from rl_control.ros.controller_config import ControllerConfig
from rl_control.ros.log_once import LogOnce
from rl_control.ros.state_inlet import StateInlet

NAMES = ("a", "b")
CONFIG = ControllerConfig(startup_timeout=5.0)
CONFIG = replace(CONFIG, safety=replace(CONFIG.safety, state_timeout=0.1))
EMPTY = SimpleNamespace(handle=SimpleNamespace(take_message=lambda kind, raw: None))


def message(*names, position=0.5):
    zeros = [0.0] * len(names)
    return JointState(name=list(names), position=[position, *zeros[1:]], velocity=zeros)


class Inlet:
    def __init__(self):
        self.time, self.lines = 100.0, []
        self.log = LogOnce(self.lines.append)
        self.inlet = StateInlet(NAMES, self.log, lambda: self.time)

    def take(self, *names, position=0.5, after=0.0):
        self.time += after
        return self.inlet.take(message(*names, position=position), EMPTY, CONFIG)


def test_when_the_arms_state_comes_expect_it_with_its_label():
    state, label = Inlet().take("other", "b", "a", position=9.0)
    assert state.names == NAMES
    assert state.position.tolist() == [0.0, 0.0]
    assert label == "0.000000000"


def test_when_others_publish_before_the_arm_expect_patience_and_then_an_error():
    inlet = Inlet()
    assert inlet.take("other") is None
    assert inlet.take("other", after=4.9) is None
    assert not inlet.lines
    with pytest.raises(JointMismatchError):
        inlet.take("other", after=0.2)


def test_when_the_arm_was_seen_expect_its_absence_told_once_and_never_an_error():
    inlet = Inlet()
    assert inlet.take("a", "b") is not None
    assert inlet.take("other", after=0.05) is None
    assert not inlet.lines
    for _ in range(3):
        assert inlet.take("other", after=10.0) is None
    assert len(inlet.lines) == 1
    assert inlet.log.said("state") == inlet.lines[0]
    assert inlet.take("a", "b") is not None
    assert inlet.log.said("state") == ""


def test_when_a_number_is_not_finite_expect_it_told_and_the_next_state_taken():
    inlet = Inlet()
    assert inlet.take("a", "b", position=float("nan")) is None
    assert "finite" in inlet.lines[0]
    assert inlet.take("a", "b") is not None
