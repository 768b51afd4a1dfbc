"""A model that travelled foretells the same."""

import pickle
from dataclasses import replace

import numpy as np
import pytest
from moving_arm import ROBOT, heavier, model_of

from rl_control.errors import ModelError
from rl_control.ros.portable_model import PortableModel


@pytest.mark.parametrize("kind", ["rigid", "rigid and nets", "nets"])
def test_when_a_model_travels_expect_the_same_predictions(kind, random_nets):
    model = model_of(heavier())
    if "nets" in kind:
        model = replace(model, residual=random_nets(turning=(True, True)))
    if kind == "nets":
        model = replace(model, mechanics=None)
    packed = pickle.dumps(PortableModel.of(model))
    found = pickle.loads(packed).assembled(model_of(ROBOT).mechanics)
    rng = np.random.default_rng(0)
    x, u = rng.normal(size=(20, 4)), rng.normal(size=(20, 2))
    assert np.array_equal(found.step(x, u), model.step(x, u))
    assert np.array_equal(found.uncertainty(x, u), model.uncertainty(x, u))
    assert found.kind == model.kind


def test_when_nothing_was_compiled_for_its_rigid_body_expect_refusal():
    with pytest.raises(ModelError, match="the present one has none"):
        PortableModel.of(model_of()).assembled(None)
