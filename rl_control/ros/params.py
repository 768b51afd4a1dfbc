"""ROS parameters from a config dataclass: declared once, read back, checked by our own rules.

rclpy alone ignores unknown names, accepts lists of any length and raises on an int where a double
is meant. Here every value given from outside is checked by `rl_control.config` first.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import yaml
from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
)
from rclpy.node import Node
from rclpy.parameter import Parameter

from rl_control.config import FieldInfo, fields_of, flatten, from_flat, load
from rl_control.config.build import Given
from rl_control.config.reader import read_values
from rl_control.errors import ConfigError
from rl_control.run.launch_file import EXECUTABLES

T = TypeVar("T")

_TYPES = {
    (bool, False): Parameter.Type.BOOL,
    (int, False): Parameter.Type.INTEGER,
    (float, False): Parameter.Type.DOUBLE,
    (str, False): Parameter.Type.STRING,
    (bool, True): Parameter.Type.BOOL_ARRAY,
    (int, True): Parameter.Type.INTEGER_ARRAY,
    (float, True): Parameter.Type.DOUBLE_ARRAY,
    (str, True): Parameter.Type.STRING_ARRAY,
}
# Every node declares these itself.
ROS_OWN = ("use_sim_time", "start_type_description_service", "qos_overrides")
_SLIP = 0.8  # likeness from which on a name is taken for another one misspelt


def check_files(arguments: Sequence[str], cls: type, node_name: str) -> None:
    """Check the parameter files among ROS arguments before rclpy reads them.

    Here an error can name file and line, which rclpy's own cannot. Names given by the arguments
    ("__node:=name", "__ns:=/space") count.

    Raises:
        ConfigError: if a file cannot be read, or holds what config class `cls` does not allow.
    """
    remapped = {"__ns": "", "__node": node_name}
    for text in arguments:
        name, mark, value = text.partition(":=")
        if mark:
            remapped[name] = value
    full_name = f"{remapped['__ns'].rstrip('/')}/{remapped['__node']}"
    for flag, value in pairwise(arguments):
        if flag == "--params-file":
            load(cls, Path(value), section=full_name)
            _refuse_empty(read_values(Path(value), cls, full_name))
            _refuse_foreign(Path(value), remapped["__node"], node_name)


def _refuse_empty(values: Mapping[str, Given]) -> None:
    """Refuse an empty list: ROS cannot tell of what it is one, and gives the node nothing.

    Raises:
        ConfigError: if there is one.
    """
    for key, given in values.items():
        if given.value == []:
            raise ConfigError(
                given.source, key, "found an empty list, which ROS 2 cannot read from a file",
                "Leave the line out.",
            )  # fmt: skip


def _refuse_foreign(path: Path, node_name: str, own_name: str) -> None:
    """Refuse a file that was meant for this node, but names it wrongly: ROS would ignore it.

    A file for another one of our nodes passes: a launch file gives all of its nodes the same file.

    Raises:
        ConfigError: if no section is for this node, and either none is for a known one, or one
            has a name that is nearly a known one, or that this node has where it is not renamed.
    """
    names = list(_sections(yaml.safe_load(path.read_text(encoding="utf-8")), ""))
    plain = {name.rpartition("/")[2] for name in names}
    if not names or {node_name, "*", "**"} & plain:
        return
    known = {node_name, *EXECUTABLES} - ({own_name} - {node_name})
    strangers = sorted(plain - known)
    slips = [(own_name, node_name)] if own_name in strangers else _slips(strangers, known)
    if slips or not plain & known:
        found, meant = slips[0] if slips else ("", node_name)
        hint = f"Did you mean '{meant}' by '{found}'? " if slips else ""
        raise ConfigError(
            str(path),
            ", ".join(names),
            f"found no section for node '{node_name}'",
            f"{hint}Name the section '{meant}' or '/**'.",
        )


def _slips(strangers: Iterable[str], known: Iterable[str]) -> list[tuple[str, str]]:
    """Return names that are nearly known ones, each with the one that it nearly is."""
    near = [(name, get_close_matches(name, list(known), 1, _SLIP)) for name in strangers]
    return [(name, found[0]) for name, found in near if found]


def _sections(tree: Any, name: str) -> Iterator[str]:
    """Yield the names of the nodes a parameter file is for."""
    if not isinstance(tree, Mapping):
        return
    for key, inner in tree.items():
        if key == "ros__parameters":
            yield name
        else:
            yield from _sections(inner, str(key))


def declare(
    node: Node,
    cls: type[T],
    live: Collection[str] = (),
    defaults: Callable[[Mapping[str, Any]], T | None] = lambda given: None,
) -> T:
    """Declare every setting of config class `cls` on `node`; return the config.

    The parameters then show what is in force, whoever gave it.

    The node must have been made with `automatically_declare_parameters_from_overrides=True`, so
    that everything given from outside shows, known or not.

    Args:
        node: what the parameters are of.
        cls: a config class.
        live: settings that may be set while running (`live_keys`); all others are read-only.
        defaults: makes the config whose values count where none is given, of the values that are
            given; None for the defaults of `cls`.

    Raises:
        ConfigError: if a parameter given to the node is unknown or not allowed.
    """
    given = {
        name: plain_value(parameter.value)
        for name, parameter in node.get_parameters_by_prefix("").items()
        if name.partition(".")[0] not in ROS_OWN
    }
    source = f"parameters of node '{node.get_name()}'"
    from_flat(cls, given, source)
    config = from_flat(cls, given, source, base=defaults(given))
    for name in given:
        node.undeclare_parameter(name)
    flat = flatten(config)
    for info in fields_of(cls):
        _declare_one(node, info, flat[info.key], read_only=info.key not in live)
    return config


def live_keys(cls: type, groups: Sequence[str]) -> frozenset[str]:
    """Return the live settings of config class `cls` among those that a node passes on.

    Args:
        cls: a config class.
        groups: what it passes on: groups of settings ("task.weights") and single ones.
    """
    return frozenset(
        info.key
        for info in fields_of(cls)
        if info.live and any(f"{info.key}.".startswith(f"{group}.") for group in groups)
    )


def parameter_type(info: FieldInfo) -> Parameter.Type:
    """Return the type of the parameter that a setting is."""
    return _TYPES[info.type, info.is_list]


def plain_value(value: Any) -> Any:
    """Return a parameter's value with arrays as lists."""
    return list(value) if hasattr(value, "__iter__") and not isinstance(value, str) else value


def descriptor_of(info: FieldInfo, read_only: bool) -> ParameterDescriptor:
    """Return the descriptor of a setting: description with unit, range, protection."""
    text = f"{info.doc} [{info.unit}]" if info.unit else info.doc
    if info.choices is not None:
        text += f"; one of: {', '.join(str(choice) for choice in info.choices)}"
    descriptor = ParameterDescriptor(
        name=info.key,
        type=parameter_type(info).value,
        description=text,
        read_only=read_only,
    )
    if info.length is not None:
        descriptor.additional_constraints = f"{info.length} values"
    _add_range(descriptor, info)
    return descriptor


def _add_range(descriptor: ParameterDescriptor, info: FieldInfo) -> None:
    if info.low is None and info.high is None:
        return
    if info.type is float:
        low = float("-inf") if info.low is None else float(info.low)
        high = float("inf") if info.high is None else float(info.high)
        descriptor.floating_point_range = [FloatingPointRange(from_value=low, to_value=high)]
    elif info.type is int:
        low = -(2**63) if info.low is None else int(info.low)
        high = 2**63 - 1 if info.high is None else int(info.high)
        descriptor.integer_range = [IntegerRange(from_value=low, to_value=high)]


def _declare_one(node: Node, info: FieldInfo, value: Any, read_only: bool) -> None:
    descriptor = descriptor_of(info, read_only)
    if info.is_list and not value:
        # rclpy takes an empty list for bytes: declare the type, then set, then protect.
        kind = parameter_type(info)
        node.declare_parameter(info.key, kind, ParameterDescriptor(type=kind.value))
        node.set_parameters([Parameter(info.key, kind, [])])
        node.set_descriptor(info.key, descriptor)
        return
    node.declare_parameter(
        info.key, list(value) if info.is_list else value, descriptor, ignore_override=True
    )
