"""Coloured noise: its spectrum, its variance, and what it is for white noise."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rl_control.control.noise import amplitudes, coloured


@pytest.mark.parametrize("exponent", [0.0, 0.5, 1.0, 2.0, 3.0])
def test_when_coloured_expect_the_slope_of_the_spectrum(exponent):
    steps = 128
    noise = coloured(np.random.default_rng(0).standard_normal((2000, steps, 1)), exponent)
    power = (np.abs(np.fft.rfft(noise[:, :, 0], axis=1)) ** 2).mean(axis=0)
    frequency = np.arange(1, steps // 2 + 1)
    slope = np.polyfit(np.log(frequency), np.log(power[1:]), 1)[0]
    assert slope == pytest.approx(-exponent, abs=0.03)


@given(steps=st.integers(1, 41), exponent=st.floats(0.0, 6.0))
def test_when_coloured_expect_unit_variance_at_every_step(steps, exponent):
    """The noise is linear in independent unit normals: its variance is the sum of squares."""
    response = coloured(np.eye(steps)[:, :, None], exponent)[:, :, 0]
    np.testing.assert_allclose((response**2).sum(axis=0), 1.0, rtol=1e-9)


@given(steps=st.integers(1, 41), exponent=st.floats(0.0, 6.0))
def test_when_amplitudes_are_asked_for_expect_a_power_law_without_an_infinity(steps, exponent):
    found = amplitudes(steps, exponent)
    assert found.shape == (steps // 2 + 1,)
    k = np.maximum(np.arange(len(found)), 1)
    np.testing.assert_allclose(found, found[0] * k ** (-exponent / 2.0))


def test_when_drawn_expect_a_mean_of_zero_and_joints_and_samples_apart():
    noise = coloured(np.random.default_rng(1).standard_normal((20_000, 10, 2)), 2.0)
    assert np.abs(noise.mean(axis=0)).max() < 0.03
    np.testing.assert_allclose(noise.std(axis=0), 1.0, rtol=0.03)
    across = (noise[:, :, 0] * noise[:, :, 1]).mean(axis=0)
    assert np.abs(across).max() < 0.03
    following = (noise[:-1, :, 0] * noise[1:, :, 0]).mean(axis=0)
    assert np.abs(following).max() < 0.03


def test_when_the_exponent_is_zero_expect_the_white_noise_itself():
    for steps in (1, 7, 8):
        white = np.random.default_rng(2).standard_normal((5, steps, 3))
        np.testing.assert_allclose(coloured(white, 0.0), white, atol=1e-12)


def test_when_white_noise_is_a_tensor_expect_the_same_noise():
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    white = np.random.default_rng(3).standard_normal((4, 9, 2))
    found = coloured(torch.as_tensor(white), 2.0)
    assert isinstance(found, torch.Tensor)
    np.testing.assert_allclose(found.numpy(), coloured(white, 2.0), atol=1e-12)
