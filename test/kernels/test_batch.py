from __future__ import annotations

import casadi as ca
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from rl_control.errors import ShapeError
from rl_control.kernels import compile_batch, kernel_lanes

BATCHES = [1, 2, kernel_lanes() - 1, kernel_lanes(), kernel_lanes() + 1, 37]


@pytest.fixture(scope="module")
def f():
    """f(a [3], m [2, 2]) -> [3], [2, 2]."""
    a, m = ca.SX.sym("a", 3), ca.SX.sym("m", 2, 2)
    return compile_batch(ca.Function("f", [a, m], [a * m[0, 1], ca.mtimes(m, m)]))


@pytest.mark.parametrize("batch", BATCHES)
def test_when_rows_are_given_expect_one_result_a_row(f, batch):
    rng = np.random.default_rng(batch)
    a, m = rng.normal(size=(batch, 3)), rng.normal(size=(batch, 4))
    scaled, squared = f(a, m)
    matrices = m.reshape(batch, 2, 2).transpose(0, 2, 1)  # columns first
    np.testing.assert_allclose(scaled, a * m[:, 2:3], rtol=1e-15)
    np.testing.assert_allclose(
        squared.reshape(batch, 2, 2).transpose(0, 2, 1), matrices @ matrices, rtol=1e-13, atol=1e-14
    )


def test_when_one_argument_is_a_single_vector_expect_it_for_every_row(f):
    a, m = np.arange(3.0), np.random.default_rng(0).normal(size=(5, 4))
    scaled, _ = f(a, m)
    np.testing.assert_allclose(scaled, a * m[:, 2:3], rtol=1e-15)


def test_when_there_are_no_rows_expect_no_results(f):
    scaled, squared = f(np.empty((0, 3)), np.empty((0, 4)))
    assert scaled.shape == (0, 3) and squared.shape == (0, 4)


@given(hnp.arrays(float, (5, 3), elements=st.floats()))
def test_when_rows_hold_anything_expect_other_rows_untouched(f, a):
    m = np.ones(4)
    together, _ = f(a, m)
    for row, result in zip(a, together, strict=True):
        np.testing.assert_array_equal(f(row, m)[0][0], result)


def test_when_lists_or_integers_are_given_expect_them_as_doubles(f):
    scaled, _ = f([1, 2, 3], np.array([0, 0, 2, 0]))
    np.testing.assert_array_equal(scaled, [[2.0, 4.0, 6.0]])


def test_when_an_argument_is_not_contiguous_expect_the_same_result(f):
    a, m = np.random.default_rng(0).normal(size=(3, 6)), np.ones((6, 8))
    np.testing.assert_array_equal(f(a.T, m[:, ::2])[0], a.T)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.zeros(3),), "kernel arguments: found 1 values, expected 2"),
        ((np.zeros(2), np.zeros(4)), "kernel argument: found 2 values, expected 3"),
        ((np.zeros((5, 3)), np.zeros((4, 4))), "kernel batch: found 4 values, expected 5"),
        ((np.zeros((0, 3)), np.zeros((4, 4))), "kernel batch: found 0 values, expected 4"),
    ],
)
def test_when_shapes_do_not_fit_expect_shape_error(f, arguments, message):
    with pytest.raises(ShapeError, match=message):
        f(*arguments)


def test_when_a_function_has_no_argument_expect_its_constants():
    constant = compile_batch(ca.Function("constant", [], [ca.SX([1.0, 2.0])]))
    np.testing.assert_array_equal(constant()[0], [[1.0, 2.0]])


def test_when_an_operation_has_no_translation_expect_one_warning_and_the_value():
    x = ca.SX.sym("x", 2)
    with pytest.warns(RuntimeWarning, match="kernel odd: no translation") as warned:
        odd = compile_batch(ca.Function("odd", [x], [ca.erfinv(x)]))
        found = odd(np.array([[0.1, 0.2]] * 11))[0]
    np.testing.assert_allclose(found, np.tile([0.08885599, 0.17914345], (11, 1)), rtol=1e-7)
    assert len(warned) == 1
