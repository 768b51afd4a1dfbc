"""A dense layer on lanes against numpy, for every kind of width, with and without machine code."""

import numpy as np
import pytest

from rl_control.kernels import compile_dense, kernel_lanes
from rl_control.kernels.dense import _interpreted


@pytest.mark.parametrize(("inputs", "outputs"), [(1, 1), (3, 7), (28, 64), (64, 64), (64, 14)])
@pytest.mark.parametrize("interpreted", [False, True])
def test_when_a_layer_is_evaluated_expect_the_matrix_product(inputs, outputs, interpreted):
    lanes, blocks = kernel_lanes(), 3
    rng = np.random.default_rng(0)
    weights, bias = rng.normal(size=(outputs, inputs)), rng.normal(size=outputs)
    x = rng.normal(size=(blocks, inputs, lanes))
    y = np.full((blocks, outputs, lanes), np.nan)
    kernel = _interpreted(inputs, outputs, lanes) if interpreted else compile_dense(inputs, outputs)
    kernel([weights, bias, x, y], blocks)
    assert np.allclose(y, weights @ x + bias[:, None], rtol=1e-12, atol=1e-12)


def test_when_there_is_no_block_expect_nothing_written():
    y = np.full((1, 2, kernel_lanes()), 5.0)
    compile_dense(3, 2)([np.ones((2, 3)), np.ones(2), y, y], 0)
    assert (y == 5.0).all()
