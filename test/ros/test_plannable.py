"""Which model files a controller plans on, and what it begins with where there is none."""

from dataclasses import replace

import numpy as np
import pytest
from moving_arm import DT, ROBOT, heavier, model_of

from rl_control.errors import DataError, ModelError
from rl_control.models.holding import hold_torque
from rl_control.models.store import save_model
from rl_control.robot.arm_model import ArmModel
from rl_control.robot.description import load_robot
from rl_control.ros.plannable import load_plannable, nominal_model


def test_when_a_model_fits_expect_it_and_what_is_said_of_it(tmp_path):
    model = model_of(heavier())
    save_model(tmp_path / "m", model, {"seconds": 4.5})
    found, about = load_plannable(tmp_path / "m", ROBOT, DT)
    x, u = np.ones((1, 4)), np.ones((1, 2))
    assert np.array_equal(found.step(x, u), model.step(x, u))
    assert about == {"seconds": 4.5}


def unstable(model):
    joints = tuple(replace(joint, damping=np.nan) for joint in ROBOT.joints)
    mechanics = model.mechanics.with_robot(replace(ROBOT, joints=joints))
    return replace(model, mechanics=mechanics)


def test_when_a_model_does_not_fit_expect_the_reason(tmp_path):
    model = model_of()
    path = tmp_path / "m"
    for message, other, robot in (
        ("a model of joints shoulder", model, load_robot("arm7")),
        (r"steps of 0\.01 s, the planner takes steps of 0\.02 s", model_of(dt=0.01), ROBOT),
        ("not finite", unstable(model), ROBOT),
    ):
        save_model(path, other, {})
        with pytest.raises(ModelError, match=message):
            load_plannable(path, robot, DT)


def test_when_a_file_is_damaged_expect_refusal(tmp_path):
    path = tmp_path / "m"
    save_model(path, model_of(), {})
    raw = bytearray(path.read_bytes())
    raw[-5] ^= 1
    path.write_bytes(raw)
    with pytest.raises(DataError, match="changed"):
        load_plannable(path, ROBOT, DT)
    path.write_bytes(raw[: len(raw) // 2])
    with pytest.raises(DataError):
        load_plannable(path, ROBOT, DT)


@pytest.mark.parametrize("networks", [0, 1, 3])
def test_when_there_is_no_model_expect_the_arm_as_described(networks):
    model = nominal_model(ROBOT, DT, networks, (8, 4))
    rng = np.random.default_rng(0)
    x, u = rng.normal(size=(20, 4)), rng.normal(size=(20, 2))
    assert np.allclose(model.step(x, u), model_of().step(x, u), atol=1e-14)
    gravity = ArmModel(ROBOT).gravity_torque(ROBOT.home)
    assert np.allclose(hold_torque(model, ROBOT.home), gravity, atol=1e-9)
    assert model.members == max(1, networks)
    if networks:
        assert model.nets.hidden == (8, 4)
