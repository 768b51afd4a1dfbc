"""A plant and a controller that tell what passes through them."""

from __future__ import annotations

import numpy as np
import pytest

from rl_control.errors import PlantError
from rl_control.plants.fake import FakePlant
from rl_control.run.recorded import RecordedController, RecordedPlant
from rl_control.types import ArmState, Command

NAMES = ("a", "b")


class Listener:
    def __init__(self):
        self.told = []

    def began(self, state):
        self.told.append(("began", state.joints.stamp))

    def saw(self, state):
        self.told.append(("saw", state.joints.stamp))

    def asked(self, command):
        self.told.append(("asked", command.stamp))

    def sent(self, command):
        self.told.append(("sent", command.stamp))


class Constant:
    last_solve_ms = 0.5

    def reset(self, state: ArmState) -> None:
        self.start = state

    def act(self, state: ArmState) -> Command:
        return Command(NAMES, np.ones(2), state.joints.stamp)


@pytest.fixture
def listener():
    return Listener()


def test_when_an_arm_moves_expect_the_same_motion_and_all_of_it_told(listener):
    bare, plant = FakePlant(NAMES), RecordedPlant(FakePlant(NAMES), listener)
    controller = RecordedController(Constant(), listener)
    assert (plant.names, plant.period) == (bare.names, bare.period)
    state, alone = plant.reset(), bare.reset()
    controller.reset(state)
    for _ in range(3):
        state = plant.step(controller.act(state))
        alone = bare.step(Constant().act(alone))
        np.testing.assert_array_equal(state.joints.vector, alone.joints.vector)
    assert plant.observe().joints.stamp == state.joints.stamp
    kinds = [kind for kind, _ in listener.told]
    assert kinds == ["began", *["asked", "sent", "saw"] * 3]
    assert controller.last_solve_ms == 0.5


def test_when_the_plant_is_lost_expect_its_last_command_told(listener):
    inner = FakePlant(NAMES)
    plant = RecordedPlant(inner, listener)
    plant.reset()
    inner.faults.lost = True
    with pytest.raises(PlantError):
        plant.step(Command(NAMES, np.ones(2), 7.0))
    assert listener.told[-1] == ("sent", 7.0)


def test_when_a_plant_is_closed_expect_the_one_inside_closed(listener):
    inner = FakePlant(NAMES)
    RecordedPlant(inner, listener).close()
    assert inner.closed


def test_when_a_controller_solves_nothing_expect_no_time_of_it(listener):
    controller = Constant()
    controller.last_solve_ms = None
    assert RecordedController(controller, listener).last_solve_ms is None
