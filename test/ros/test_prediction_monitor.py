"""Errors of one-step predictions against a second computation and known noise."""

from dataclasses import replace

import numpy as np
import pytest
from moving_arm import DT, PERIOD, ROBOT, heavier, model_of, rollouts

from rl_control.models.fit import at_step
from rl_control.ros.prediction_monitor import no_errors, step_errors, times_worse


@pytest.fixture(scope="module")
def data():
    return at_step(rollouts(2), DT)


def test_when_a_model_foretells_expect_its_errors_in_root_mean_square(data):
    model = model_of()
    found = step_errors(model, data)
    error = model.step(data.states, data.controls) - data.next_states
    assert np.allclose(found.rms, np.sqrt((error**2).mean(axis=0)))
    assert found.speed_error == pytest.approx(np.sqrt((error[:, 2:] ** 2).mean()))
    assert found.count == data.size
    assert found.seconds == pytest.approx(4.0, abs=2 * DT)


def test_when_noise_is_as_great_as_told_expect_nine_tenths_inside():
    rng = np.random.default_rng(0)
    data = rollouts(4)
    model = model_of(heavier(), PERIOD, deviation=0.3)
    noise = 0.3 * rng.standard_normal(data.next_states.shape)
    noisy = replace(data, next_states=model.step(data.states, data.controls) + noise)
    assert np.allclose(step_errors(model, noisy).coverage, 0.9, atol=0.03)


def test_when_motion_comes_in_parts_expect_the_errors_of_the_whole(data):
    model, half = model_of(), data.size // 2
    first, second = np.arange(data.size) < half, np.arange(data.size) >= half
    parts = [step_errors(model, data.where(which)) for which in (first, second)]
    whole = step_errors(model, data)
    both = parts[0] + parts[1] + no_errors(2)
    assert np.allclose(both.rms, whole.rms)
    assert np.allclose(both.coverage, whole.coverage)
    assert both.count == whole.count


def test_when_errors_of_one_joint_double_expect_the_root_of_two(data):
    found = step_errors(model_of(), data)
    greater = replace(found, squares=found.squares * [1.0, 1.0, 1.0, 4.0])
    assert times_worse(greater, found) == pytest.approx(2.0**0.5)
    assert times_worse(found, greater) == pytest.approx(2.0**-0.5)


def test_when_a_prediction_is_not_finite_expect_it_worse_than_any(data):
    good, broken = step_errors(model_of(), data), step_errors(broken_model(), data)
    assert times_worse(broken, good) == np.inf
    assert times_worse(broken, broken) == np.inf
    assert times_worse(good, broken) == 0.0
    assert (broken.coverage == 0.0).all()


def broken_model():
    mechanics = model_of().mechanics
    joints = tuple(replace(joint, damping=np.nan) for joint in ROBOT.joints)
    return replace(model_of(), mechanics=mechanics.with_robot(replace(ROBOT, joints=joints)))


def test_when_there_is_no_motion_expect_numbers_that_say_so(data):
    nothing = step_errors(model_of(), data.where(np.zeros(data.size, dtype=bool)))
    assert (nothing.count, nothing.seconds) == (0, 0.0)
    assert np.isnan(nothing.speed_error)
    assert np.isnan(nothing.coverage).all()
