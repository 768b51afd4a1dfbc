"""Models on disk: the same predictions back, and refusal of what is not this arm's."""

from dataclasses import replace

import numpy as np
import pytest

from rl_control.data.checkpoint import load_checkpoint, save_checkpoint
from rl_control.errors import DataError, ModelError
from rl_control.models.features import Features
from rl_control.models.gaussian_process import GaussianProcess
from rl_control.models.learned import rigid_model
from rl_control.models.mechanics import Mechanics
from rl_control.models.store import KIND, load_model, save_model
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


def process(samples=6):
    """A Gaussian process of two turning joints that was fitted to nothing."""
    rng = np.random.default_rng(0)
    features = Features((True, True))
    return GaussianProcess(
        names=("shoulder", "elbow"),
        features=features,
        centre=rng.normal(size=features.size),
        spread=rng.uniform(0.5, 2.0, features.size),
        offset=rng.normal(size=2),
        scale=rng.uniform(0.5, 2.0, 2),
        Z=rng.normal(size=(samples, features.size)),
        alpha=rng.normal(size=(2, samples)),
        whitener=np.tril(rng.normal(size=(2, samples, samples))),
        lengths=rng.uniform(1.0, 3.0, (2, features.size)),
        signal=rng.uniform(50.0, 60.0, 2),
        noise=rng.uniform(0.01, 0.1, 2),
    )


@pytest.mark.parametrize("kind", ["rigid", "both", "net", "process"])
def test_when_a_model_is_saved_expect_the_same_predictions_back(
    tmp_path, robot, changed, random_nets, kind
):
    nets = random_nets(turning=(True, True))
    model = {
        "rigid": changed,
        "both": replace(changed, residual=nets, scale=np.arange(1.0, 5.0)),
        "net": replace(changed, mechanics=None, residual=nets, scale=np.ones(4)),
        "process": replace(changed, residual=process(), scale=np.arange(1.0, 5.0)),
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


def test_when_a_gaussian_process_is_kept_expect_every_part_of_it(tmp_path, robot, changed):
    path, kept = tmp_path / "model.safetensors", process()
    save_model(path, replace(changed, residual=kept), {})
    found = load_model(path, robot)[0].residual
    assert (found.names, found.features) == (kept.names, kept.features)
    for name, value in vars(kept).items():
        assert np.array_equal(getattr(found, name), value), name


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [("gp.alpha", None, "'alpha' is missing"), ("gp.noise", np.nan, "'noise' is not finite")],
)
def test_when_a_gaussian_process_lacks_a_part_expect_it_named(
    tmp_path, robot, changed, name, value, problem
):
    path = tmp_path / "model.safetensors"
    save_model(path, replace(changed, residual=process()), {})
    document, arrays = load_checkpoint(path, KIND)
    part = arrays.pop(name)
    if value is not None:
        arrays[name] = np.full_like(part, value)
    save_checkpoint(path, KIND, document, arrays)
    with pytest.raises(ModelError, match=problem):
        load_model(path, robot)


def test_when_a_residual_is_of_no_known_kind_expect_refusal(tmp_path, changed):
    class Guess:
        """Has no file form."""

    with pytest.raises(ModelError, match="kind Guess is not kept"):
        save_model(tmp_path / "model.safetensors", replace(changed, residual=Guess()), {})
    assert not list(tmp_path.iterdir())


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
