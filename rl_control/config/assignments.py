"""Settings as texts NAME=VALUE, as people write them on a command line."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rl_control.config.reader import parse_scalar
from rl_control.errors import ConfigError

_WORDS: dict[type, str] = {
    bool: "true or false",
    int: "a whole number",
    float: "a number",
    str: "a text",
}


def assignments(words: Iterable[str], where: str) -> dict[str, str]:
    """Return {name: text} of words NAME=VALUE.

    A list that a shell has split at its blanks is put together again.

    Args:
        words: of the command line.
        where: what they follow on it, such as "--set"; named in errors.

    Raises:
        ConfigError: if a word is no assignment, or a name comes twice.
    """
    joined: list[str] = []
    for word in words:
        if joined and joined[-1].count("[") > joined[-1].count("]"):
            joined[-1] += f" {word}"
        else:
            joined.append(word)
    values: dict[str, str] = {}
    for word in joined:
        name, mark, text = word.partition("=")
        name = name.strip()
        if not mark or not name:
            raise ConfigError("command line", where, f"found '{word}'", "Write NAME=VALUE.")
        if name in values:
            raise ConfigError("command line", where, f"{name} is given twice", "Give it once.")
        values[name] = text.strip()
    return values


def read_text(name: str, kind: type, is_list: bool, given: Any) -> Any:
    """Return a value of the type that a setting has; a list as a tuple.

    A list may be written with brackets or without them; a single value is a list of one.

    Args:
        name: of the setting.
        kind: bool, int, float or str: of the value, or of each in a list.
        is_list: whether it is a list.
        given: a text, or what a YAML file gives.

    Raises:
        ConfigError: if it is not of that type.
    """
    if not is_list:
        return _scalar(name, kind, given)
    if isinstance(given, str):
        inner = given.strip()
        inner = inner[1:-1] if inner.startswith("[") and inner.endswith("]") else inner
        given = [item.strip() for item in inner.split(",") if item.strip()]
    items = given if isinstance(given, (list, tuple)) else [given]
    return tuple(_scalar(name, kind, item) for item in items)


def kind_in_words(kind: type, is_list: bool) -> str:
    """Return the type of a setting in words."""
    return f"a list, each {_WORDS[kind]}" if is_list else _WORDS[kind]


def _scalar(name: str, kind: type, given: Any) -> Any:
    if kind is str:
        return _unquoted(given) if isinstance(given, str) else str(given)
    value = parse_scalar(given) if isinstance(given, str) else given
    if kind is float and type(value) is int:
        value = float(value)
    if type(value) is not kind:
        raise ConfigError("command line", name, f"found '{given}'", f"Give {_WORDS[kind]}.")
    return value


def _unquoted(text: str) -> str:
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    return text[1:-1] if quoted else text
