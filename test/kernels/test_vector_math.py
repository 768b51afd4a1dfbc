"""Accuracy against long double, and C's results for special values."""

from __future__ import annotations

import math

import casadi as ca
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

SPECIAL = np.array(
    [0.0, -0.0, math.inf, -math.inf, math.nan, 1.0, -1.0, 0.5, 2.3e-308, 745.0, -745.0, 710.0]
)
# name, CasADi's, numpy's, range, bound in units in the last place
CASES = [
    ("sin", ca.sin, np.sin, (-10.0, 10.0), 2.0),
    ("sin far", ca.sin, np.sin, (-1e5, 1e5), 3.0),
    ("cos", ca.cos, np.cos, (-10.0, 10.0), 2.0),
    ("cos far", ca.cos, np.cos, (-1e5, 1e5), 3.0),
    ("tan", ca.tan, np.tan, (-10.0, 10.0), 4.0),
    ("exp", ca.exp, np.exp, (-700.0, 709.0), 1.0),
    ("log", ca.log, np.log, (1e-9, 1e3), 3.0),
    ("log near 1", ca.log, np.log, (0.5, 2.0), 3.0),
    ("tanh", ca.tanh, np.tanh, (-20.0, 20.0), 2.0),
    ("tanh near 0", ca.tanh, np.tanh, (-1e-6, 1e-6), 1.0),
    ("atan", ca.atan, np.arctan, (-20.0, 20.0), 2.0),
    ("asin", ca.asin, np.arcsin, (-1.0, 1.0), 3.0),
    ("acos", ca.acos, np.arccos, (-1.0, 1.0), 3.0),
]


def last_places(found, exact):
    """Errors in units in the last place of the exact result."""
    unit = np.spacing(np.abs(exact.astype(np.float64)))
    return np.abs(found.astype(np.longdouble) - exact) / unit


def assert_same(found, expected, places=4):
    """Equal up to rounding; zeros with their signs, NaN where NaN is."""
    near = np.isclose(found, expected, rtol=places * 2.3e-16, atol=0.0, equal_nan=True)
    signs = np.isnan(expected) | (np.signbit(found) == np.signbit(expected))
    wrong = ~(near & signs)
    assert not wrong.any(), (found[wrong], expected[wrong], np.argwhere(wrong))


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_when_evaluated_over_its_range_expect_the_stated_accuracy(case, evaluate):
    _, function, exact, (low, high), bound = case
    x = np.random.default_rng(0).uniform(low, high, 20000)
    assert last_places(evaluate(function, x), exact(x.astype(np.longdouble))).max() <= bound


def test_when_atan2_of_any_directions_expect_two_units_in_the_last_place(evaluate):
    y, x = np.random.default_rng(0).normal(size=(2, 20000)) * 10.0 ** np.arange(-10, 10).repeat(
        1000
    )
    exact = np.arctan2(y.astype(np.longdouble), x.astype(np.longdouble))
    assert last_places(evaluate(ca.atan2, y, x), exact).max() <= 2.0


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_when_special_values_are_given_expect_those_of_c(case, evaluate):
    _, function, exact, _, _ = case
    with np.errstate(all="ignore"):
        expected = exact(SPECIAL)
    if function in (ca.sin, ca.tan):
        expected = expected + 0.0  # these lose the sign of a zero
    assert_same(evaluate(function, SPECIAL), expected)


def test_when_atan2_of_special_values_expect_those_of_c(evaluate):
    y, x = (grid.ravel() for grid in np.meshgrid(SPECIAL, SPECIAL))
    assert_same(evaluate(ca.atan2, y, x), np.arctan2(y, x))


@given(st.floats(min_value=-1e3, max_value=1e3))
def test_when_squares_of_sine_and_cosine_are_added_expect_one(evaluate, angle):
    x = np.full(4, angle)
    assert abs(evaluate(ca.sin, x)[0] ** 2 + evaluate(ca.cos, x)[0] ** 2 - 1.0) < 1e-15


@given(st.floats(min_value=-700.0, max_value=700.0))
def test_when_exp_is_undone_by_log_expect_the_argument(evaluate, x):
    back = evaluate(ca.log, evaluate(ca.exp, np.full(4, x)))[0]
    assert abs(back - x) <= 1e-15 + 4e-16 * abs(x)


@given(st.floats(min_value=2.3e-308, allow_infinity=False))
def test_when_log_of_any_normal_number_expect_numpys(evaluate, x):
    # x near 1 is held by the accuracy test above.
    assert math.isclose(evaluate(ca.log, np.full(4, x))[0], math.log(x), rel_tol=1e-15)


@given(st.floats(allow_nan=False), st.floats(allow_nan=False))
def test_when_atan2_of_any_numbers_expect_numpys(evaluate, y, x):
    found = evaluate(ca.atan2, np.full(4, y), np.full(4, x))[0]
    expected = math.atan2(y, x)
    assert math.isclose(found, expected, rel_tol=1e-15, abs_tol=5e-324)
    assert math.copysign(1.0, found) == math.copysign(1.0, expected)
