"""One rollout of excitation as data, and what ends it early."""

import numpy as np
import pytest

pytest.importorskip("pybullet")

from rl_control.control.excite_settings import TARGETS, ExcitationConfig
from rl_control.errors import ConfigError
from rl_control.plants.bullet import BulletPlant
from rl_control.robot.arm_model import ArmModel
from rl_control.robot.description import load_robot
from rl_control.run.excite import excite
from rl_control.safety.filter import SafetyFilter
from rl_control.safety.reasons import Reason
from rl_control.safety.settings import SafetyConfig

ROBOT = load_robot("planar2")


@pytest.fixture
def plant():
    made = BulletPlant(ROBOT)
    yield made
    made.close()


def safety(limits=ROBOT.limits, gravity=np.zeros_like):
    return SafetyFilter(limits, SafetyConfig(), gravity)


def test_when_an_arm_is_excited_expect_its_transitions(plant):
    steps = []
    data = excite(
        plant, safety(), ROBOT, None, np.random.default_rng(0), 1.0,
        on_step=lambda state, command: steps.append(command.effort), source="here",
    )  # fmt: skip
    assert data.names == ROBOT.names
    assert data.sources == ("here",)
    assert data.dt == plant.period
    assert data.size == 200
    np.testing.assert_array_equal(data.states[0, :2], ROBOT.home)
    np.testing.assert_array_equal(data.controls, np.array(steps))
    np.testing.assert_array_equal(data.states[1:], data.next_states[:-1])


def test_when_the_model_is_known_expect_the_arm_not_to_give_way(plant):
    model = ArmModel(ROBOT)
    config = ExcitationConfig(kind=TARGETS, noise_share=0.0)

    def fallen(inverse_dynamics, gravity):
        plant.reset()
        data = excite(
            plant, safety(gravity=gravity), ROBOT, config, np.random.default_rng(0), 0.1,
            inverse_dynamics,
        )  # fmt: skip
        return np.abs(data.next_states[:, :2] - ROBOT.home).max()

    assert fallen(model.inverse_dynamics, model.gravity_torque) < 0.02
    assert fallen(None, np.zeros_like) > 0.02


def test_when_the_safety_filter_stops_the_motion_expect_an_early_end_and_the_reason(plant):
    strict = safety(ROBOT.limits.scaled(velocity=0.1))
    data = excite(plant, strict, ROBOT, ExcitationConfig(), np.random.default_rng(0), 5.0)
    assert 0.0 < data.seconds < 5.0
    assert strict.violation is not None
    assert strict.violation.reason is Reason.VELOCITY_LIMIT
    # The state that broke the rule is the last but one: the last came of the hold.
    assert np.isfinite(data.next_states).all()


def test_when_every_motion_collides_expect_a_refusal_before_any_motion(plant):
    before = plant.observe().joints.stamp
    with pytest.raises(ConfigError, match="collides"):
        excite(plant, safety(), ROBOT, None, np.random.default_rng(0), 1.0, collides=lambda q: True)
    assert plant.observe().joints.stamp == before
