"""Declare a setting: default, unit, range and one line of description, in one place."""

from __future__ import annotations

import dataclasses
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

SCALARS = (bool, int, float, str)
_METADATA_KEY = "rl_control.setting"


@dataclass(frozen=True)
class FieldInfo:
    """What is known of one setting.

    Attributes:
        key: dotted name, "group.name".
        type: bool, int, float or str; of one item where the setting is a list.
        is_list: whether the value is a tuple of such items.
        default: value when none is given.
        doc: one-line description.
        unit: SI unit as text; "" where there is none.
        low: least value allowed (of every item), or None.
        high: greatest value allowed (of every item), or None.
        choices: the only values allowed (of every item), or None.
        live: whether it may change while running; it then takes effect between two solves.
        length: number of items a list must have, or None for any.
    """

    key: str
    type: type
    is_list: bool
    default: Any
    doc: str
    unit: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[Any, ...] | None = None
    live: bool = False
    length: int | None = None

    @property
    def group(self) -> str:
        """The key without its last part; "" at the top."""
        return self.key.rpartition(".")[0]


def setting(
    default: Any = dataclasses.MISSING,
    *,
    doc: str,
    unit: str = "",
    low: float | None = None,
    high: float | None = None,
    choices: Sequence[Any] | None = None,
    live: bool = False,
    length: int | None = None,
    default_factory: Callable[[], Any] | None = None,
) -> Any:
    """Return a dataclass field that carries everything known of a setting.

    Args:
        default: value when none is given; a tuple for a list.
        doc: one-line description.
        unit: SI unit, such as "s", "rad", "N m".
        low: least value allowed, of every item of a list.
        high: greatest value allowed, of every item of a list.
        choices: the only values allowed.
        live: the setting may change while running.
        length: number of items a list must have.
        default_factory: makes the default; a config class here makes a group of settings.

    Raises:
        TypeError: if there is not exactly one of `default` and `default_factory`.
    """
    if (default is dataclasses.MISSING) == (default_factory is None):
        raise TypeError("setting() needs either a default or a default_factory")
    metadata = {
        "doc": doc,
        "unit": unit,
        "low": low,
        "high": high,
        "choices": None if choices is None else tuple(choices),
        "live": live,
        "length": length,
    }
    if default_factory is not None:
        return dataclasses.field(
            default_factory=default_factory, metadata={_METADATA_KEY: metadata}
        )
    return dataclasses.field(default=default, metadata={_METADATA_KEY: metadata})


def members(cls: type) -> tuple[tuple[str, Any, Any], ...]:
    """Return (name, type, dataclass field) of every member of the config class `cls`.

    Raises:
        TypeError: if `cls` is no dataclass.
    """
    if not dataclasses.is_dataclass(cls):
        raise TypeError(f"{cls.__name__} is not a dataclass: decorate it @dataclass(frozen=True)")
    hints = typing.get_type_hints(cls)
    return tuple((f.name, hints[f.name], f) for f in dataclasses.fields(cls))


def fields_of(cls: type, prefix: str = "") -> tuple[FieldInfo, ...]:
    """Return every setting of the config class `cls`, those of its groups included.

    Args:
        cls: a config class.
        prefix: text put before every key, such as "mpc.".

    Raises:
        TypeError: if a field was not made by `setting`, or has a type that settings cannot have.
    """
    found: list[FieldInfo] = []
    for name, hint, field in members(cls):
        if dataclasses.is_dataclass(hint):
            found += fields_of(typing.cast(type, hint), f"{prefix}{name}.")
        else:
            found.append(_field_info(cls, prefix + name, hint, field))
    return tuple(found)


def _field_info(cls: type, key: str, hint: Any, field: Any) -> FieldInfo:
    where = f"{cls.__name__}.{field.name}"
    if _METADATA_KEY not in field.metadata:
        raise TypeError(f"{where}: make it with setting(default, doc=...)")
    is_list = typing.get_origin(hint) is tuple
    item = typing.get_args(hint)[0] if is_list else hint
    if item not in SCALARS or (is_list and typing.get_args(hint)[1:] != (...,)):
        raise TypeError(
            f"{where}: give it the type bool, int, float, str or tuple[one of them, ...]"
        )
    default = field.default
    if default is dataclasses.MISSING:
        default = field.default_factory()
    return FieldInfo(key, item, is_list, default, **field.metadata[_METADATA_KEY])
