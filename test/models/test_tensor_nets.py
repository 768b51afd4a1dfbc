"""Ensembles on tensors against the same ensembles on arrays."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from rl_control.kernels.compute import on_tensors
from rl_control.models.tensor_nets import TensorNets

torch.set_num_threads(1)
TURNING = (True, False, True)


def points(size=6, seed=1):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(size, 6)), rng.normal(size=(size, 3))


@pytest.mark.parametrize("members", [1, 4])
@pytest.mark.parametrize(("precision", "close"), [("float64", 1e-12), ("float32", 1e-4)])
def test_when_on_tensors_expect_the_predictions_on_arrays(random_nets, members, precision, close):
    nets = random_nets(turning=TURNING, members=members)
    place = on_tensors("cpu", precision).place
    placed, (x, u) = TensorNets(nets, place), points()
    given = place(x), place(u)
    for found, expected in zip(placed.predict(*given), nets.predict(x, u), strict=True):
        assert str(found.dtype) == f"torch.{precision}"
        np.testing.assert_allclose(found.numpy(), expected, rtol=close, atol=close)
    means = placed.members_mean(*given).numpy()
    np.testing.assert_allclose(means, nets.members_mean(x, u), rtol=close, atol=close)
    np.testing.assert_allclose(placed.mean(*given), nets.mean(x, u), rtol=close, atol=close)


def test_when_sampled_expect_the_draws_on_arrays(random_nets):
    nets, place = random_nets(turning=TURNING, members=3), on_tensors("cpu", "float64").place
    x, u = points(50)
    member = np.random.default_rng(2).integers(3, size=50)
    expected = nets.sample(x, u, member, np.random.default_rng(3))
    found = TensorNets(nets, place).sample(
        place(x), place(u), torch.as_tensor(member), np.random.default_rng(3)
    )
    np.testing.assert_allclose(found.numpy(), expected, rtol=1e-12, atol=1e-12)


def test_when_torch_draws_expect_a_members_own_mean_and_deviation(random_nets):
    nets = random_nets(turning=TURNING, members=3)
    compute, count = on_tensors("cpu", "float64"), 20_000
    x, u = (np.repeat(part, count, axis=0) for part in points(1))
    member = torch.full((count,), 1)
    drawn = TensorNets(nets, compute.place).sample(
        compute.place(x), compute.place(u), member, compute.generator(0)
    )
    mean, deviation = (part[1, 0] for part in nets.predict(x[:1], u[:1]))
    error = 5.0 / np.sqrt(count)
    assert np.abs((drawn.mean(0).numpy() - mean) / deviation).max() < error
    assert np.abs(drawn.std(0).numpy() / deviation - 1.0).max() < error
