"""Elementary functions as straight-line vector code: no table, no branch, no call.

Each argument and result is a value of an `Assembler`. Accuracy is within a few units in the
last place over the stated range; the tests hold it against numpy.

Sources: argument reductions and rational approximations follow the Cephes mathematical library
(Moshier, 1992); two-part pi/2 as in fdlibm.
"""

from __future__ import annotations

import math

from rl_control.kernels.assembler import Assembler

_ROUND = 1.5 * 2.0**52  # adding it leaves the nearest integer in a double's low bits
_HALF_PI = (1.57079632673412561417e00, 6.07710050630396597660e-11, 2.02226624871116645580e-21)
_LOG_2 = (6.93147180369123816490e-01, 1.90821492927058770002e-10)
_SINE = (
    1.58962301576546568060e-10,
    -2.50507477628578072866e-8,
    2.75573136213857245213e-6,
    -1.98412698295895385996e-4,
    8.33333333332211858878e-3,
    -1.66666666666666307295e-1,
)
_COSINE = (
    -1.13585365213876817300e-11,
    2.08757008419747316778e-9,
    -2.75573141792967388112e-7,
    2.48015872888517045348e-5,
    -1.38888888888730564116e-3,
    4.16666666666665929218e-2,
)
_ARCTAN_TOP = (
    -8.750608600031904122785e-1,
    -1.615753718733365076637e1,
    -7.500855792314704667340e1,
    -1.228866684490136173410e2,
    -6.485021904942025371773e1,
)
_ARCTAN_BOTTOM = (
    1.0,
    2.485846490142306297962e1,
    1.650270098316988542046e2,
    4.328810604912902668951e2,
    4.853903996359136964868e2,
    1.945506571482613964425e2,
)
_TANH_TOP = (-9.64399179425052238628e-1, -9.92877231001918586564e1, -1.61468768441708447952e3)
_TANH_BOTTOM = (
    1.0,
    1.12811678491632931402e2,
    2.23548839060100448583e3,
    4.84406305325125486048e3,
)


def sine(asm: Assembler, x: str) -> str:
    """sin(x) for |x| up to 1e5; NaN for an infinity, +0 for either zero."""
    sin_part, cos_part, quadrant = _reduced_sine_cosine(asm, x)
    return _by_quadrant(asm, sin_part, cos_part, quadrant)


def cosine(asm: Assembler, x: str) -> str:
    """cos(x) for |x| up to 1e5; NaN for an infinity."""
    sin_part, cos_part, quadrant = _reduced_sine_cosine(asm, x)
    return _by_quadrant(asm, sin_part, cos_part, asm.bitwise("add", quadrant, 1))


def tangent(asm: Assembler, x: str) -> str:
    """tan(x) for |x| up to 1e5; NaN for an infinity, +0 for either zero."""
    return asm.quotient(sine(asm, x), cosine(asm, x))


def exponential(asm: Assembler, x: str) -> str:
    """exp(x); 0 and infinity beyond a double's range, NaN for NaN."""
    # The select keeps a NaN, which maxnum/minnum would swallow.
    bounded = x
    for predicate, bound in (("olt", -746.0), ("ogt", 710.0)):
        limit = asm.constant(bound)
        bounded = asm.select(asm.compare(predicate, bounded, limit), limit, bounded)
    shifted = asm.add(asm.mul(bounded, asm.constant(math.log2(math.e))), asm.constant(_ROUND))
    whole = asm.sub(shifted, asm.constant(_ROUND))
    rest = bounded
    for part in _LOG_2:
        rest = asm.sub(rest, asm.mul(whole, asm.constant(part)))
    series = asm.polynomial(rest, [1.0 / math.factorial(k) for k in range(13, -1, -1)])
    # Two factors of 2^(n/2), so that neither overflows where the result does not.
    count = asm.emit(f"shl {asm.integers} {asm.to_bits(shifted)}, {asm.integer(13)}")
    count = asm.emit(f"ashr {asm.integers} {count}, {asm.integer(13)}")
    half = asm.bitwise("ashr", count, 1)
    other = asm.emit(f"sub {asm.integers} {count}, {half}")
    for power in (half, other):
        scale = asm.bitwise("shl", asm.bitwise("add", power, 1023), 52)
        series = asm.mul(series, asm.from_bits(scale))
    return series


def logarithm(asm: Assembler, x: str) -> str:
    """log(x) for x = 0 and x >= 2.3e-308; NaN below 0, infinities at 0 and infinity."""
    bits = asm.to_bits(x)
    # Subtracting the bits of sqrt(1/2) splits x = 2^k m with m in [sqrt(1/2), sqrt(2)).
    offset = 0x3FE6A09E667F3BCD
    shifted = asm.bitwise("sub", bits, offset)
    exponent = asm.bitwise("ashr", shifted, 52)
    mantissa_bits = asm.emit(f"sub {asm.integers} {bits}, {asm.bitwise('shl', exponent, 52)}")
    mantissa = asm.from_bits(mantissa_bits)
    # int -> double by the same rounding trick, which every vector unit has.
    power = asm.sub(
        asm.from_bits(asm.bitwise("add", exponent, 0x4338000000000000)), asm.constant(_ROUND)
    )
    one = asm.constant(1.0)
    ratio = asm.quotient(asm.sub(mantissa, one), asm.add(mantissa, one))
    square = asm.mul(ratio, ratio)
    series = asm.polynomial(square, [2.0 / (2 * k + 1) for k in range(10, -1, -1)])
    result = asm.mul(ratio, series)
    for part in reversed(_LOG_2):
        result = asm.add(result, asm.mul(power, asm.constant(part)))
    zero, infinity = asm.constant(0.0), asm.constant(math.inf)
    result = asm.select(asm.compare("ogt", x, zero), result, asm.constant(math.nan))
    result = asm.select(asm.compare("oeq", x, zero), asm.constant(-math.inf), result)
    return asm.select(asm.compare("oeq", x, infinity), infinity, result)


def arctangent2(asm: Assembler, y: str, x: str) -> str:
    """atan2(y, x), in [-pi, pi], with C's results for zeros, infinities and NaN."""
    tall, wide = asm.intrinsic("llvm.fabs", y), asm.intrinsic("llvm.fabs", x)
    steep = asm.compare("ogt", tall, wide)
    larger, smaller = asm.select(steep, tall, wide), asm.select(steep, wide, tall)
    zero, one = asm.constant(0.0), asm.constant(1.0)
    # 0 / 0 is 0 here, and inf / inf is 1.
    larger = asm.select(asm.compare("oeq", larger, zero), one, larger)
    ratio = asm.quotient(smaller, larger)
    ratio = asm.select(asm.compare("oeq", smaller, larger), one, ratio)
    # A ratio above 0.66 turns by pi/4, which brings the argument below 0.21 in size.
    quarter = asm.constant(math.pi / 4)
    far = asm.compare("ogt", ratio, asm.constant(0.66))
    turned = asm.quotient(asm.sub(ratio, one), asm.add(ratio, one))
    z = asm.select(far, turned, ratio)
    square = asm.mul(z, z)
    top = asm.mul(square, asm.polynomial(square, _ARCTAN_TOP))
    bend = asm.quotient(top, asm.polynomial(square, _ARCTAN_BOTTOM))
    angle = asm.add(z, asm.mul(z, bend))
    angle = asm.select(far, asm.add(angle, quarter), angle)
    angle = asm.select(steep, asm.sub(asm.constant(math.pi / 2), angle), angle)
    backward = asm.emit(f"icmp slt {asm.integers} {asm.to_bits(x)}, {asm.integer(0)}")
    angle = asm.select(backward, asm.sub(asm.constant(math.pi), angle), angle)
    return asm.intrinsic("llvm.copysign", angle, y)


def arctangent(asm: Assembler, x: str) -> str:
    """atan(x)."""
    return arctangent2(asm, x, asm.constant(1.0))


def arcsine(asm: Assembler, x: str) -> str:
    """asin(x)."""
    return arctangent2(asm, x, _cathetus(asm, x))


def arccosine(asm: Assembler, x: str) -> str:
    """acos(x)."""
    return arctangent2(asm, _cathetus(asm, x), x)


def hyperbolic_tangent(asm: Assembler, x: str) -> str:
    """tanh(x) = (1 - e) / (1 + e) with e = exp(-2x); a rational function near 0."""
    size = asm.intrinsic("llvm.fabs", x)
    decay = exponential(asm, asm.mul(size, asm.constant(-2.0)))
    one = asm.constant(1.0)
    far = asm.quotient(asm.sub(one, decay), asm.add(one, decay))
    square = asm.mul(size, size)
    top = asm.mul(square, asm.polynomial(square, _TANH_TOP))
    bend = asm.quotient(top, asm.polynomial(square, _TANH_BOTTOM))
    near = asm.add(size, asm.mul(size, bend))
    value = asm.select(asm.compare("olt", size, asm.constant(0.625)), near, far)
    return asm.intrinsic("llvm.copysign", value, x)


def _cathetus(asm: Assembler, x: str) -> str:
    """sqrt(1 - x^2), without cancellation near |x| = 1."""
    one = asm.constant(1.0)
    return asm.intrinsic("llvm.sqrt", asm.mul(asm.sub(one, x), asm.add(one, x)))


def _reduced_sine_cosine(asm: Assembler, x: str) -> tuple[str, str, str]:
    """Sine and cosine of x less the nearest multiple of pi/2, and that multiple."""
    shifted = asm.add(asm.mul(x, asm.constant(2.0 / math.pi)), asm.constant(_ROUND))
    whole = asm.sub(shifted, asm.constant(_ROUND))
    r = x
    for part in _HALF_PI:
        r = asm.sub(r, asm.mul(whole, asm.constant(part)))
    square = asm.mul(r, r)
    cube = asm.mul(r, square)
    sin_part = asm.add(r, asm.mul(cube, asm.polynomial(square, _SINE)))
    fourth = asm.mul(square, square)
    head = asm.sub(asm.constant(1.0), asm.mul(square, asm.constant(0.5)))
    cos_part = asm.add(head, asm.mul(fourth, asm.polynomial(square, _COSINE)))
    return sin_part, cos_part, asm.to_bits(shifted)


def _by_quadrant(asm: Assembler, sin_part: str, cos_part: str, quadrant: str) -> str:
    odd = asm.bitwise("and", quadrant, 1)
    swap = asm.emit(f"icmp ne {asm.integers} {odd}, {asm.integer(0)}")
    value = asm.select(swap, cos_part, sin_part)
    sign = asm.bitwise("shl", asm.bitwise("and", quadrant, 2), 62)
    flipped = asm.emit(f"xor {asm.integers} {asm.to_bits(value)}, {sign}")
    return asm.from_bits(flipped)
