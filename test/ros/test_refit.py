"""A refit keeps a version only if it is usable and no worse on the newest motion."""

from dataclasses import replace
from shutil import copy

import numpy as np
import pytest
from moving_arm import DT, ROBOT, heavier, model_of, rollouts

from rl_control.data.store import save_transitions
from rl_control.models.fit import at_step
from rl_control.models.fit_settings import FitConfig
from rl_control.models.net_settings import NetConfig
from rl_control.models.store import load_model, save_model
from rl_control.ros.learner_config import RefitConfig
from rl_control.ros.model_shelf import DATA, version_path, versions
from rl_control.ros.prediction_monitor import step_errors
from rl_control.ros.refit import Refitter

CONFIG = RefitConfig(judged=2.0, keep_versions=2)


def refitter(folder, config=CONFIG, fit=None):
    return Refitter(ROBOT, folder, config, fit or FitConfig())


def test_when_the_arm_is_not_as_described_expect_a_version_with_its_masses(tmp_path):
    data = rollouts(6)
    save_transitions(tmp_path / DATA, data)
    done = refitter(tmp_path)(1)
    assert (done.number, done.rejection) == (1, "")
    model, about = load_model(version_path(tmp_path, 1), ROBOT)
    found, true = model.mechanics, model_of(heavier()).mechanics
    q, x, u = np.array([0.3, -0.8]), np.ones((1, 4)), np.ones((1, 2))
    assert np.allclose(found.gravity_torque(q), true.gravity_torque(q), rtol=0.02)
    assert np.allclose(found.mass_matrix(q), true.mass_matrix(q), rtol=0.05)
    assert np.array_equal(done.model.assembled(found).step(x, u), model.step(x, u))
    # One rollout judges; of the five others one is held out.
    assert about["seconds"] == pytest.approx(8.0)
    assert about["number"] == 1


def test_when_the_newest_motion_is_less_certain_expect_intervals_that_hold_for_it(tmp_path):
    data, rng = rollouts(8), np.random.default_rng(0)
    deviation = np.where(data.rollouts < 6, 0.01, 0.1)[:, None]
    noise = deviation * [0.0, 0.0, 1.0, 1.0] * rng.standard_normal((data.size, 4))
    data = replace(data, next_states=data.next_states + noise)
    save_transitions(tmp_path / DATA, data)
    assert refitter(tmp_path)(1).number == 1
    model, _ = load_model(version_path(tmp_path, 1), ROBOT)
    coverage = step_errors(model, at_step(data.where(data.rollouts == 7), DT)).coverage
    assert coverage[2:].mean() == pytest.approx(0.9, abs=0.03)
    # Of the motion before, it is less sure than it might be.
    before = step_errors(model, at_step(data.where(data.rollouts < 6), DT)).coverage
    assert before[2:].min() > 0.99


def test_when_the_arm_is_as_described_expect_no_version_and_the_reason(tmp_path):
    data = rollouts(6, robot=ROBOT)
    save_transitions(tmp_path / DATA, data)
    done = refitter(tmp_path)(1)
    assert (done.number, done.model, done.rejection) == (0, None, "not_usable")
    assert "the arm as described" in done.reason
    assert versions(tmp_path) == []


def test_when_the_version_before_foretells_the_newest_motion_better_expect_it_to_stay(tmp_path):
    # What was learned long ago misleads: the arm is now another, which version 1 knows.
    old, new = rollouts(6, robot=heavier(0.3)), rollouts(1, robot=heavier(1.0), seed=1)
    save_transitions(tmp_path / DATA, old.join(new))
    save_model(version_path(tmp_path, 1), model_of(heavier(1.0)), {})
    done = refitter(tmp_path)(1)
    assert (done.number, done.rejection) == (0, "worse_than_before")
    assert "version 1 by" in done.reason
    assert versions(tmp_path) == [1]


def test_when_the_version_before_is_worse_expect_new_ones_and_the_oldest_deleted(tmp_path):
    save_transitions(tmp_path / DATA, rollouts(6))
    for number, mass in ((1, 0.1), (2, 0.2)):
        save_model(version_path(tmp_path, number), model_of(heavier(mass)), {})
    done = refitter(tmp_path)(1)
    assert (done.number, done.rejection) == (3, "")
    assert "version 2 by" in done.reason
    assert versions(tmp_path) == [2, 3]


def test_when_it_is_asked_again_on_the_same_motion_expect_the_same_model(tmp_path):
    save_transitions(tmp_path / DATA, rollouts(6))
    first, second = (refitter(tmp_path, replace(CONFIG, worse=10.0))(5) for _ in range(2))
    assert (first.number, second.number) == (1, 2)
    assert np.array_equal(first.model.scale, second.model.scale)


@pytest.mark.parametrize("seconds", [0, 1])
def test_when_there_is_too_little_motion_expect_no_fit_and_the_reason(tmp_path, seconds):
    if seconds:
        save_transitions(tmp_path / DATA, rollouts(3, seconds=1.0))
    done = refitter(tmp_path)(1)
    assert (done.number, done.rejection) == (0, "no_fit")
    assert ("s of motion" if seconds else "no such file") in done.reason


def test_when_networks_are_fitted_expect_the_next_to_start_there_after_a_restart_too(tmp_path):
    nets = NetConfig(members=2, hidden=(8,), epochs=4)
    fit, config = FitConfig(residual="ensemble", nets=nets), replace(CONFIG, worse=10.0)
    folders = [tmp_path / name for name in ("one", "same", "fresh")]
    for folder in folders:
        folder.mkdir()
        save_transitions(folder / DATA, rollouts(6))
    refit = refitter(folders[0], config, fit)
    first = refit(1)
    copy(version_path(folders[0], 1), version_path(folders[1], 1))
    second, restarted = refit(2), refitter(folders[1], config, fit)(2)
    fresh = refitter(folders[2], config, fit)(2)
    assert [done.number for done in (first, second, restarted, fresh)] == [1, 2, 2, 1]
    weights = [done.model.residual.weights[0] for done in (second, restarted, fresh)]
    assert np.array_equal(weights[0], weights[1])
    assert not np.array_equal(weights[0], weights[2])


def test_when_time_is_up_expect_the_training_ended(tmp_path):
    save_transitions(tmp_path / DATA, rollouts(6))
    nets = NetConfig(members=1, hidden=(8,), epochs=100_000, patience=100_000)
    fit = FitConfig(residual="net", nets=nets)
    done = refitter(tmp_path, replace(CONFIG, longest=1.0), fit)(1)
    assert done.seconds < 60.0
    assert done.number == 1


def test_when_the_step_is_not_that_of_the_versions_expect_refusal(tmp_path):
    save_model(version_path(tmp_path, 1), model_of(dt=DT), {})
    with pytest.raises(Exception, match=r"steps of 0\.02 s"):
        refitter(tmp_path, fit=FitConfig(dt=0.01))
