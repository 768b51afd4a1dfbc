"""Settings as command-line flags: `--group.name VALUE`, `--group.name` / `--no-group.name`."""

from __future__ import annotations

import argparse
from typing import Any, TypeVar

from rl_control.config.build import Given, build, flatten
from rl_control.config.fields import FieldInfo, fields_of
from rl_control.config.reader import parse_scalar
from rl_control.config.writer import allowed_text, value_text

T = TypeVar("T")


def add_flags(
    parser: argparse.ArgumentParser,
    cls: type,
    prefix: str = "",
    title: str | None = None,
    base: object | None = None,
) -> None:
    """Add one flag for every setting of the config class `cls`, in a help group of its own.

    Args:
        parser: what the flags are added to.
        cls: a config class.
        prefix: text put before every key, such as "mpc.", so that configs do not collide.
        title: heading of the flags in the help.
        base: config whose values are told as the defaults, if not those of `cls`; the one that
            will be given to `from_args`.
    """
    group = parser.add_argument_group(title or f"settings ({cls.__name__})")
    values = flatten(base) if base is not None else {}
    for info in fields_of(cls, prefix):
        default = values.get(info.key[len(prefix) :], info.default)
        options: dict[str, Any] = {
            "dest": info.key,
            "default": argparse.SUPPRESS,
            "help": _help(info, default).replace("%", "%%"),
        }
        if info.type is bool and not info.is_list:
            options["action"] = argparse.BooleanOptionalAction
        else:
            options["metavar"] = info.unit.replace(" ", "") or info.type.__name__.upper()
            options["nargs"] = "+" if info.is_list else None
        group.add_argument(f"--{info.key}", **options)


def from_args(cls: type[T], args: argparse.Namespace, base: T | None = None, prefix: str = "") -> T:
    """Return a config from parsed flags; `base` or the defaults give what no flag gave.

    Args:
        cls: the config class given to `add_flags`.
        args: what the parser returned.
        base: config that gives the values no flag gave (read from a file, say).
        prefix: the prefix given to `add_flags`.

    Raises:
        ConfigError: if a flag's value is not allowed.
    """
    given = vars(args)
    values = {
        info.key: Given(_parse(full, given[full.key]), f"command line: --{full.key}")
        for info, full in zip(fields_of(cls), fields_of(cls, prefix), strict=True)
        if full.key in given
    }
    return build(cls, values, base)


def _help(info: FieldInfo, default: Any) -> str:
    unit = f" [{info.unit}]" if info.unit else ""
    facts = [allowed_text(info), f"default {value_text(default)}"]
    return f"{info.doc}{unit} ({'; '.join(fact for fact in facts if fact)})"


def _parse(info: FieldInfo, raw: Any) -> Any:
    """Return the value of a flag; commas may separate the items of a list, as spaces do."""
    if info.is_list:
        items = [part.strip() for text in raw for part in text.split(",") if part.strip()]
        return [_parse_item(info, item) for item in items]
    return raw if isinstance(raw, bool) else _parse_item(info, raw)


def _parse_item(info: FieldInfo, text: str) -> Any:
    return text if info.type is str else parse_scalar(text)
