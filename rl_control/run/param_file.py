"""The text of a ROS 2 parameter file, from values by dotted key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rl_control.config.reader import ROS_KEY
from rl_control.config.writer import value_text


def parameter_lines(node: str, values: Mapping[str, Any], comments: Mapping[str, str]) -> list[str]:
    """Return the lines that give a node its parameters, groups indented under their names.

    Args:
        node: name or pattern of the node.
        values: by dotted key; those of a group follow each other.
        comments: by key; what there is to say of a value.

    An empty list is written as a comment: ROS 2 cannot tell of what it would be a list.
    """
    lines, open_group = [f"{value_text(node)}:", f"  {ROS_KEY}:"], list[str]()
    for key, value in values.items():
        *group, name = key.split(".")
        shared = 0
        while shared < min(len(group), len(open_group)) and group[shared] == open_group[shared]:
            shared += 1
        lines += [f"{'  ' * (depth + 2)}{group[depth]}:" for depth in range(shared, len(group))]
        open_group = group
        text = value_text(tuple(value) if isinstance(value, list) else value)
        comment = f"  # {comments[key]}" if comments.get(key) else ""
        hidden = "# " if text == "[]" else ""
        lines.append(f"{'  ' * (len(group) + 2)}{hidden}{name}: {text}{comment}")
    return lines


def grouped(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values so that those of a group follow each other, single ones first.

    The order is otherwise that in which keys and groups come.
    """
    heads: dict[str, dict[str, Any]] = {}
    alone: dict[str, Any] = {}
    for key, value in values.items():
        head, dot, rest = key.partition(".")
        if dot:
            heads.setdefault(head, {})[rest] = value
        else:
            alone[key] = value
    for head, inner in heads.items():
        alone |= {f"{head}.{key}": value for key, value in grouped(inner).items()}
    return alone
