"""Conditioning a Gaussian, against the textbook formula and samples of it."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from rl_control.models.conditioning import conditioned


def gaussian(rng, size, steps=3):
    factor = rng.normal(size=(steps, size, size))
    return rng.normal(size=(steps, size)), factor @ factor.swapaxes(1, 2) + 0.1 * np.eye(size)


@given(st.integers(1, 5), st.integers(1, 4), st.integers(0, 10**6))
def test_when_conditioned_expect_the_formula_with_the_inverse(inputs, outputs, seed):
    rng = np.random.default_rng(seed)
    mean, covariance = gaussian(rng, inputs + outputs)
    gain, offset, noise = conditioned(mean, covariance, inputs, 1e-6, 1e-12)
    for t in range(3):
        zz = covariance[t, :inputs, :inputs] + 1e-6 * np.eye(inputs)
        yz, yy = covariance[t, inputs:, :inputs], covariance[t, inputs:, inputs:]
        expected = yz @ np.linalg.inv(zz)
        np.testing.assert_allclose(gain[t], expected, rtol=1e-6, atol=1e-8)
        np.testing.assert_allclose(
            offset[t], mean[t, inputs:] - expected @ mean[t, :inputs], rtol=1e-6, atol=1e-8
        )
        np.testing.assert_allclose(noise[t], yy - expected @ yz.T, rtol=1e-6, atol=1e-8)


def test_when_outputs_are_linear_in_the_inputs_expect_their_matrix_and_the_floor_as_noise():
    rng = np.random.default_rng(0)
    _, zz = gaussian(rng, 4, 1)
    matrix = rng.normal(size=(2, 4))
    yz = matrix @ zz[0]
    covariance = np.block([[zz[0], yz.T], [yz, yz @ matrix.T]])
    gain, _, noise = conditioned(np.zeros(6), covariance, 4, 0.0, 1e-9)
    np.testing.assert_allclose(gain, matrix, atol=1e-9)
    expected = 1e-9 * np.diag(np.maximum(1.0, np.diag(yz @ matrix.T)))
    np.testing.assert_allclose(noise, expected, atol=1e-11)


@given(st.integers(1, 6), st.integers(1, 6), st.integers(1, 12), st.integers(0, 10**6))
def test_when_samples_are_few_and_units_unlike_expect_symmetric_positive_noise(
    inputs, outputs, samples, seed
):
    rng = np.random.default_rng(seed)
    size = inputs + outputs
    points = rng.normal(size=(samples, size)) * 10.0 ** rng.uniform(-4.0, 2.5, size)
    away = points - points.mean(axis=0)
    gain, offset, noise = conditioned(
        points.mean(axis=0), away.T @ away / samples, inputs, 1e-6, 1e-10
    )
    assert np.isfinite(gain).all()
    assert np.isfinite(offset).all()
    np.testing.assert_array_equal(noise, noise.T)
    np.linalg.cholesky(noise)
