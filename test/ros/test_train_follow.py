"""A plant that fails in mid-run says so instead of raising."""

import numpy as np
import pytest

from rl_control.errors import CommandConflictError, JointMismatchError, PlantError
from rl_control.interfaces import Plant
from rl_control.ros.train_follow import Followed
from rl_control.types import ArmState, Command, JointState

NAMES = ("a", "b")
COMMAND = Command(NAMES, np.zeros(2), 0.0)


class Counting:
    """A plant whose position counts the steps, until one of them fails."""

    names, period = NAMES, 0.005

    def __init__(self, error=None, after=2) -> None:
        self.steps, self.closed = 0, False
        self._error, self._after = error, after

    def observe(self) -> ArmState:
        still = np.zeros(2)
        return ArmState(JointState(NAMES, still + self.steps, still, still, float(self.steps)))

    def reset(self, q=None, v=None) -> ArmState:
        self.steps = 0
        return self.observe()

    def step(self, command) -> ArmState:
        if self._error is not None and self.steps == self._after:
            raise self._error
        self.steps += 1
        return self.observe()

    def close(self) -> None:
        self.closed = True


def test_when_all_goes_well_expect_the_same_as_without():
    inner = Counting()
    plant = Followed(inner)
    assert isinstance(plant, Plant)
    assert (plant.names, plant.period) == (NAMES, 0.005)
    assert plant.step(COMMAND).joints.stamp == 1.0
    inner.steps = 7
    assert plant.observe().joints.stamp == 7.0
    assert plant.reset().joints.stamp == 0.0
    assert plant.error is None
    plant.close()
    assert inner.closed


@pytest.mark.parametrize(
    "error", [PlantError("lost"), CommandConflictError("commands", ["other"])], ids=["lost", "two"]
)
def test_when_a_step_fails_expect_the_state_before_it_again_and_no_further_step(error):
    inner = Counting(error)
    plant = Followed(inner)
    assert [plant.step(COMMAND).joints.stamp for _ in range(5)] == [1.0, 2.0, 2.0, 2.0, 2.0]
    assert plant.error is error
    inner.steps = 9
    assert plant.observe().joints.stamp == 2.0


def test_when_a_command_is_wrong_expect_that_raised():
    plant = Followed(Counting(JointMismatchError(["c"], list(NAMES))))
    plant.step(COMMAND), plant.step(COMMAND)
    with pytest.raises(JointMismatchError):
        plant.step(COMMAND)
