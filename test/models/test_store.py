"""Models on disk: the same predictions back, and refusal of what is not this arm's."""

from dataclasses import replace

import numpy as np
import pytest

from rl_control.errors import DataError, ModelError
from rl_control.models.learned import rigid_model
from rl_control.models.mechanics import Mechanics
from rl_control.models.store import load_model, save_model
from rl_control.robot.description import load_robot

DT = 0.02


@pytest.fixture
def robot():
    return load_robot("planar2")


@pytest.fixture
def changed(robot):
    """The arm as motion showed it: other masses and friction."""
    joints = tuple(
        replace(
            joint, inertia=replace(joint.inertia, mass=1.3 * joint.inertia.mass),
            damping=0.4, friction=0.7,
        )
        for joint in robot.joints
    )  # fmt: skip
    return rigid_model(Mechanics(replace(robot, joints=joints)), DT)


@pytest.mark.parametrize("kind", ["rigid", "both", "net"])
def test_when_a_model_is_saved_expect_the_same_predictions_back(
    tmp_path, robot, changed, random_nets, kind
):
    nets = random_nets(turning=(True, True))
    model = {
        "rigid": changed,
        "both": replace(changed, residual=nets, scale=np.arange(1.0, 5.0)),
        "net": replace(changed, mechanics=None, residual=nets, scale=np.ones(4)),
    }[kind]
    path = tmp_path / "model.safetensors"
    save_model(path, model, {"version": 3, "seconds": 12.5})
    found, about = load_model(path, robot)
    rng = np.random.default_rng(0)
    x, u = rng.normal(size=(9, 4)), rng.normal(size=(9, 2))
    assert np.allclose(found.step(x, u), model.step(x, u), atol=1e-10)
    assert np.allclose(found.uncertainty(x, u), model.uncertainty(x, u), atol=1e-12)
    assert about == {"version": 3, "seconds": 12.5}
    assert found.kind == model.kind


def test_when_a_model_is_of_another_arm_expect_both_named(tmp_path, changed):
    path = tmp_path / "model.safetensors"
    save_model(path, changed, {})
    with pytest.raises(ModelError, match=r"joints .*Give one of arm7"):
        load_model(path, load_robot("arm7"))


def test_when_a_file_is_cut_expect_refusal(tmp_path, robot, changed):
    path = tmp_path / "model.safetensors"
    save_model(path, changed, {})
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(DataError):
        load_model(path, robot)
    with pytest.raises(DataError):
        load_model(tmp_path / "none.safetensors", robot)
