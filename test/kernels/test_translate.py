"""Every operation against CasADi's own evaluation."""

from __future__ import annotations

import casadi as ca
import numpy as np
import pytest
from expressions import BINARY, UNARY, interpreted, mixed, numbers
from hypothesis import given
from hypothesis import strategies as st

from rl_control.kernels import Port, translate


def assert_agree(found, expected):
    np.testing.assert_allclose(found, expected, rtol=4e-15, atol=1e-307)


@pytest.mark.parametrize("name", UNARY)
@given(values=st.lists(numbers, min_size=1, max_size=9))
def test_when_one_argument_expect_casadis_value(evaluate, name, values):
    with np.errstate(all="ignore"):
        expected = interpreted(UNARY[name], values)
    assert_agree(evaluate(UNARY[name], values), expected)


@pytest.mark.parametrize("name", BINARY)
@given(pairs=st.lists(st.tuples(numbers, numbers), min_size=1, max_size=9))
def test_when_two_arguments_expect_casadis_value(evaluate, name, pairs):
    a, b = (list(column) for column in zip(*pairs, strict=True))
    with np.errstate(all="ignore"):
        expected = interpreted(BINARY[name], a, b)
    assert_agree(evaluate(BINARY[name], a, b), expected)


@pytest.mark.parametrize("function", [ca.fmin, ca.fmax])
@given(a=numbers, b=numbers)
def test_when_min_or_max_meets_nan_expect_nan_and_else_casadis_value(evaluate, function, a, b):
    found = evaluate(function, [a], [b])
    if np.isnan(a) or np.isnan(b):
        assert np.isnan(found[0])
    else:
        assert_agree(found, interpreted(function, [a], [b]))


@pytest.mark.parametrize("name", ["neg", "sqrt", "fabs", "floor", "ceil", "sign", "sinh"])
def test_when_the_argument_is_a_zero_expect_its_sign_kept_as_in_c(evaluate, name):
    found = evaluate(UNARY[name], [0.0, -0.0])
    assert np.array_equal(np.signbit(found), np.signbit(interpreted(UNARY[name], [0.0, -0.0])))


@given(st.lists(st.floats(-3.0, 3.0), min_size=6, max_size=6), st.sampled_from([2, 4, 8]))
def test_when_an_expression_mixes_operations_expect_casadis_value(evaluate, values, lanes):
    found = evaluate(mixed, values, values[::-1], lanes=lanes)
    assert np.allclose(found, interpreted(mixed, values, values[::-1]), rtol=1e-12, atol=1e-12)


def test_when_an_operation_has_no_translation_expect_it_named():
    x = ca.SX.sym("x")
    function = ca.Function("f", [x], [ca.erfinv(x)])
    with pytest.raises(NotImplementedError, match="no translation of CasADi operation"):
        translate.translate(function, [Port("lanes")], [Port("lanes")], 4)
