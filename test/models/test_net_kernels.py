"""The ensemble on lanes against the ensemble in numpy."""

from itertools import pairwise

import numpy as np
import pytest

from rl_control.errors import ModelError
from rl_control.kernels import compile_sequence, kernel_lanes
from rl_control.models.features import Features
from rl_control.models.net_kernels import NetKernels
from rl_control.models.nets import NetEnsemble


def ensemble(turning=(True, True, False), members=3, hidden=(16, 11), seed=0):
    rng = np.random.default_rng(seed)
    features = Features(turning)
    n, f = features.n, features.size
    sizes = (f, *hidden, 2 * n)
    return NetEnsemble(
        features=features,
        weights=tuple(
            rng.normal(size=(members, out, into)) / np.sqrt(into)
            for into, out in pairwise(sizes)
        ),
        biases=tuple(rng.normal(size=(members, out)) for out in sizes[1:]),
        input_mean=rng.normal(size=f),
        input_scale=rng.uniform(0.5, 2.0, size=f),
        output_mean=rng.normal(size=n),
        output_scale=rng.uniform(0.5, 3.0, size=n),
        least_log_variance=np.full((members, n), -10.0),
        greatest_log_variance=np.full((members, n), 1.0),
        spread=np.ones(n),
    )


def points(features, seed=1):
    rng = np.random.default_rng(seed)
    lanes, n = kernel_lanes(), features.n
    return rng.normal(size=(lanes, 2 * n)), rng.normal(size=(lanes, n))


@pytest.mark.parametrize("hidden", [(16, 11), (9,), (8, 8, 8)])
def test_when_calls_run_expect_the_means_and_slopes_of_the_ensemble(hidden):
    nets = ensemble(hidden=hidden)
    kernels = NetKernels(nets.features, nets.members, nets.hidden)
    kernels.load(nets)
    x, u = points(nets.features)
    kernels.inputs[:] = nets.features(x, u).T
    compile_sequence(kernels.forward_and_back(), "test_net")([], 1)
    means, slopes = nets.linearize(x, u)
    assert np.allclose(kernels.means.transpose(0, 2, 1), means, atol=1e-10)
    assert np.allclose(kernels.slopes.transpose(0, 3, 1, 2), slopes, atol=1e-10)


def test_when_other_weights_are_loaded_expect_the_same_calls_to_use_them():
    first, second = ensemble(seed=0), ensemble(seed=5)
    kernels = NetKernels(first.features, first.members, first.hidden)
    forward = compile_sequence(kernels.forward(), "test_net")
    x, u = points(first.features)
    kernels.inputs[:] = first.features(x, u).T
    for nets in (first, second):
        kernels.load(nets)
        forward([], 1)
        assert np.allclose(kernels.means.transpose(0, 2, 1), nets.members_mean(x, u), atol=1e-10)


def test_when_the_shape_differs_expect_refusal_that_says_both():
    nets = ensemble()
    kernels = NetKernels(nets.features, nets.members, nets.hidden)
    with pytest.raises(ModelError, match=r"2 members with layers \(16, 11\), compiled for 3"):
        kernels.load(ensemble(members=2))


def test_when_inputs_are_far_out_expect_finite_numbers():
    nets = ensemble()
    kernels = NetKernels(nets.features, nets.members, nets.hidden)
    kernels.load(nets)
    kernels.inputs[:] = 1e5
    compile_sequence(kernels.forward_and_back(), "test_net")([], 1)
    assert np.isfinite(kernels.means).all()
    assert np.isfinite(kernels.slopes).all()
