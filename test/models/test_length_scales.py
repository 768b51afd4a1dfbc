"""The search for length scales: what it climbs, and what it says without its library."""

import sys

import numpy as np
import pytest

from rl_control.errors import MissingDependencyError
from rl_control.models.length_scales import find_length_scales


def drawn(points=80, seed=0):
    """Targets of two processes of known length scales at the same features."""
    rng = np.random.default_rng(seed)
    z = rng.uniform(-2.0, 2.0, (points, 2))
    lengths = np.array([[0.7, 2.5], [1.8, 0.6]])
    away = (z[:, None] - z) / lengths[:, None, None]
    kernel = np.exp(-0.5 * (away**2).sum(axis=-1)) + 0.01 * np.eye(points)
    return z, (np.linalg.cholesky(kernel) @ rng.normal(size=(2, points, 1)))[..., 0], lengths


def log_likelihood(z, target, lengths, signal, noise):
    away = (z[:, None] - z) / lengths
    kernel = signal * np.exp(-0.5 * (away**2).sum(axis=-1)) + noise * np.eye(len(z))
    return -0.5 * (target @ np.linalg.solve(kernel, target) + np.linalg.slogdet(kernel)[1])


@pytest.fixture
def found():
    torch = pytest.importorskip("torch")
    pytest.importorskip("gpytorch")
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    z, targets, _ = drawn()
    yield find_length_scales(z, targets, 200, 0.1, 1e-4)
    torch.set_num_threads(before)


def test_when_processes_are_drawn_expect_their_length_scales(found):
    np.testing.assert_allclose(found.lengths, drawn()[2], rtol=0.4)
    np.testing.assert_allclose(found.noise, 0.01, rtol=0.7)


def test_when_the_search_ends_expect_no_better_neighbour(found):
    z, targets, truth = drawn()
    for j, target in enumerate(targets):
        best = log_likelihood(z, target, found.lengths[j], found.signal[j], found.noise[j])
        assert best > log_likelihood(z, target, truth[j], 1.0, 0.01)
        for factor in (0.8, 1.25):
            for changed in (
                (found.lengths[j] * factor, found.signal[j], found.noise[j]),
                (found.lengths[j], found.signal[j] * factor, found.noise[j]),
                (found.lengths[j], found.signal[j], found.noise[j] * factor),
            ):
                assert best > log_likelihood(z, target, *changed)


def test_when_gpytorch_is_missing_expect_the_extra_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "gpytorch", None)
    with pytest.raises(MissingDependencyError, match=r"rl_control\[gp\]"):
        find_length_scales(np.zeros((2, 1)), np.zeros((1, 2)), 1, 0.1, 1e-4)
