"""The values of parameters: from a text to the declared type, and what is allowed in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rcl_interfaces.msg import ParameterDescriptor
from rclpy.parameter import Parameter

from rl_control.config.reader import parse_scalar
from rl_control.errors import ConfigError

_SCALARS = {
    Parameter.Type.BOOL: (bool, "true or false"),
    Parameter.Type.INTEGER: (int, "a whole number"),
    Parameter.Type.DOUBLE: (float, "a number"),
    Parameter.Type.STRING: (str, "a text"),
}
_LISTS = {
    Parameter.Type.BOOL_ARRAY: Parameter.Type.BOOL,
    Parameter.Type.INTEGER_ARRAY: Parameter.Type.INTEGER,
    Parameter.Type.DOUBLE_ARRAY: Parameter.Type.DOUBLE,
    Parameter.Type.STRING_ARRAY: Parameter.Type.STRING,
}


@dataclass(frozen=True)
class Known:
    """What a node says of one of its parameters.

    Attributes:
        kind: type that it has.
        value: in force; a list as a tuple, None where it has none.
        descriptor: meaning and range.
    """

    kind: Parameter.Type
    value: Any
    descriptor: ParameterDescriptor

    @property
    def read_only(self) -> bool:
        """Whether it cannot change while the node runs."""
        return bool(self.descriptor.read_only)


def read_text(known: Known, given: Any) -> Any:
    """Return a value of a parameter's type.

    Args:
        known: the parameter.
        given: a text, or what a YAML file gives.

    Raises:
        ConfigError: if it is not of that type.
    """
    name = known.descriptor.name
    if known.kind not in _LISTS:
        return _scalar(name, known.kind, given)
    if isinstance(given, str):
        inner = given.strip()
        inner = inner[1:-1] if inner.startswith("[") and inner.endswith("]") else inner
        given = [item.strip() for item in inner.split(",") if item.strip()]
    items = given if isinstance(given, (list, tuple)) else [given]
    return tuple(_scalar(name, _LISTS[known.kind], item) for item in items)


def type_name(known: Known) -> str:
    """Return a parameter's type in words."""
    if known.kind in _LISTS:
        return f"a list, each {_SCALARS[_LISTS[known.kind]][1]}"
    return _SCALARS[known.kind][1] if known.kind in _SCALARS else known.kind.name.lower()


def range_of(descriptor: ParameterDescriptor) -> str:
    """Return the range of a number in words; "" where there is none."""
    for span in (*descriptor.floating_point_range, *descriptor.integer_range):
        low, high = span.from_value, span.to_value
        parts = [f"at least {low:g}" if low > -(2.0**62) else ""]
        parts.append(f"at most {high:g}" if high < 2.0**62 else "")
        return ", ".join(part for part in parts if part)
    return ""


def _scalar(name: str, kind: Parameter.Type, given: Any) -> Any:
    wanted, words = _SCALARS.get(kind, (str, "a text"))
    value = parse_scalar(given) if isinstance(given, str) and wanted is not str else given
    if wanted is float and type(value) is int:
        value = float(value)
    if wanted is str:
        return _unquoted(given) if isinstance(given, str) else str(given)
    if type(value) is not wanted:
        raise ConfigError("command line", name, f"found '{given}'", f"Give {words}.")
    return value


def _unquoted(text: str) -> str:
    quoted = len(text) > 1 and text[0] == text[-1] and text[0] in "'\""
    return text[1:-1] if quoted else text
