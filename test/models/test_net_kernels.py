"""The ensemble on lanes against the ensemble in numpy."""

import numpy as np
import pytest

from rl_control.errors import ModelError
from rl_control.kernels import compile_sequence, kernel_lanes
from rl_control.models.net_kernels import NetKernels


def points(features, seed=1):
    rng = np.random.default_rng(seed)
    lanes, n = kernel_lanes(), features.n
    return rng.normal(size=(lanes, 2 * n)), rng.normal(size=(lanes, n))


@pytest.mark.parametrize("hidden", [(16, 11), (9,), (8, 8, 8)])
def test_when_calls_run_expect_the_means_and_slopes_of_the_ensemble(random_nets, hidden):
    nets = random_nets(hidden=hidden)
    kernels = NetKernels(nets.features, nets.members, nets.hidden)
    kernels.load(nets)
    x, u = points(nets.features)
    kernels.inputs[:] = nets.features(x, u).T
    compile_sequence(kernels.forward_and_back(), "test_net")([], 1)
    means, slopes = nets.linearize_members(x, u)
    assert np.allclose(kernels.means.transpose(0, 2, 1), means, atol=1e-10)
    assert np.allclose(kernels.slopes.transpose(0, 3, 1, 2), slopes, atol=1e-10)


def test_when_other_weights_are_loaded_expect_the_same_calls_to_use_them(random_nets):
    first, second = random_nets(seed=0), random_nets(seed=5)
    kernels = NetKernels(first.features, first.members, first.hidden)
    forward = compile_sequence(kernels.forward(), "test_net")
    x, u = points(first.features)
    kernels.inputs[:] = first.features(x, u).T
    for nets in (first, second):
        kernels.load(nets)
        forward([], 1)
        assert np.allclose(kernels.means.transpose(0, 2, 1), nets.members_mean(x, u), atol=1e-10)


def test_when_the_shape_differs_expect_refusal_that_says_both(random_nets):
    nets = random_nets()
    kernels = NetKernels(nets.features, nets.members, nets.hidden)
    with pytest.raises(ModelError, match=r"2 members with layers \(16, 11\), compiled for 3"):
        kernels.load(random_nets(members=2))


def test_when_inputs_are_far_out_expect_finite_numbers(random_nets):
    nets = random_nets()
    kernels = NetKernels(nets.features, nets.members, nets.hidden)
    kernels.load(nets)
    kernels.inputs[:] = 1e5
    compile_sequence(kernels.forward_and_back(), "test_net")([], 1)
    assert np.isfinite(kernels.means).all()
    assert np.isfinite(kernels.slopes).all()
