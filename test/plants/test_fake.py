import numpy as np
import pytest

from rl_control.errors import PlantError
from rl_control.interfaces import Plant
from rl_control.plants.fake import FakePlant
from rl_control.types import Command, Pose


def push(plant, *effort):
    return plant.step(Command(plant.names, np.array(effort, dtype=float), 0.0))


@pytest.fixture
def plant():
    return FakePlant(["a"], period=0.1)


def test_when_made_expect_the_plant_protocol(plant):
    assert isinstance(plant, Plant)


def test_when_pushed_expect_a_double_integrator(plant):
    push(plant, 2.0)
    state = push(plant, 0.0).joints
    assert state.velocity == pytest.approx([0.2])
    assert state.position == pytest.approx([0.04])
    assert state.stamp == pytest.approx(0.2)
    assert len(plant.commands) == 2


def test_when_given_an_acceleration_and_a_tip_expect_them_used():
    def tip(q):
        return Pose(np.array([q[0], 0.0, 0.0]), np.eye(3))

    plant = FakePlant(["a"], 0.1, acceleration=lambda q, v, u: u - 4.0 * q, tip=tip)
    plant.reset(np.array([1.0]))
    state = push(plant, 0.0)
    assert state.joints.velocity == pytest.approx([-0.4])
    assert state.tip.position == pytest.approx([0.96, 0.0, 0.0])


def test_when_states_are_dropped_expect_the_last_one_again(plant):
    seen = push(plant, 1.0)
    plant.faults.drop_state = True
    assert push(plant, 1.0) is seen
    plant.faults.drop_state = False
    assert plant.observe().joints.stamp == pytest.approx(0.2)


def test_when_states_are_nan_expect_nan_but_the_arm_sound(plant):
    plant.faults.nan_state = True
    assert np.isnan(push(plant, 1.0).joints.vector).all()
    plant.faults.nan_state = False
    assert plant.observe().joints.velocity == pytest.approx([0.1])


def test_when_stamps_are_frozen_expect_new_states_with_an_old_stamp(plant):
    push(plant, 1.0)
    plant.faults.freeze_stamp = True
    state = push(plant, 1.0).joints
    assert state.stamp == pytest.approx(0.1)
    assert state.velocity == pytest.approx([0.2])


def test_when_states_are_late_expect_old_ones(plant):
    plant.faults.delay = 2
    stamps = [push(plant, 1.0).joints.stamp for _ in range(4)]
    assert stamps == pytest.approx([0.0, 0.0, 0.1, 0.2])


def test_when_lost_or_closed_expect_refusal(plant):
    plant.faults.lost = True
    with pytest.raises(PlantError, match="lost"):
        push(plant, 0.0)
    plant.faults.lost = False
    push(plant, 0.0)
    plant.close()
    plant.close()
    with pytest.raises(PlantError, match="closed"):
        plant.observe()
