"""Samples of a search, and sequences moved on in time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rl_control.control.search import Range, Search, drawn, shifted


@given(progress=st.floats(0.0, 9.0), steps=st.integers(1, 6))
def test_when_time_has_passed_expect_sequences_interpolated_and_the_tail_behind(progress, steps):
    rng = np.random.default_rng(steps)
    sequences, tail = rng.normal(size=(3, steps, 2)), rng.normal(size=2)
    found = shifted(sequences, progress, tail)
    assert found.shape == sequences.shape
    nodes = np.arange(steps + 12)
    for sequence, moved in zip(sequences, found, strict=True):
        for joint in range(2):
            longer = np.concatenate([sequence[:, joint], np.full(12, tail[joint])])
            expected = np.interp(np.arange(steps) + progress, nodes, longer)
            np.testing.assert_allclose(moved[:, joint], expected, atol=1e-9)


def test_when_one_sequence_or_none_is_shifted_expect_its_shape_kept():
    for shape in ((4, 2), (0, 4, 2)):
        assert shifted(np.zeros(shape), 1.5, np.ones(2)).shape == shape


def test_when_drawn_expect_mean_and_deviation_and_nothing_beyond_the_bounds():
    limits = Range(np.array([-1.0, -2.0]), np.array([1.0, 0.5]), np.zeros(2))
    mean = np.array([[0.5, 0.0]])
    search = Search(mean, np.array([[0.25, 0.1]]), mean[None][:0])
    noise = np.array([[[1.0, -2.0]], [[4.0, 9.0]]])
    np.testing.assert_allclose(drawn(search, noise, limits), [[[0.75, -0.2]], [[1.0, 0.5]]])


def test_when_sequences_are_tensors_expect_the_same():
    torch = pytest.importorskip("torch")
    torch.set_num_threads(1)
    for shape in ((3, 5, 2), (0, 5, 2), (5, 2)):
        sequences, tail = np.random.default_rng(0).normal(size=shape), np.array([1.0, 2.0])
        found = shifted(torch.as_tensor(sequences), 2.3, torch.as_tensor(tail))
        np.testing.assert_allclose(found.numpy(), shifted(sequences, 2.3, tail), rtol=1e-12)
