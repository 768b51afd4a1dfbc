"""Ensembles of networks against torch, finite differences and closed forms."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from rl_control.errors import ModelError, ShapeError
from rl_control.models.features import Features
from rl_control.models.nets import NetEnsemble, bounded

TURNING = (True, False, True)
N = len(TURNING)


def ensemble(hidden=(9, 7), members=4, seed=0):
    """Random networks with normalisers and bounds of all sizes."""
    rng, features = np.random.default_rng(seed), Features(TURNING)
    sizes = (features.size, *hidden, 2 * N)
    return NetEnsemble(
        features=features,
        weights=tuple(
            rng.normal(size=(members, out, into)) / np.sqrt(into) for into, out in pairwise(sizes)
        ),
        biases=tuple(rng.normal(size=(members, out)) for out in sizes[1:]),
        input_mean=rng.normal(size=features.size),
        input_scale=rng.uniform(0.2, 3.0, features.size),
        output_mean=rng.normal(size=N),
        output_scale=rng.uniform(0.2, 3.0, N),
        least_log_variance=rng.uniform(-3.0, -2.0, (members, N)),
        greatest_log_variance=rng.uniform(-0.5, 0.5, (members, N)),
        spread=rng.uniform(0.5, 2.0, N),
    )


def points(size=6, seed=1):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(size, 2 * N)), rng.normal(size=(size, N))


def member_in_torch(nets, k, z):
    """Mean and variance of member k at z = (q, v, u), [3n], by torch's own functions."""
    turning = torch.tensor(TURNING)
    q, v, u = z[:N], z[N : 2 * N], z[2 * N :]
    seen = torch.cat([torch.sin(q[turning]), torch.cos(q[turning]), q[~turning], v, u])
    h = (seen - torch.tensor(nets.input_mean)) / torch.tensor(nets.input_scale)
    for layer, (weight, bias) in enumerate(zip(nets.weights, nets.biases, strict=True)):
        h = torch.nn.functional.linear(h, torch.tensor(weight[k]), torch.tensor(bias[k]))
        if layer < len(nets.weights) - 1:
            h = torch.nn.functional.silu(h)
    least = torch.tensor(nets.least_log_variance[k])
    greatest = torch.tensor(nets.greatest_log_variance[k])
    softplus = torch.nn.functional.softplus
    below = greatest - softplus(greatest - h[N:])
    variance = torch.exp(least + softplus(below - least))
    scale = torch.tensor(nets.output_scale)
    spread = torch.tensor(nets.spread)
    return h[:N] * scale + torch.tensor(nets.output_mean), variance * (scale * spread) ** 2


@pytest.mark.parametrize("hidden", [(9, 7), (5,), (6, 5, 4), ()])
def test_when_predicting_expect_torch_to_give_the_same(hidden):
    nets = ensemble(hidden)
    x, u = points()
    means, deviations = nets.predict(x, u)
    z = torch.tensor(np.hstack([x, u]))
    for k in range(nets.members):
        mean, variance = torch.vmap(lambda one, k=k: member_in_torch(nets, k, one))(z)
        np.testing.assert_allclose(means[k], mean.numpy(), rtol=1e-9, atol=1e-9)
        np.testing.assert_allclose(deviations[k] ** 2, variance.numpy(), rtol=1e-9)
    np.testing.assert_array_equal(nets.members_mean(x, u), means)
    np.testing.assert_array_equal(nets.mean(x, u), means.mean(axis=0))


@pytest.mark.parametrize("hidden", [(9, 7), (5,), (6, 5, 4), ()])
def test_when_linearizing_expect_the_slopes_of_automatic_differentiation(hidden):
    nets = ensemble(hidden)
    x, u = points()
    means, slopes = nets.linearize_members(x, u)
    np.testing.assert_array_equal(means, nets.members_mean(x, u))
    z = torch.tensor(np.hstack([x, u]))
    for k in range(nets.members):
        slope = torch.func.jacrev(lambda one, k=k: member_in_torch(nets, k, one)[0])
        wanted = torch.vmap(slope)(z).numpy()
        np.testing.assert_allclose(slopes[k], wanted, rtol=1e-9, atol=1e-9)


def test_when_linearizing_expect_finite_differences():
    nets = ensemble()
    x, u = points()
    slopes, step = nets.linearize_members(x, u)[1], 1e-5
    z = np.hstack([x, u])
    for j in range(3 * N):
        above, below = z.copy(), z.copy()
        above[:, j] += step
        below[:, j] -= step
        change = nets.members_mean(above[:, : 2 * N], above[:, 2 * N :]) - nets.members_mean(
            below[:, : 2 * N], below[:, 2 * N :]
        )
        np.testing.assert_allclose(slopes[..., j], change / (2.0 * step), atol=1e-6)


def test_when_linearizing_the_mean_expect_the_mean_of_the_members():
    nets = ensemble()
    x, u = points()
    for found, of_members in zip(nets.linearize(x, u), nets.linearize_members(x, u), strict=True):
        np.testing.assert_allclose(found, of_members.mean(axis=0), rtol=1e-12, atol=1e-12)


def test_when_members_disagree_expect_both_deviations_by_their_definitions():
    nets = ensemble()
    x, u = points()
    means, deviations = nets.predict(x, u)
    epistemic, aleatoric = nets.deviations(x, u)
    centre = means.sum(axis=0) / nets.members
    scatter = ((means - centre) ** 2).sum(axis=0) / nets.members
    np.testing.assert_allclose(epistemic, np.sqrt(scatter) * nets.spread, rtol=1e-12)
    np.testing.assert_allclose(
        aleatoric**2, sum(deviations[k] ** 2 for k in range(nets.members)) / nets.members
    )
    np.testing.assert_allclose(nets.std(x, u) ** 2, epistemic**2 + aleatoric**2)


def test_when_sampling_expect_the_moments_of_the_named_member():
    nets = ensemble()
    x, u = points(3)
    draws = 20_000
    member = np.array([2, 0, 3])
    drawn = nets.sample(
        np.repeat(x, draws, axis=0),
        np.repeat(u, draws, axis=0),
        np.repeat(member, draws),
        np.random.default_rng(0),
    ).reshape(3, draws, N)
    means, deviations = nets.predict(x, u)
    for i, k in enumerate(member):
        error = np.abs(drawn[i].mean(axis=0) - means[k, i]) / deviations[k, i]
        assert (error < 5.0 / np.sqrt(draws)).all()
        np.testing.assert_allclose(drawn[i].std(axis=0), deviations[k, i], rtol=0.03)


@given(value=st.floats(-50.0, 50.0), least=st.floats(-10.0, -2.0), greatest=st.floats(-1.0, 3.0))
def test_when_a_log_variance_is_bounded_expect_the_formula_and_the_bounds(value, least, greatest):
    def softplus(a):
        return a + np.log1p(np.exp(-a)) if a > 0.0 else np.log1p(np.exp(a))

    found = float(bounded(np.array(value), np.array(least), np.array(greatest)))
    below = greatest - softplus(greatest - value)
    assert found == pytest.approx(least + softplus(below - least), abs=1e-12)
    assert least <= found <= least + softplus(greatest - least)


def test_when_a_log_variance_is_far_from_its_bounds_expect_it_unchanged():
    assert float(bounded(np.array(-5.0), np.array(-40.0), np.array(30.0))) == pytest.approx(-5.0)


@pytest.mark.parametrize("hidden", [(9, 7), ()])
def test_when_normalisers_change_expect_the_same_function(hidden):
    nets, rng = ensemble(hidden), np.random.default_rng(3)
    size = nets.features.size
    other = nets.renormalized(
        rng.normal(size=size), rng.uniform(0.1, 4, size), rng.normal(size=N), rng.uniform(0.1, 4, N)
    )
    assert not np.allclose(other.weights[0], nets.weights[0])
    x, u = points()
    for found, wanted in zip(other.predict(x, u), nets.predict(x, u), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-10)


def test_when_saved_as_arrays_expect_the_same_ensemble():
    nets = ensemble()
    arrays = nets.arrays()
    again = NetEnsemble.from_arrays(arrays)
    assert (again.features, again.hidden, again.members) == (nets.features, (9, 7), 4)
    assert arrays.keys() == again.arrays().keys()
    for name, array in again.arrays().items():
        np.testing.assert_array_equal(array, arrays[name])
        assert array.dtype == np.float64


@pytest.mark.parametrize("name", ["turning", "weights.0", "weights.2", "biases.1", "spread"])
def test_when_an_array_is_missing_or_not_finite_expect_its_name(name):
    arrays = ensemble().arrays()
    spoilt = {**arrays, name: arrays[name] * np.nan}
    with pytest.raises(ModelError, match=rf"^arm\.model: '{name}' is not finite"):
        NetEnsemble.from_arrays(spoilt, "arm.model")
    del arrays[name]
    with pytest.raises(ModelError, match=f"'{name}' is missing"):
        NetEnsemble.from_arrays(arrays, "arm.model")


@pytest.mark.parametrize("name", ["weights.1", "biases.2", "input_scale", "least_log_variance"])
def test_when_a_shape_does_not_fit_expect_refusal(name):
    arrays = ensemble().arrays()
    arrays[name] = arrays[name][..., :-1]
    with pytest.raises(ShapeError, match="nets"):
        NetEnsemble.from_arrays(arrays)


def test_when_there_are_no_arrays_expect_refusal():
    with pytest.raises(ModelError, match="'turning' is missing"):
        NetEnsemble.from_arrays({})


def test_when_shrunk_expect_means_and_slopes_by_that_share_and_the_variance_kept(random_nets):
    nets = random_nets()
    rng = np.random.default_rng(1)
    x, u = rng.normal(size=(6, 6)), rng.normal(size=(6, 3))
    share = np.array([0.0, 0.5, 1.0])
    less = nets.shrunk(share)
    assert np.allclose(less.members_mean(x, u), share * nets.members_mean(x, u))
    assert np.allclose(less.linearize(x, u)[1], share[:, None] * nets.linearize(x, u)[1])
    assert np.allclose(less.deviations(x, u)[1], nets.deviations(x, u)[1])
