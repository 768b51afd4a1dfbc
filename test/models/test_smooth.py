"""Learned models as sampling planners roll them out, against the models themselves."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rl_control.errors import ModelError
from rl_control.kernels.compute import on_arrays, on_tensors
from rl_control.models.learned import rigid_model
from rl_control.models.mechanics import Mechanics
from rl_control.models.smooth import SmoothModel
from rl_control.robot.description import load_robot

pytest.importorskip("torch").set_num_threads(1)
DT = 0.02
KINDS = ("rigid", "rigid+nets", "nets")
COMPUTES = {"arrays": on_arrays, "tensors": lambda: on_tensors("cpu", "float64")}


def rubbing(friction, damping=0.7, name="planar2"):
    """The arm with friction in every joint."""
    robot = load_robot(name)
    joints = tuple(replace(j, friction=friction, damping=damping) for j in robot.joints)
    return replace(robot, joints=joints)


@pytest.fixture
def make_model(random_nets):
    def make(kind, friction=0.0, members=3, seed=0):
        model = rigid_model(Mechanics(rubbing(friction)), DT)
        if "nets" in kind:
            nets = random_nets(turning=(True, True), members=members, seed=seed)
            model = replace(model, residual=nets, scale=np.ones(4))
        return model if "rigid" in kind else replace(model, mechanics=None)

    return make


def points(count=20, n=2, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(count, 2 * n)), 5.0 * rng.normal(size=(count, n))


@pytest.mark.parametrize("compute", COMPUTES.values(), ids=COMPUTES)
@pytest.mark.parametrize("kind", KINDS)
def test_when_stepped_expect_the_model_without_dry_friction(make_model, kind, compute):
    compute, (x, u) = compute(), points()
    smooth = SmoothModel(load_robot("planar2"), make_model(kind, friction=3.0), compute)
    found = np.asarray(smooth.step(compute.place(x), compute.place(u)))
    np.testing.assert_allclose(found, make_model(kind).step(x, u), rtol=1e-9, atol=1e-9)


def test_when_a_seven_joint_arm_is_on_tensors_expect_the_steps_on_arrays():
    model = rigid_model(Mechanics(rubbing(0.0, name="iiwa7")), DT)
    x, u = points(n=7)
    for precision, close in (("float64", 1e-9), ("float32", 2e-3)):
        compute = on_tensors("cpu", precision)
        smooth = SmoothModel(load_robot("iiwa7"), model, compute)
        found = smooth.step(compute.place(x), compute.place(u)).numpy()
        np.testing.assert_allclose(found, model.step(x, u), rtol=close, atol=close)


@pytest.mark.parametrize("compute", COMPUTES.values(), ids=COMPUTES)
@pytest.mark.parametrize("kind", KINDS)
def test_when_sampled_expect_the_draws_of_the_model(make_model, kind, compute):
    compute, (x, u), model = compute(), points(), make_model(kind)
    smooth = SmoothModel(load_robot("planar2"), model, compute)
    assert smooth.members == (3 if "nets" in kind else 1)
    member = np.random.default_rng(1).integers(smooth.members, size=len(x))
    expected = model.sample(x, u, member, np.random.default_rng(2))
    placed = (compute.place(x), compute.place(u))
    if compute.tensors:
        member = compute.place(member).long()
    found = smooth.sample(*placed, member, np.random.default_rng(2))
    np.testing.assert_allclose(np.asarray(found), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("compute", COMPUTES.values(), ids=COMPUTES)
def test_when_another_model_is_loaded_expect_its_steps(make_model, compute):
    compute, (x, u) = compute(), points()
    smooth = SmoothModel(load_robot("planar2"), make_model("rigid"), compute)
    other = make_model("rigid+nets", members=2, seed=5)
    smooth.load(other)
    found = np.asarray(smooth.step(compute.place(x), compute.place(u)))
    np.testing.assert_allclose(found, other.step(x, u), rtol=1e-9, atol=1e-9)
    assert smooth.members == 2


class Unknown:
    """A residual that is no ensemble."""


def test_when_a_model_cannot_be_rolled_out_expect_a_refusal_and_the_old_one_kept(make_model):
    smooth = SmoothModel(load_robot("planar2"), make_model("rigid"), on_arrays())
    good = make_model("rigid")
    for bad, found in (
        (replace(good, dt=0.01), "steps of 0.01 s"),
        (replace(good, names=("a", "b")), "joints a, b"),
        (replace(good, residual=Unknown()), "rigid \\+ Unknown"),
    ):
        with pytest.raises(ModelError, match=found):
            smooth.load(bad)
    x, u = points()
    np.testing.assert_allclose(smooth.step(x, u), good.step(x, u), rtol=1e-9, atol=1e-9)
