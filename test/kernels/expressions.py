"""Expressions that every way to evaluate them is tested with, and CasADi's values of them."""

from __future__ import annotations

import casadi as ca
import numpy as np
from hypothesis import strategies as st

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


def mixed(a, b):
    """Return what several operations make of two numbers."""
    c = ca.sin(a) * ca.exp(-b * b) + ca.atan2(a, 1 + b * b)
    d = ca.if_else(c > 0, ca.sqrt(1 + c * c), ca.tanh(c))
    return c * d + ca.fmin(a, b) / (1 + ca.fabs(d)) ** 3
