"""Parameters from motion: found exactly, always possible, the prior where motion shows nothing."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rl_control.data.transitions import TransitionDataset
from rl_control.errors import DataError
from rl_control.models.guess import guessed_robot
from rl_control.models.identification import (
    _Search,
    identify,
    parameters_of,
    pseudo_inertia,
)
from rl_control.models.identification_settings import IdentificationConfig
from rl_control.models.mechanics import Mechanics
from rl_control.robot.description import load_robot, robot_names
from rl_control.robot.model import Inertia
from rl_control.robot.parameters import full_parameters

DT = 0.01


def loaded(name, damping=0.6, friction=0.8):
    """The arm with friction and 2 kg at its tip."""
    robot = load_robot(name)
    ball = Inertia(2.0, robot.tip_placement.translation, 0.004 * np.eye(3))
    joints = [replace(joint, damping=damping, friction=friction) for joint in robot.joints]
    joints[-1] = replace(joints[-1], inertia=joints[-1].inertia + ball)
    return replace(robot, joints=tuple(joints))


def motion(robot, count=600, seed=0, noise=0.0, spread=1.0):
    """Random states, accelerations and the efforts that give them, each over one step."""
    rng = np.random.default_rng(seed)
    n = robot.n
    middle = rng.uniform(-1.0, 1.0, size=(count, 2 * n)) * spread
    a = 4.0 * spread * rng.uniform(-1.0, 1.0, size=(count, n))
    change = np.hstack([middle[:, n:] * DT, a * DT])
    mechanics = Mechanics(robot)
    # Over a step that starts half of it earlier, friction acts at the middle's speed.
    efforts = mechanics.efforts(middle, a, 0.0) + noise * rng.normal(size=(count, n))
    return TransitionDataset(
        robot.names, DT, middle - change / 2, efforts, middle + change / 2,
        DT * np.arange(count), np.zeros(count, dtype=np.int64), ("test",),
    )  # fmt: skip


@pytest.mark.parametrize("name", robot_names())
@pytest.mark.parametrize("known", [True, False])
def test_when_efforts_are_exact_expect_the_true_arm(name, known):
    truth = loaded(name)
    nominal = load_robot(name)
    prior = nominal if known else guessed_robot(nominal)
    found = identify(Mechanics(prior), motion(truth), IdentificationConfig(prior=0.1)).robot
    x, a = np.random.default_rng(1).normal(size=(2, 20, 2 * truth.n))
    a = a[:, : truth.n]
    wanted = Mechanics(truth).efforts(x, a, 0.0)
    got = Mechanics(found).efforts(x, a, 0.0)
    wrong = Mechanics(prior).efforts(x, a, 0.0)
    assert np.abs(got - wanted).max() < 0.01 * np.abs(wrong - wanted).max()
    assert np.allclose([j.damping for j in found.joints], 0.6, atol=0.02)
    assert np.allclose([j.friction for j in found.joints], 0.8, atol=0.02)


def test_when_efforts_are_noisy_expect_the_reported_deviation_and_a_better_arm():
    truth, nominal = loaded("arm7"), load_robot("arm7")
    found = identify(Mechanics(nominal), motion(truth, 2000, noise=0.3))
    assert np.allclose(found.deviation, 0.3, rtol=0.15)
    q = np.full(7, 0.3)
    errors = [
        np.abs(Mechanics(r).gravity_torque(q) - Mechanics(truth).gravity_torque(q)).max()
        for r in (found.robot, nominal)
    ]
    assert errors[0] < 0.1 * errors[1]


def test_when_some_efforts_are_absurd_expect_them_to_count_little():
    truth, nominal = loaded("planar2"), load_robot("planar2")
    data = motion(truth)
    efforts = data.controls.copy()
    efforts[::20] += 100.0
    found = identify(Mechanics(nominal), replace(data, controls=efforts)).robot
    q = np.array([0.3, 0.5])
    wanted = Mechanics(truth).gravity_torque(q)
    assert np.allclose(Mechanics(found).gravity_torque(q), wanted, rtol=0.03, atol=0.03)


@given(st.integers(0, 1000))
@settings(max_examples=15)
def test_when_data_are_nonsense_expect_a_possible_arm_all_the_same(seed):
    nominal = load_robot("planar2")
    rng = np.random.default_rng(seed)
    data = motion(nominal, 200, seed)
    data = replace(data, controls=50.0 * rng.normal(size=data.controls.shape))
    found = identify(Mechanics(nominal), data).robot
    eigenvalues = np.linalg.eigvalsh(pseudo_inertia(full_parameters(found)))
    assert (eigenvalues > 0.0).all()
    assert all(joint.damping >= 0.0 and joint.friction >= 0.0 for joint in found.joints)


def test_when_motion_is_small_and_short_expect_little_beyond_it_changed():
    nominal = load_robot("iiwa7")
    data = motion(nominal, 60, spread=0.2, noise=1.0)
    found = identify(Mechanics(nominal), data, IdentificationConfig(prior=100.0)).robot
    before, after = full_parameters(nominal), full_parameters(found)
    assert np.allclose(after, before, rtol=0.2, atol=0.02)


def test_when_a_joint_stands_still_expect_it_named():
    nominal = load_robot("iiwa7")
    data = motion(nominal)
    states, following = data.states.copy(), data.next_states.copy()
    states[:, [2, 9]] = following[:, [2, 9]] = 0.0
    with pytest.raises(DataError, match="joint_3' moves in 0 transitions"):
        identify(Mechanics(nominal), replace(data, states=states, next_states=following))


def test_when_the_search_moves_expect_its_slopes_to_be_finite_differences():
    search = _Search(loaded("planar2"), 3.0)
    z = search.start()
    z[:20] *= 1.2
    z[[0, 10]] *= 1.1
    z[20:] *= 1.5
    gradient, curvature = search._expand(z)
    steps = 1e-6 * np.diag(np.abs(z) + 1e-3)
    for i, step in enumerate(steps):
        ahead, behind = search._distance(z + step), search._distance(z - step)
        assert (ahead - behind) / (2 * step[i]) == pytest.approx(gradient[i], rel=1e-4, abs=1e-4)
        turned = (search._expand(z + step)[0] - search._expand(z - step)[0]) / (2 * step[i])
        scale = np.abs(curvature[i]).max()
        assert np.allclose(turned, curvature[i], rtol=1e-4, atol=1e-6 * scale)


def test_when_a_pseudo_inertia_is_made_expect_the_same_parameters_back():
    full = full_parameters(load_robot("panda"))
    assert np.allclose(parameters_of(pseudo_inertia(full)), full)
    assert (np.linalg.eigvalsh(pseudo_inertia(full)) > 0.0).all()
