"""The values of parameters: from a text to the declared type, and what is allowed in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rcl_interfaces.msg import ParameterDescriptor
from rclpy.parameter import Parameter

from rl_control.config import assignments

_TYPES: dict[Any, tuple[type, bool]] = {
    Parameter.Type.BOOL: (bool, False),
    Parameter.Type.INTEGER: (int, False),
    Parameter.Type.DOUBLE: (float, False),
    Parameter.Type.STRING: (str, False),
    Parameter.Type.BOOL_ARRAY: (bool, True),
    Parameter.Type.INTEGER_ARRAY: (int, True),
    Parameter.Type.DOUBLE_ARRAY: (float, True),
    Parameter.Type.STRING_ARRAY: (str, True),
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
    kind, is_list = _TYPES.get(known.kind, (str, False))
    return assignments.read_text(known.descriptor.name, kind, is_list, given)


def type_name(known: Known) -> str:
    """Return a parameter's type in words."""
    if known.kind not in _TYPES:
        return known.kind.name.lower()
    return assignments.kind_in_words(*_TYPES[known.kind])


def range_of(descriptor: ParameterDescriptor) -> str:
    """Return the range of a number in words; "" where there is none."""
    for span in (*descriptor.floating_point_range, *descriptor.integer_range):
        low, high = span.from_value, span.to_value
        parts = [f"at least {low:g}" if low > -(2.0**62) else ""]
        parts.append(f"at most {high:g}" if high < 2.0**62 else "")
        return ", ".join(part for part in parts if part)
    return ""
