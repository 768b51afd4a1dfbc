"""Fits of ensembles on arms whose accelerations are known."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from rl_control.config import validate
from rl_control.errors import ConfigError, ModelError, NonFiniteError, ShapeError
from rl_control.models.features import Features
from rl_control.models.net_fit import fit_nets, worth
from rl_control.models.net_settings import NetConfig
from rl_control.models.nets import NetEnsemble

PENDULUM = Features((True,))
SMALL = NetConfig(members=3, hidden=(16, 16), batch=64, epochs=8)


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def pendulum(size, seed=0, noise=0.0, rollouts=10):
    """Friction, and a load the model does not know of, at random states of `rollouts` runs."""
    rng = np.random.default_rng(seed)
    q, v, u = rng.uniform([[-3.0], [-4.0], [-5.0]], [[3.0], [4.0], [5.0]], (3, size))
    a = -4.0 * np.sin(q) - 0.5 * np.tanh(2.0 * v) - 0.3 * u * np.cos(q)
    a += noise * rng.standard_normal(size)
    groups = np.arange(size) * rollouts // size
    return np.stack([q, v], axis=1), u[:, None], a[:, None], groups


def normalised_error(fit, x, u, targets):
    """Root mean square of each member's error on what was held out, [K], for one joint."""
    scale = targets[~fit.held_out].std()
    out = fit.held_out
    errors = (fit.nets.members_mean(x[out], u[out]) - targets[out]) / scale
    return np.sqrt((errors**2).mean(axis=(1, 2)))


def test_when_a_pendulum_has_an_unknown_load_expect_it_learned():
    x, u, a, groups = pendulum(3000)
    fit = fit_nets(PENDULUM, x, u, a, groups, NetConfig(hidden=(32, 32)))
    new_x, new_u, new_a, _ = pendulum(500, seed=1)
    error = fit.nets.mean(new_x, new_u) - new_a
    assert np.sqrt((error**2).mean()) < 0.02 * new_a.std()
    assert [report.epoch for report in fit.history] == list(range(1, len(fit.history) + 1))


def test_when_fitted_twice_expect_equal_bits_and_another_seed_to_differ():
    data = pendulum(400, noise=0.1)
    first, second = (fit_nets(PENDULUM, *data, SMALL) for _ in range(2))
    assert first.history == second.history
    for name, array in first.nets.arrays().items():
        np.testing.assert_array_equal(array, second.nets.arrays()[name])
    other = fit_nets(PENDULUM, *data, replace(SMALL, seed=1))
    assert not np.array_equal(other.nets.weights[0], first.nets.weights[0])


def test_when_validation_worsens_later_expect_each_member_to_keep_its_own_best():
    x, u, a, groups = pendulum(200, noise=2.0)
    config = replace(SMALL, hidden=(64, 64), learning_rate=0.01, epochs=100, patience=100)
    fit = fit_nets(PENDULUM, x, u, a, groups, config)
    errors = np.array([report.validation_error for report in fit.history])
    assert (errors[-1] > 1.1 * errors.min(axis=0)).all()
    assert len(set(errors.argmin(axis=0))) == config.members
    kept = normalised_error(fit, x, u, a)
    np.testing.assert_allclose(kept, errors.min(axis=0), rtol=1e-4)
    np.testing.assert_allclose(fit.history[-1].best_error, errors.min(axis=0))


def test_when_a_member_stops_improving_expect_it_to_rest_while_others_go_on():
    config = replace(SMALL, epochs=200, patience=3, learning_rate=0.003)
    fit = fit_nets(PENDULUM, *pendulum(300, noise=0.5), config)
    assert fit.status == "converged"
    active = np.array([report.active for report in fit.history])
    ends = active.sum(axis=0)
    assert len(set(ends)) > 1
    assert not active[-1].any()
    assert (np.diff(active.astype(int), axis=0) <= 0).all()
    first = int(ends.argmin())
    after = [report.validation_error[first] for report in fit.history[ends[first] :]]
    assert len(after) > 1
    assert len(set(after)) == 1
    marks = np.minimum.accumulate(
        [r.validation_error[first] for r in fit.history[: ends[first] + 1]]
    )
    assert marks[-1] > marks[-1 - config.patience] * (1.0 - config.improvement)


def test_when_members_are_alike_at_first_expect_their_own_samples_to_part_them():
    data = pendulum(200)
    nets = fit_nets(PENDULUM, *data, SMALL).nets
    alike = NetEnsemble.from_arrays(
        {
            name: np.repeat(array[:1], len(array), axis=0) if array.ndim > 1 else array
            for name, array in nets.arrays().items()
        }
    )
    assert alike.deviations(*data[:2])[0].max() < 1e-12
    whole = replace(SMALL, batch=1000, epochs=40)  # the order of samples then plays no part
    parted = fit_nets(PENDULUM, *data, whole, start=alike).nets
    assert parted.deviations(*data[:2])[0].mean() > 1e-3


def test_when_started_from_an_ensemble_expect_its_function_in_new_normalisers():
    before = fit_nets(PENDULUM, *pendulum(400), SMALL).nets
    x, u, a, groups = pendulum(300, seed=5)
    x, a = 0.5 * x + 1.0, 3.0 * a - 7.0
    fit = fit_nets(PENDULUM, x, u, a, groups, SMALL, start=before, stop=lambda: True)
    assert fit.status == "stopped"
    assert not fit.history
    assert not np.allclose(fit.nets.input_mean, before.input_mean)
    np.testing.assert_allclose(fit.nets.output_scale, a[~fit.held_out].std(axis=0))
    (means, deviations), (wanted, wide) = (nets.predict(x, u) for nets in (fit.nets, before))
    np.testing.assert_allclose(means, wanted, atol=1e-4)
    np.testing.assert_allclose(deviations / fit.nets.spread, wide / before.spread, rtol=1e-4)


def test_when_started_from_an_ensemble_expect_it_never_to_be_worse_on_what_is_held_out():
    data = pendulum(400)
    before = fit_nets(PENDULUM, *data, replace(SMALL, epochs=30))
    wild = replace(SMALL, learning_rate=0.5, epochs=3)
    after = fit_nets(PENDULUM, *data, wild, start=before.nets)
    assert min(after.history[0].validation_error) > max(before.history[-1].best_error)
    np.testing.assert_allclose(
        normalised_error(after, *data[:3]), before.history[-1].best_error, rtol=1e-3
    )


def test_when_noise_depends_on_the_state_expect_intervals_that_cover():
    def noisy(size, seed):
        rng = np.random.default_rng(seed)
        x, u, a, groups = pendulum(size, seed)
        deviation = 0.1 + 0.9 / (1.0 + np.exp(-3.0 * x[:, 1:]))
        return x, u, a + deviation * rng.standard_normal(a.shape), groups, deviation

    *data, _ = noisy(3000, 0)
    nets = fit_nets(PENDULUM, *data, NetConfig(hidden=(32, 32), epochs=60)).nets
    x, u, a, _, deviation = noisy(3000, 1)
    aleatoric = nets.deviations(x, u)[1]
    error = np.abs(a - nets.mean(x, u)) / nets.std(x, u)
    assert 0.85 < (error < 1.645).mean() < 0.95
    quiet, loud = x[:, 1] < -2.0, x[:, 1] > 2.0
    for part in (quiet, loud):
        assert 0.8 < (error[part] < 1.645).mean() < 0.98
        assert 0.7 < np.median(aleatoric[part] / deviation[part]) < 1.4


def test_when_not_probabilistic_expect_one_variance_for_all_of_the_noise():
    x, u, a, groups = pendulum(2000, noise=0.5)
    start = fit_nets(PENDULUM, x, u, a, groups, SMALL).nets
    config = replace(SMALL, probabilistic=False, epochs=40)
    nets = fit_nets(PENDULUM, x, u, a, groups, config, start=start).nets
    deviation = nets.predict(x, u)[1]
    np.testing.assert_allclose(np.ptp(deviation, axis=1), 0.0, atol=1e-12)
    assert nets.deviations(x, u)[1].mean() == pytest.approx(0.5, rel=0.15)


def test_when_far_from_the_data_expect_the_members_to_disagree():
    x, u, a, groups = pendulum(1000)
    near = np.abs(x[:, 0]) < 1.0
    config = replace(SMALL, epochs=40)
    nets = fit_nets(PENDULUM, x[near], u[near], a[near], groups[near], config).nets
    inside = nets.deviations(x[near], u[near])[0].mean()
    far = np.abs(x[:, 0]) > 2.0
    assert nets.deviations(x[far], u[far])[0].mean() > 4.0 * inside
    assert nets.deviations(x[near] * [1.0, 4.0], u[near])[0].mean() > 2.0 * inside


def test_when_an_outlier_is_held_out_expect_the_intervals_not_to_be_blown_up():
    x, u, a, groups = pendulum(1000, noise=0.3)
    config = replace(SMALL, epochs=60)
    clean = fit_nets(PENDULUM, x, u, a, groups, config)
    assert clean.nets.spread == pytest.approx(1.0, rel=0.3)
    a[np.flatnonzero(clean.held_out)[0]] += 100.0
    spoilt = fit_nets(PENDULUM, x, u, a, groups, config, start=clean.nets, stop=lambda: True)
    assert spoilt.nets.spread == pytest.approx(clean.nets.spread, rel=0.1)


def test_when_variances_are_far_too_small_expect_spread_to_make_up_for_it_within_bounds():
    data = pendulum(1000, noise=0.3)
    nets = fit_nets(PENDULUM, *data, replace(SMALL, epochs=60)).nets
    members = np.ones((SMALL.members, 1))
    for share, wanted in ((1.0, 1.0), (0.5, 2.0), (0.01, 5.0)):
        log_variance = 2.0 * np.log(share * 0.3 / nets.output_scale) * members
        narrow = replace(
            nets,
            biases=(*nets.biases[:-1], nets.biases[-1] + np.array([0.0, 100.0])),
            least_log_variance=log_variance - 20.0,
            greatest_log_variance=log_variance,
        )
        fit = fit_nets(PENDULUM, *data, SMALL, start=narrow, stop=lambda: True)
        assert fit.nets.spread == pytest.approx(wanted, rel=0.2)


@pytest.mark.parametrize("count", [2, 3, 10, 40])
def test_when_there_are_rollouts_expect_whole_ones_held_out(count):
    data = pendulum(5 * count, rollouts=count)
    held_out = fit_nets(PENDULUM, *data, replace(SMALL, epochs=1)).held_out.reshape(count, 5)
    assert (held_out.all(axis=1) == held_out.any(axis=1)).all()
    share = round(SMALL.validation * count)
    assert max(share - 1, 1) <= held_out[:, 0].sum() <= max(share + 1, 1)


def test_when_rollouts_are_added_expect_none_to_change_sides():
    config = replace(SMALL, epochs=1)
    first = fit_nets(PENDULUM, *pendulum(100, rollouts=20), config).held_out
    more = fit_nets(PENDULUM, *pendulum(200, rollouts=40), config).held_out
    np.testing.assert_array_equal(more[:100], first)


def test_when_there_is_one_rollout_expect_its_last_part_held_out():
    held_out = fit_nets(PENDULUM, *pendulum(100, rollouts=1), replace(SMALL, epochs=1)).held_out
    np.testing.assert_array_equal(np.flatnonzero(held_out), np.arange(85, 100))


@pytest.mark.parametrize("count", [1, 2, 3, 40])
def test_when_parts_are_held_out_expect_one_part_of_each_rollout(count):
    config = replace(SMALL, epochs=1)
    data = pendulum(100 * count, rollouts=count)
    held_out = fit_nets(PENDULUM, *data, config, by_parts=True).held_out.reshape(count, 100)
    assert (held_out.sum(axis=1) == round(100 * SMALL.validation)).all()
    assert (np.abs(np.diff(held_out.astype(int), axis=1)).sum(axis=1) <= 2).all()
    if count == 40:  # at every place in some rollout
        assert held_out.any(axis=0).mean() > 0.9


def test_when_rollouts_are_added_expect_no_part_to_change_sides():
    config = replace(SMALL, epochs=1)
    first = fit_nets(PENDULUM, *pendulum(100, rollouts=20), config, by_parts=True).held_out
    more = fit_nets(PENDULUM, *pendulum(200, rollouts=40), config, by_parts=True).held_out
    np.testing.assert_array_equal(more[:100], first)


def test_when_rollouts_are_single_samples_expect_whole_ones_held_out():
    data = pendulum(10, rollouts=10)
    parts = fit_nets(PENDULUM, *data, replace(SMALL, epochs=1), by_parts=True).held_out
    whole = fit_nets(PENDULUM, *data, replace(SMALL, epochs=1)).held_out
    np.testing.assert_array_equal(parts, whole)


def test_when_each_rollout_shows_something_else_expect_parts_to_teach_more_than_wholes():
    x, u, _, _ = pendulum(1200)
    x = x[np.argsort(x[:, 0], kind="stable")]  # each of four rollouts in a quarter of the range
    a, groups = 10.0 * np.sin(3.0 * x[:, :1]) + u, np.repeat(np.arange(4), 300)
    fits = [
        fit_nets(PENDULUM, x, u, a, groups, replace(SMALL, epochs=60), by_parts=by_parts)
        for by_parts in (False, True)
    ]
    out = fits[0].held_out  # a whole quarter
    wholes, parts = (np.abs(fit.nets.mean(x[out], u[out]) - a[out]).mean() for fit in fits)
    assert parts < 0.5 * wholes


def test_when_told_to_stop_expect_the_best_so_far_and_every_report_passed_on():
    seen = []
    fit = fit_nets(
        PENDULUM, *pendulum(200), SMALL, on_epoch=seen.append, stop=lambda: len(seen) == 3
    )
    assert fit.status == "stopped"
    assert tuple(seen) == fit.history
    assert len(seen) == 3


def test_when_a_joint_never_moves_expect_a_finite_fit():
    x, u, a, groups = pendulum(200)
    still = np.zeros_like(u)
    x = np.hstack([x[:, :1], still, x[:, 1:], still])
    fit = fit_nets(
        Features((True, False)), x, np.hstack([u, still]), np.hstack([a, still]), groups, SMALL
    )
    mean, deviation = fit.nets.predict(x, np.hstack([u, still]))
    assert np.isfinite(deviation).all()
    assert np.abs(mean[..., 1]).max() < 1e-5
    moved = fit.nets.mean(x + np.array([0.0, 0.5, 0.0, 0.5]), np.hstack([u, still]))
    assert np.abs(moved[:, 0]).max() < 1e3


@pytest.mark.parametrize(("which", "name"), [(0, "states"), (1, "efforts"), (2, "accelerations")])
def test_when_a_sample_is_not_finite_expect_refusal_with_its_place(which, name):
    data = pendulum(50)
    data[which][17, 0] = np.nan
    with pytest.raises(NonFiniteError, match=f"{name}.*sample 17"):
        fit_nets(PENDULUM, *data, SMALL)
    with pytest.raises(ShapeError, match=name):
        fit_nets(
            PENDULUM, *(part[:-1] if i == which else part for i, part in enumerate(data)), SMALL
        )


def test_when_there_is_one_sample_expect_refusal():
    with pytest.raises(ModelError, match="1 samples are too few"):
        fit_nets(PENDULUM, *(part[:1] for part in pendulum(10)), SMALL)


def test_when_a_start_has_another_shape_expect_refusal():
    data = pendulum(50)
    start = fit_nets(PENDULUM, *data, replace(SMALL, epochs=1)).nets
    with pytest.raises(ModelError, match=r"3 networks .*\(16, 16\).* cannot become 3 with \(8,\)"):
        fit_nets(PENDULUM, *data, replace(SMALL, hidden=(8,)), start=start)


def test_when_a_loss_is_not_finite_expect_refusal():
    with pytest.raises(ModelError, match=r"loss became .*Lower learning_rate"):
        fit_nets(PENDULUM, *pendulum(200), replace(SMALL, learning_rate=1e30))


def test_when_there_is_no_gpu_expect_cuda_refused_and_auto_to_go_on(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(ConfigError, match="device: no CUDA GPU"):
        fit_nets(PENDULUM, *pendulum(50), replace(SMALL, device="cuda"))
    fit_nets(PENDULUM, *pendulum(50), replace(SMALL, device="auto", epochs=1))


def test_when_made_by_default_expect_settings_within_their_ranges():
    validate(NetConfig())
    with pytest.raises(ConfigError, match="members"):
        validate(NetConfig(members=0))


def test_when_there_is_only_noise_to_learn_expect_means_near_zero():
    rng = np.random.default_rng(0)
    x, u = rng.normal(size=(600, 2)), rng.normal(size=(600, 1))
    targets = 5.0 * rng.normal(size=(600, 1))
    groups = np.repeat(np.arange(12), 50)
    config = NetConfig(members=2, hidden=(16,), epochs=40)
    found = fit_nets(Features((True,)), x, u, targets, groups, config)
    aside = found.held_out
    share = worth(found.nets, x[aside], u[aside], targets[aside])
    fresh = rng.normal(size=(500, 2)), rng.normal(size=(500, 1))
    assert np.abs(found.nets.shrunk(share).mean(*fresh)).mean() < 1.0
    # What is all signal is kept.
    means = found.nets.mean(*fresh)
    assert worth(found.nets, *fresh, means) == pytest.approx(1.0)
    assert worth(found.nets, *fresh, 0.5 * means) == pytest.approx(0.5)
    assert worth(found.nets, *fresh, -means) == 0.0
