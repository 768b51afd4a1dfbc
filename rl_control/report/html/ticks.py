"""Where an axis has its marks, and what stands beside them."""

from __future__ import annotations

import math

from rl_control.report.html.series import Scale

_STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)


def linear_ticks(low: float, high: float, most: int = 5) -> list[float]:
    """Return round numbers from `low` to `high`, at most `most` and about as many."""
    if not low < high:
        return [low]
    rough = (high - low) / max(most - 1, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(step * power for step in _STEPS if step * power >= rough * (1.0 - 1e-9))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [k * step for k in range(first, last + 1)]


def log_ticks(low: float, high: float) -> list[float]:
    """Return the powers of ten from `low` to `high`, both positive."""
    first, last = math.ceil(math.log10(low) - 1e-9), math.floor(math.log10(high) + 1e-9)
    return [10.0**power for power in range(first, last + 1)]


def ticks(scale: Scale) -> list[tuple[float, str]]:
    """Return values and texts of the marks of an axis."""
    found = log_ticks(scale.low, scale.high) if scale.log else linear_ticks(scale.low, scale.high)
    return [(value, tick_text(value)) for value in found]


def tick_text(value: float) -> str:
    """Return a mark's number without needless digits."""
    return f"{value:.6g}".replace("-", "\N{MINUS SIGN}")


def round_up(value: float) -> float:
    """Return the next of 1, 2, 2.5 and 5 times a power of ten; 1 for what is not positive."""
    if not value > 0.0 or not math.isfinite(value):
        return 1.0
    power = 10.0 ** math.floor(math.log10(value))
    return next(step * power for step in _STEPS if step * power >= value * (1.0 - 1e-9))
