"""CasADi's operations as functions of torch: the same ones as in machine code, with its NaNs."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import casadi as ca


@cache
def operations() -> dict[int, Callable[..., Any]]:
    """Return what computes each operation, by CasADi's number of it."""
    import torch

    def number(truth: Any, like: Any) -> Any:
        return truth.to(like.dtype)

    return {
        ca.OP_ASSIGN: lambda a: a,
        ca.OP_ADD: torch.add,
        ca.OP_SUB: torch.sub,
        ca.OP_MUL: torch.mul,
        ca.OP_DIV: torch.div,
        ca.OP_NEG: torch.neg,
        ca.OP_SQ: torch.square,
        ca.OP_TWICE: lambda a: a + a,
        ca.OP_INV: torch.reciprocal,
        ca.OP_SQRT: torch.sqrt,
        ca.OP_FABS: torch.abs,
        ca.OP_FLOOR: torch.floor,
        ca.OP_CEIL: torch.ceil,
        ca.OP_COPYSIGN: torch.copysign,
        ca.OP_FMIN: torch.minimum,  # of a NaN and a number: NaN, so that what diverged shows
        ca.OP_FMAX: torch.maximum,
        ca.OP_SIGN: lambda a: torch.where(abs(a) > 0.0, torch.sign(a), a.detach()),
        ca.OP_SIN: torch.sin,
        ca.OP_COS: torch.cos,
        ca.OP_TAN: torch.tan,
        ca.OP_EXP: torch.exp,
        ca.OP_LOG: torch.log,
        ca.OP_ATAN: torch.atan,
        ca.OP_ATAN2: torch.atan2,
        ca.OP_ASIN: torch.asin,
        ca.OP_ACOS: torch.acos,
        ca.OP_TANH: torch.tanh,
        ca.OP_LT: lambda a, b: number(a < b, a),
        ca.OP_LE: lambda a, b: number(a <= b, a),
        ca.OP_EQ: lambda a, b: number(a == b, a),
        ca.OP_NE: lambda a, b: number(a != b, a),
        ca.OP_AND: lambda a, b: number((a != 0.0) & (b != 0.0), a),
        ca.OP_OR: lambda a, b: number((a != 0.0) | (b != 0.0), a),
        ca.OP_NOT: lambda a: number(a == 0.0, a),
        ca.OP_IF_ELSE_ZERO: lambda a, b: torch.where(a != 0.0, b, 0.0),
        ca.OP_POW: torch.pow,
        ca.OP_CONSTPOW: torch.pow,
        ca.OP_SINH: torch.sinh,
        ca.OP_COSH: torch.cosh,
        ca.OP_ASINH: torch.asinh,
        ca.OP_ACOSH: torch.acosh,
        ca.OP_ATANH: torch.atanh,
        ca.OP_ERF: torch.erf,
        ca.OP_EXPM1: torch.expm1,
        ca.OP_LOG1P: torch.log1p,
        ca.OP_HYPOT: torch.hypot,
        ca.OP_FMOD: torch.fmod,
        ca.OP_REMAINDER: _remainder,
        ca.OP_LIFT: lambda a, guess: a,
    }


def _remainder(a: Any, b: Any) -> Any:
    """A less the nearest multiple of b, the even one of two, as C has it.

    Torch's own fmod may give NaN where a is more than 2^53 times b.
    """
    import torch

    whole = abs(b)
    rest = abs(torch.fmod(a, whole + whole))
    half = 0.5 * whole
    closer = rest - whole
    closer = torch.where(closer >= half, closer - whole, closer)
    rest = torch.where(rest > half, closer, rest)
    return torch.where(torch.signbit(a), -rest, rest)
