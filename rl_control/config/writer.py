"""Write settings for people: a commented ROS 2 parameter file, a table for the documentation."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import yaml

from rl_control.config.build import flatten
from rl_control.config.fields import FieldInfo, fields_of
from rl_control.config.reader import ROS_KEY


def to_yaml(config: object, node: str = "/**") -> str:
    """Return `config` as the text of a ROS 2 parameter file, each value with unit and meaning.

    Args:
        config: a config.
        node: node name the parameters are for; "/**" for every node.
    """
    flat = flatten(config)
    lines = [f"{_text(node)}:", f"  {ROS_KEY}:"]
    open_group: list[str] = []
    for info in fields_of(type(config)):
        *group, name = info.key.split(".")
        shared = _shared_length(open_group, group)
        lines += [f"{_indent(depth)}{group[depth]}:" for depth in range(shared, len(group))]
        open_group = group
        comment = f"[{info.unit}] {info.doc}" if info.unit else info.doc
        lines.append(f"{_indent(len(group))}{name}: {value_text(flat[info.key])}  # {comment}")
    return "\n".join(lines) + "\n"


def markdown_table(
    fields: Iterable[FieldInfo], live: Callable[[FieldInfo], bool] | None = None
) -> str:
    """Return settings as a Markdown table for the documentation; empty columns are left out.

    Args:
        fields: the settings, as from `fields_of`.
        live: says which may change while running, where that is another than `FieldInfo.live`.
    """
    header = ["setting", "default", "unit", "allowed", "live", "meaning"]
    rows = [
        [
            f"`{info.key}`",
            f"`{value_text(info.default)}`",
            info.unit,
            allowed_text(info),
            "yes" if (info.live if live is None else live(info)) else "",
            info.doc,
        ]
        for info in fields
    ]
    kept = [k for k in range(len(header)) if any(row[k] for row in rows)]
    table = [[row[k] for k in kept] for row in (header, ["---"] * len(header), *rows)]
    return "".join("| " + " | ".join(c.replace("|", "\\|") for c in row) + " |\n" for row in table)


def allowed_text(info: FieldInfo) -> str:
    """Return the values a setting allows, in few words; "" where any will do."""
    parts: list[str] = []
    if info.choices is not None:
        parts.append(", ".join(str(choice) for choice in info.choices))
    if info.low is not None or info.high is not None:
        low = "" if info.low is None else f"{info.low:g}"
        high = "" if info.high is None else f"{info.high:g}"
        parts.append(f"{low}..{high}")
    if info.length is not None:
        parts.append(f"{info.length} values")
    return "; ".join(parts)


def value_text(value: Any) -> str:
    """Return a setting's value as YAML that both PyYAML and ROS 2 read back as the same value."""
    if isinstance(value, tuple):
        return "[" + ", ".join(value_text(item) for item in value) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _float_text(value)
    return _text(value) if isinstance(value, str) else str(value)


def _float_text(value: float) -> str:
    text = repr(value)
    # YAML 1.1 readers take "1e-05" for a text: they want the decimal point.
    return text.replace("e", ".0e") if "e" in text and "." not in text else text


def _text(value: str) -> str:
    quoted: str = yaml.safe_dump(value, default_style='"', width=2**31)
    return quoted.rstrip("\n")


def _indent(depth: int) -> str:
    return "  " * (depth + 2)


def _shared_length(first: list[str], second: list[str]) -> int:
    length = 0
    while length < min(len(first), len(second)) and first[length] == second[length]:
        length += 1
    return length
