"""Every operation against CasADi's own evaluation."""

from __future__ import annotations

import casadi as ca
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from rl_control.kernels import Port, translate

SPECIAL = [0.0, -0.0, 1.0, -1.0, np.inf, -np.inf, np.nan, 2.5, -2.5, 1e300, 0.25]


def _moderate(a):
    """`a` within the range that sines are made for, 0 beyond."""
    return ca.if_else(ca.fabs(a) > 1e5, 0, a)


UNARY = {
    "neg": lambda a: -a,
    "square": lambda a: a * a,
    "twice": lambda a: a + a,
    "inverse": lambda a: 1 / a,
    "sqrt": ca.sqrt,
    "fabs": ca.fabs,
    "floor": ca.floor,
    "ceil": ca.ceil,
    "sign": ca.sign,
    "exp": ca.exp,
    "log": ca.log,
    "tan of a tenth": lambda a: ca.tan(0.1 * _moderate(a)),
    "sin": lambda a: ca.sin(_moderate(a)),
    "cos": lambda a: ca.cos(_moderate(a)),
    "atan": ca.atan,
    "asin": ca.asin,
    "acos": ca.acos,
    "tanh": ca.tanh,
    "sinh": ca.sinh,
    "cosh": ca.cosh,
    "asinh": ca.asinh,
    "acosh": ca.acosh,
    "atanh": ca.atanh,
    "erf": ca.erf,
    "expm1": ca.expm1,
    "log1p": ca.log1p,
    "not": ca.logic_not,
    "cube": lambda a: a**3,
    "real power": lambda a: a**1.7,
    "constants": lambda a: a * 0 + 3.25 - (-0.0),
}
BINARY = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "pow": lambda a, b: a**b,
    "atan2": ca.atan2,
    "copysign": ca.copysign,
    "fmod": ca.fmod,
    "remainder": ca.remainder,
    "hypot": ca.hypot,
    "less": lambda a, b: a < b,
    "less or equal": lambda a, b: a <= b,
    "equal": lambda a, b: a == b,
    "not equal": lambda a, b: a != b,
    "and": ca.logic_and,
    "or": ca.logic_or,
    "if else zero": lambda a, b: ca.if_else(a, b, 0),
    "if else": lambda a, b: ca.if_else(a > b, a, 2 * b),
}


def _floats(bound):
    # Quotients by subnormal numbers are infinite here, and logarithms of them inexact.
    return st.floats(-bound, bound, allow_subnormal=False)


numbers = st.one_of(st.sampled_from(SPECIAL), _floats(1e3), _floats(5.0))


def interpreted(expression, *arguments):
    """CasADi's virtual machine on every element."""
    symbols = [ca.SX.sym(f"a{i}") for i in range(len(arguments))]
    function = ca.Function("f", symbols, [expression(*symbols)])
    values = function.map(len(arguments[0]))(*[ca.DM(np.asarray(a)).T for a in arguments])
    return np.asarray(values).ravel()


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
    found = evaluate(_mixed, values, values[::-1], lanes=lanes)
    assert np.allclose(found, interpreted(_mixed, values, values[::-1]), rtol=1e-12, atol=1e-12)


def _mixed(a, b):
    c = ca.sin(a) * ca.exp(-b * b) + ca.atan2(a, 1 + b * b)
    d = ca.if_else(c > 0, ca.sqrt(1 + c * c), ca.tanh(c))
    return c * d + ca.fmin(a, b) / (1 + ca.fabs(d)) ** 3


def test_when_an_operation_has_no_translation_expect_it_named():
    x = ca.SX.sym("x")
    function = ca.Function("f", [x], [ca.erfinv(x)])
    with pytest.raises(NotImplementedError, match="no translation of CasADi operation"):
        translate.translate(function, [Port("lanes")], [Port("lanes")], 4)
