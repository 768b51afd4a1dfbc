"""Build a config from dotted keys and values, refusing whatever is not exactly right."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from rl_control.config.fields import FieldInfo, fields_of, members
from rl_control.errors import ConfigError, nearest

T = TypeVar("T")

_KINDS = {bool: "a boolean", int: "an integer", float: "a number", str: "a text"}
_REMEDIES = {
    bool: "Write true or false.",
    int: "Write a whole number without a decimal point.",
    float: "Write a finite number.",
    str: "Write a text; put it in quotes if it looks like a number or a boolean.",
}


@dataclass(frozen=True)
class Given:
    """A value, and where it came from ("file.yaml:12", "command line", ...)."""

    value: Any
    source: str


def from_flat(cls: type[T], values: Mapping[str, Any], source: str, base: T | None = None) -> T:
    """Return a config with the given values and, for the rest, those of `base` or the defaults.

    Args:
        cls: a config class.
        values: {"group.name": value}.
        source: where the values came from; named in errors.
        base: config that gives the values not in `values`.

    Raises:
        ConfigError: if a key is unknown or a value is not allowed.
    """
    return build(cls, {key: Given(value, source) for key, value in values.items()}, base)


def build(cls: type[T], values: Mapping[str, Given], base: T | None = None) -> T:
    """Like `from_flat`, with a source for every value."""
    infos = {info.key: info for info in fields_of(cls)}
    flat = {key: info.default for key, info in infos.items()} if base is None else flatten(base)
    flat = {key: check(infos[key], value, "default") for key, value in flat.items()}
    for key, given in values.items():
        if key not in infos:
            raise unknown_key(key, given.source, infos)
        flat[key] = check(infos[key], given.value, given.source)
    return _construct(cls, flat, "")


def flatten(config: object) -> dict[str, Any]:
    """Return {"group.name": value} of every setting of `config`, in order of declaration."""
    flat: dict[str, Any] = {}
    for name, hint, _ in members(type(config)):
        value = getattr(config, name)
        if dataclasses.is_dataclass(hint):
            flat.update({f"{name}.{key}": inner for key, inner in flatten(value).items()})
        else:
            flat[name] = value
    return flat


def validate(config: object, source: str = "config") -> None:
    """Check every setting of `config`, however it was made.

    Raises:
        ConfigError: if a value is not allowed.
    """
    flat = flatten(config)
    for info in fields_of(type(config)):
        check(info, flat[info.key], source)


def check(info: FieldInfo, value: Any, source: str) -> Any:
    """Return `value` as the setting's own type (an int becomes a float, a list a tuple).

    Raises:
        ConfigError: if the value is not allowed.
    """
    if not info.is_list:
        return _check_item(info, info.key, value, source)
    if isinstance(value, str) or not isinstance(value, (list, tuple)):
        raise ConfigError(
            source, info.key, f"found {show(value)}, expected a list", "Write it as [a, b, c]."
        )
    if info.length is not None and len(value) != info.length:
        problem = f"found {len(value)} values, expected {info.length}"
        raise ConfigError(source, info.key, problem, f"Give a list of {info.length} values.")
    return tuple(
        _check_item(info, f"{info.key}[{i}]", item, source) for i, item in enumerate(value)
    )


def _check_item(info: FieldInfo, key: str, value: Any, source: str) -> Any:
    if type(value) is int and not -(2**63) <= value < 2**63:
        raise ConfigError(source, key, "found an integer beyond 64 bits", _REMEDIES[info.type])
    if info.type is float and type(value) is int:
        value = float(value)
    found: Any = type(value)
    if found is not info.type:
        problem = f"found {show(value)}, expected {_KINDS[info.type]}"
        raise ConfigError(source, key, problem, _REMEDIES[info.type])
    if info.type is float and not math.isfinite(value):
        raise ConfigError(source, key, f"found {value}, expected a finite number", _REMEDIES[float])
    if info.choices is not None and value not in info.choices:
        best = nearest(str(value), [str(choice) for choice in info.choices])
        hint = f"Did you mean '{best}'? " if best else ""
        allowed = ", ".join(str(choice) for choice in info.choices)
        raise ConfigError(
            source, key, f"found {show(value)}, not one of the choices", f"{hint}Choose: {allowed}."
        )
    _check_range(info, key, value, source)
    return value


def _check_range(info: FieldInfo, key: str, value: Any, source: str) -> None:
    too_low = info.low is not None and value < info.low
    too_high = info.high is not None and value > info.high
    if too_low or too_high:
        raise ConfigError(
            source,
            key,
            f"found {show(value)}, out of range",
            f"Choose a value {range_text(info)}.",
        )


def range_text(info: FieldInfo) -> str:
    """Return the range in words, with the unit; "" where there is none."""
    unit = f" {info.unit}" if info.unit else ""
    if info.low is not None and info.high is not None:
        return f"from {info.low} to {info.high}{unit}"
    if info.low is not None:
        return f"of at least {info.low}{unit}"
    if info.high is not None:
        return f"of at most {info.high}{unit}"
    return ""


def show(value: Any) -> str:
    """Return a value as a person would write it in a settings file."""
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"'{value}'"
    return str(value)


def unknown_key(key: str, source: str, valid: Mapping[str, FieldInfo]) -> ConfigError:
    """Return the error for a key that is no setting, with the nearest one that is."""
    inside = [name for name in valid if name.startswith(f"{key}.")]
    if inside:
        return ConfigError(
            source, key, "is a group, not a single value", f"Its settings: {', '.join(inside)}."
        )
    best = nearest(key, valid)
    hint = f"Did you mean '{best}'? " if best else ""
    group = key.rpartition(".")[0]
    siblings = [info.key for info in valid.values() if info.group == group]
    listed = siblings if siblings and best in (None, *siblings) else list(valid)
    return ConfigError(source, key, "unknown setting", f"{hint}Valid: {', '.join(listed)}.")


def _construct(cls: type[T], flat: Mapping[str, Any], prefix: str) -> T:
    arguments: dict[str, Any] = {}
    for name, hint, _ in members(cls):
        if dataclasses.is_dataclass(hint):
            arguments[name] = _construct(hint, flat, f"{prefix}{name}.")  # type: ignore[arg-type]
        else:
            arguments[name] = flat[prefix + name]
    return cls(**arguments)
