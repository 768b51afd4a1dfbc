"""The learned model: rigid body, residual or both, its slopes, and intervals that hold."""

from dataclasses import replace

import numpy as np
import pytest

from rl_control.data.transitions import TransitionDataset
from rl_control.errors import ModelError, ShapeError
from rl_control.models.learned import LearnedModel, rigid_model
from rl_control.models.mechanics import Mechanics
from rl_control.robot.description import load_robot

DT = 0.02
KINDS = ("rigid", "residual", "both")


@pytest.fixture
def models(random_nets):
    """Models of planar2 by kind."""
    mechanics = Mechanics(load_robot("planar2"))
    rigid = rigid_model(mechanics, DT)
    nets = random_nets(turning=(True, True))
    return {
        "rigid": rigid,
        "residual": replace(rigid, mechanics=None, residual=nets, scale=np.ones(4)),
        "both": replace(rigid, residual=nets, scale=np.ones(4)),
    }


def points(count=12, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, 4)), 5.0 * rng.normal(size=(count, 2))


def transitions(model, count, noise, seed=0):
    """What the model itself foretells, with noise on the next state."""
    rng = np.random.default_rng(seed)
    x, u = points(count, seed)
    following = model.step(x, u) + noise * rng.normal(size=(count, 4))
    return TransitionDataset(
        model.names, DT, x, u, following, DT * np.arange(count),
        np.zeros(count, dtype=np.int64), ("test",),
    )  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_when_linearized_expect_finite_differences(models, kind):
    model, h = models[kind], 1e-6
    x, u = points()
    a, b = model.linearize(x, u)
    for i in range(6):
        step_x, step_u = np.zeros(4), np.zeros(2)
        (step_x if i < 4 else step_u)[i % 4 if i < 4 else i - 4] = h
        ahead = model.step(x + step_x, u + step_u)
        behind = model.step(x - step_x, u - step_u)
        found = a[:, :, i] if i < 4 else b[:, :, i - 4]
        assert np.allclose((ahead - behind) / (2 * h), found, atol=1e-6)


def test_when_both_parts_are_there_expect_their_accelerations_added(models):
    x, u = points()
    total = sum(models[kind].acceleration(x, u) for kind in ("rigid", "residual"))
    assert np.allclose(models["both"].acceleration(x, u), total)
    assert [models[kind].kind for kind in KINDS] == ["rigid", "NetEnsemble", "rigid + NetEnsemble"]


@pytest.mark.parametrize("kind", KINDS)
def test_when_calibrated_expect_intervals_to_hold_what_they_say(models, kind):
    data = transitions(models[kind], 4000, np.array([1e-3, 2e-3, 0.02, 0.05]))
    model = models[kind].calibrated(data)
    fresh = transitions(models[kind], 4000, np.array([1e-3, 2e-3, 0.02, 0.05]), seed=1)
    error = np.abs(fresh.next_states - model.step(fresh.states, fresh.controls))
    inside = error < 1.6449 * model.uncertainty(fresh.states, fresh.controls)
    assert np.allclose(inside.mean(axis=0), 0.9, atol=0.03)


def test_when_a_member_is_sampled_expect_its_mean_and_its_noise(models):
    model = models["both"]
    x, u = (np.repeat(z[:1], 4000, axis=0) for z in points())
    drawn = model.sample(x, u, np.full(4000, 1), np.random.default_rng(0))
    means, deviations = model.nets.predict(x[:1], u[:1])
    a = model.mechanics.acceleration(x[:1], u[:1], DT) + means[1]
    assert np.allclose(drawn[:, 2:].mean(axis=0), x[0, 2:] + DT * a[0], atol=5e-3)
    assert np.allclose(drawn[:, 2:].std(axis=0), DT * deviations[1, 0], rtol=0.1)


def test_when_there_is_nothing_to_predict_with_expect_refusal(models):
    with pytest.raises(ModelError, match="neither rigid body nor residual"):
        LearnedModel(("a",), DT, None, None, np.ones(2))
    with pytest.raises(ShapeError, match="model scale"):
        replace(models["rigid"], scale=np.ones(3))


def test_when_data_are_of_another_step_expect_refusal(models):
    data = replace(transitions(models["rigid"], 10, 0.0), dt=0.01)
    with pytest.raises(ModelError, match=r"steps of 0\.01 s"):
        models["rigid"].calibrated(data)
