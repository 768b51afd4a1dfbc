"""The likelihood and the networks in torch against torch's own loss and the numpy ensemble."""

from itertools import pairwise

import numpy as np
import torch

from rl_control.models.features import Features
from rl_control.models.net_training import negative_log_likelihood, predict
from rl_control.models.nets import NetEnsemble


def test_when_a_likelihood_is_computed_expect_that_of_torch():
    generator = torch.Generator().manual_seed(0)
    mean, log_variance, targets = torch.randn(3, 4, 50, 2, generator=generator)
    loss = negative_log_likelihood(mean, log_variance, targets)
    oracle = torch.nn.GaussianNLLLoss()
    for k in range(4):
        wanted = oracle(mean[k], targets[k], log_variance[k].exp())
        torch.testing.assert_close(loss[k], wanted)


def test_when_networks_are_trained_in_torch_expect_those_of_the_ensemble():
    rng, features = np.random.default_rng(0), Features((True, False))
    sizes, members = (features.size, 6, 5, 4), 3
    nets = NetEnsemble(
        features,
        tuple(rng.normal(size=(members, out, into)) for into, out in pairwise(sizes)),
        tuple(rng.normal(size=(members, out)) for out in sizes[1:]),
        np.zeros(features.size),
        np.ones(features.size),
        np.zeros(2),
        np.ones(2),
        rng.uniform(-3.0, -2.0, (members, 2)),
        rng.uniform(-0.5, 0.5, (members, 2)),
        np.ones(2),
    )
    x, u = rng.normal(size=(20, 4)), rng.normal(size=(20, 2))
    stacked = (*nets.weights, *nets.biases, nets.least_log_variance, nets.greatest_log_variance)
    parameters = [torch.tensor(part) for part in stacked]
    inputs = torch.tensor(features(x, u)).expand(members, -1, -1)
    means, deviations = nets.predict(x, u)
    mean, log_variance = predict(parameters, inputs, probabilistic=True)
    np.testing.assert_allclose(mean.numpy(), means, rtol=1e-10, atol=1e-10)
    np.testing.assert_allclose(log_variance.numpy(), 2.0 * np.log(deviations), atol=1e-9)
    constant = predict(parameters, inputs, probabilistic=False)[1].numpy()
    assert np.ptp(constant, axis=1).max() == 0.0
