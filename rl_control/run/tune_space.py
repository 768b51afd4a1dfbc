"""What a search varies: settings of the controller that may change while it runs, and how far."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from rl_control.config import FieldInfo, fields_of, flatten, from_flat
from rl_control.errors import ConfigError, UnknownNameError
from rl_control.run.reach_settings import RigConfig

DEFAULT = (
    "task.weights.tip_position",
    "task.weights.posture",
    "task.weights.velocity",
    "task.weights.effort",
    "task.terminal.velocity",
)
_FAR = 100.0  # times the toolkit's default, up and down, that is searched if no range is given
_GROUPS = ("task.weights", "task.terminal")
_ALSO = ("mpc.actuation_delay", "mpc.iterations", "velocity_scale", "effort_scale")


@dataclass(frozen=True)
class Dimension:
    """A setting and the range in which it is searched.

    Attributes:
        key: of the setting. A list of one entry a joint is scaled as a whole; the number then is
            the geometric mean of its entries.
        low: least value.
        high: greatest value.
        log: whether the logarithm is searched evenly.
        whole: whether only whole numbers count.
    """

    key: str
    low: float
    high: float
    log: bool
    whole: bool = False


def searchable() -> dict[str, FieldInfo]:
    """Return the settings that can be searched, by key."""
    infos = {info.key: info for info in fields_of(RigConfig)}
    return {k: info for k, info in infos.items() if info.group in _GROUPS or k in _ALSO}


def read_search(texts: Sequence[str]) -> tuple[Dimension, ...]:
    """Return the dimensions named on a command line: NAME, NAME=LOW:HIGH or NAME=LOW:HIGH:log.

    Args:
        texts: none for the default ones.

    Raises:
        UnknownNameError: if a setting cannot be searched.
        ConfigError: if a range is malformed, leaves the setting's own, or a name comes twice.
    """
    dimensions = tuple(_dimension(text) for text in texts or DEFAULT)
    keys = [dimension.key for dimension in dimensions]
    for key in keys:
        if keys.count(key) > 1:
            raise ConfigError("command line", "--search", f"{key} is given twice", "Give it once.")
    return dimensions


def numbers_of(config: RigConfig, dimensions: Sequence[Dimension]) -> dict[str, float]:
    """Return the present value of each dimension, by key."""
    flat = flatten(config)
    return {dimension.key: _number(flat[dimension.key]) for dimension in dimensions}


def with_numbers(config: RigConfig, numbers: Mapping[str, float]) -> RigConfig:
    """Return the config with these dimensions at these values."""
    flat, infos = flatten(config), searchable()
    values = {key: _value(flat[key], number, infos[key]) for key, number in numbers.items()}
    return from_flat(RigConfig, values, "search", base=config)


def _dimension(text: str) -> Dimension:
    key, given, span = text.partition("=")
    infos = searchable()
    if key not in infos:
        raise UnknownNameError("setting to search", key, list(infos))
    info = infos[key]
    whole = info.type is int
    if not given:
        low, high = _default_range(info)
        return Dimension(key, low, high, log=low > 0.0, whole=whole)
    parts = span.split(":")
    try:
        low, high = float(parts[0]), float(parts[1])
    except (IndexError, ValueError):
        raise _malformed(text) from None
    if parts[2:] not in ([], ["log"]):
        raise _malformed(text)
    dimension = Dimension(key, low, high, log=len(parts) == 3, whole=whole)
    _check(dimension, info)
    return dimension


def _check(dimension: Dimension, info: FieldInfo) -> None:
    """Refuse a range that is none, or wider than the setting's own."""
    low, high = dimension.low, dimension.high
    problem = ""
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        problem = f"found {low:g}:{high:g}, which is no range"
    elif dimension.log and low <= 0.0:
        problem = f"found {low:g}:{high:g}:log, but zero has no logarithm"
    elif (info.low is not None and low < info.low) or (info.high is not None and high > info.high):
        problem = f"found {low:g}:{high:g}, beyond what {dimension.key} may be"
    if problem:
        least = -math.inf if info.low is None else info.low
        most = math.inf if info.high is None else info.high
        raise ConfigError(
            "command line", "--search", problem, f"Choose LOW < HIGH within {least:g} to {most:g}."
        )


def _default_range(info: FieldInfo) -> tuple[float, float]:
    if info.key in _ALSO:
        assert info.low is not None and info.high is not None
        return float(info.low), float(info.high)
    middle = _number(info.default) or 1.0
    return middle / _FAR, middle * _FAR


def _number(value: float | tuple[float, ...]) -> float:
    if not isinstance(value, tuple):
        return float(value)
    if len(set(value)) == 1:
        return float(value[0])
    if min(value) <= 0.0:
        return float(np.mean(value))
    return float(np.exp(np.mean(np.log(value))))


def _value(
    present: float | tuple[float, ...], number: float, info: FieldInfo
) -> float | tuple[float, ...]:
    if not isinstance(present, tuple):
        return round(number) if info.type is int else number
    before = _number(present)
    if len(present) == 1 or before == 0.0:
        return (number,) * len(present)
    return tuple(number / before * entry for entry in present)


def _malformed(text: str) -> ConfigError:
    remedy = "Write NAME, NAME=LOW:HIGH or NAME=LOW:HIGH:log."
    return ConfigError("command line", "--search", f"found '{text}'", remedy)
