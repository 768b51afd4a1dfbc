import numpy as np
import pytest

from rl_control.errors import PlantError
from rl_control.plants.fake import FakePlant
from rl_control.rollout import rollout
from rl_control.safety import Reason, SafetyConfig, SafetyFilter
from rl_control.types import Command, JointLimits, Pose

NAMES = ("a", "b")


class Spring:
    """Pulls the joints to zero; counts its solve times."""

    def __init__(self, gain=20.0):
        self.gain = gain
        self.resets = 0
        self.last_solve_ms = 0.0

    def reset(self, state):
        self.resets += 1

    def act(self, state):
        self.last_solve_ms += 1.0
        joints = state.joints
        effort = -self.gain * joints.position - 8.0 * joints.velocity
        return Command(NAMES, effort, joints.stamp)


@pytest.fixture
def plant():
    plant = FakePlant(NAMES, 0.01, tip=lambda q: Pose(np.array([*q, 0.0]), np.eye(3)))
    plant.reset(np.array([0.5, -0.3]))
    return plant


@pytest.fixture
def safety():
    limits = JointLimits(NAMES, -np.ones(2), np.ones(2), np.full(2, 5.0), np.full(2, 50.0))
    return SafetyFilter(limits, SafetyConfig(effort_rate=1e4), np.zeros_like)


def test_when_run_expect_states_controls_and_series_of_matching_length(plant, safety):
    controller = Spring()
    run = rollout(controller, plant, safety, duration=2.0)
    assert controller.resets == 1
    assert run.times == pytest.approx(0.01 * np.arange(201))
    assert run.states.shape == (201, 4)
    assert run.controls.shape == (200, 2)
    assert run.tips.shape == (201, 3)
    assert np.array_equal(run.tips[:, :2], run.positions)
    assert run.states[0] == pytest.approx([0.5, -0.3, 0.0, 0.0])
    assert np.abs(run.states[-1]).max() < 1e-2
    assert np.array_equal(run.extra["solve_ms"], np.arange(1, 201))
    assert run.extra["stamp"] == pytest.approx(run.times)
    assert np.array_equal(run.extra["effort"][1:], run.controls)
    assert set(run.extra["reason"][1:]) == {""}
    assert run.extra["act_ms"].shape == (200,)


def test_when_run_again_expect_times_from_zero_and_stamps_going_on(plant, safety):
    rollout(Spring(), plant, safety, duration=0.1)
    run = rollout(Spring(), plant, safety, duration=0.1)
    assert run.times[0] == 0.0
    assert run.extra["stamp"][0] == pytest.approx(0.1)
    assert safety.stopped_reason is None


def test_when_told_to_stop_expect_an_early_end(plant, safety):
    seen = []
    run = rollout(
        Spring(),
        plant,
        safety,
        duration=2.0,
        on_step=lambda state, command: seen.append((state, command)),
        stop=lambda state: abs(state.joints.position[0]) < 0.25,
    )
    assert len(run.controls) == len(seen) < 100
    assert abs(run.positions[-1, 0]) < 0.25 <= abs(run.positions[-2, 0])
    assert np.array_equal(seen[-1][1].effort, run.controls[-1])


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        ({"drop_state": True}, Reason.STATE_STALE),
        ({"freeze_stamp": True}, Reason.STATE_STALE),
        ({"delay": 50}, Reason.STATE_STALE),
        ({"nan_state": True}, Reason.STATE_NOT_FINITE),
    ],
)
def test_when_the_sensors_fail_expect_a_stop_with_its_reason(plant, safety, fault, reason):
    def break_it(state, command):
        if len(plant.commands) == 20:
            for key, value in fault.items():
                setattr(plant.faults, key, value)

    run = rollout(Spring(), plant, safety, duration=1.0, on_step=break_it)
    assert safety.stopped_reason is reason
    assert run.extra["reason"][-1] == reason.value
    assert np.isfinite(run.controls).all()
    assert set(run.extra["reason"][1:21]) == {""}


def test_when_the_controller_gives_nan_expect_a_stop(plant, safety):
    run = rollout(Spring(gain=np.nan), plant, safety, duration=0.1)
    assert set(run.extra["reason"]) == {Reason.COMMAND_NOT_FINITE.value}
    assert np.array_equal(run.controls, np.zeros((10, 2)))


def test_when_the_plant_is_lost_expect_its_error(plant, safety):
    plant.faults.lost = True
    with pytest.raises(PlantError, match="lost"):
        rollout(Spring(), plant, safety, duration=0.1)


def test_when_the_plant_reports_no_tip_expect_none(safety):
    run = rollout(Spring(), FakePlant(NAMES, 0.01), safety, duration=0.1)
    assert run.tips is None
