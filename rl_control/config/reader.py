"""Read settings from YAML: a ROS 2 parameter file or a plain mapping, with file and line."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml

from rl_control.config.build import Given, build
from rl_control.config.fields import fields_of
from rl_control.errors import ConfigError

T = TypeVar("T")

ROS_KEY = "ros__parameters"
# Parameters every ROS 2 node has; they may stand in a parameter file beside our own.
_ROS_OWN = ("use_sim_time", "start_type_description_service", "qos_overrides")


class _Loader(yaml.SafeLoader):
    """YAML scalars as ROS 2 reads them: 1e-3 is a number; 1:30, 1_000 and dates are texts."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 (PyYAML's own interface)


_TRUE = ("true", "yes", "on", "y")
for _tag, _pattern in (
    ("bool", "(?i:true|false|yes|no|on|off|y|n)"),
    ("int", r"[-+]?(0|[1-9][0-9]{0,18})|0x[0-9a-fA-F]{1,15}"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+\.[0-9]*)([eE][-+]?[0-9]+)?|[-+]?[0-9]+[eE][-+]?[0-9]+"),
    ("float", r"[-+]?[1-9][0-9]{19,}|[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)"),
    ("null", "~|null|Null|NULL|"),
):
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), None
    )


def load(
    cls: type[T],
    path: str | Path | None = None,
    overrides: Mapping[str, Any] | None = None,
    section: str | None = None,
) -> T:
    """Return a config: defaults, then the file's values, then `overrides`.

    A ROS 2 parameter file gives the values under `/**` and those of the node named `section`.
    A plain mapping gives the values under the key `section` where there is one, else all.

    Args:
        cls: a config class.
        path: YAML file; None for none.
        overrides: {"group.name": value} that win over the file.
        section: node name.

    Raises:
        ConfigError: naming file, line and key, if the file cannot be read or is not YAML, if a
            key is unknown or given twice, or if a value is not allowed.
    """
    values = {} if path is None else read_values(Path(path), cls, section)
    for key, value in (overrides or {}).items():
        values[key] = Given(value, "override")
    return build(cls, values)


def parse_scalar(text: str) -> Any:
    """Return what `text` means as one YAML scalar: a bool, int, float, None or str."""
    tag = _Loader("").resolve(yaml.ScalarNode, text, (True, False))
    return _scalar(yaml.ScalarNode(tag, text))


def read_values(path: Path, cls: type, section: str | None) -> dict[str, Given]:
    """Return the values in a file by key, unchecked, each with where it stands; see `load`.

    Raises:
        ConfigError: if the file cannot be read, is no YAML, or gives a key twice.
    """
    root = _compose(path)
    if root is None:
        return {}
    if not isinstance(root, yaml.MappingNode):
        raise ConfigError(
            _at(path, root), "file", "found no mapping", "Write settings as 'name: value' lines."
        )
    nodes = list(_ros_nodes(path, root, ""))
    if not nodes:
        inner = dict(_items(path, root)).get(section) if section else None
        chosen = inner if isinstance(inner, yaml.MappingNode) else root
        return _collect(path, chosen)
    values: dict[str, Given] = {}
    for _, parameters in _matching(path, nodes, section):
        values.update(_collect(path, parameters))
    ours = {info.key for info in fields_of(cls)}
    return {
        key: given
        for key, given in values.items()
        if key in ours or key.partition(".")[0] not in _ROS_OWN
    }


def _compose(path: Path) -> yaml.Node | None:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "not a UTF-8 text"
        raise ConfigError(str(path), "file", reason, "Give the path of a YAML file.") from None
    try:
        _refuse_aliases(path, text)
        return yaml.compose(text, Loader=_Loader)
    except RecursionError:
        line, what = 1, "nested too deeply"
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        what = ", ".join(part for part in (error.context, error.problem) if part)
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        what = error.reason
    raise ConfigError(
        f"{path}:{line}", "YAML", what, "Correct the syntax there: indentation, colons, brackets."
    )


def _refuse_aliases(path: Path, text: str) -> None:
    """Refuse what ROS 2 refuses too, and what could make a short file endless."""
    event: Any
    for event in yaml.parse(text, Loader=_Loader):
        if isinstance(event, yaml.AliasEvent) or getattr(event, "tag", None) is not None:
            raise ConfigError(
                f"{path}:{event.start_mark.line + 1}",
                "YAML",
                "found an alias or a tag",
                "Write the value itself.",
            )


def _ros_nodes(
    path: Path, mapping: yaml.MappingNode, name: str
) -> Iterator[tuple[str, yaml.MappingNode]]:
    for key, value in _items(path, mapping):
        if not isinstance(value, yaml.MappingNode):
            continue
        if key == ROS_KEY:
            yield name, value
        else:
            yield from _ros_nodes(path, value, f"{name}/{key.strip('/')}")


def _matching(
    path: Path, nodes: list[tuple[str, yaml.MappingNode]], section: str | None
) -> list[tuple[str, yaml.MappingNode]]:
    """Return the parameters that apply to node `section`, wildcards first so that names win."""
    wild = [node for node in nodes if "*" in node[0]]
    named = [node for node in nodes if "*" not in node[0]]
    if section is None:
        if len(named) > 1:
            names = ", ".join(name for name, _ in named)
            raise ConfigError(
                str(path), "file", f"holds several nodes ({names})", "Say which node's to take."
            )
        return wild + named
    return [node for node in wild + named if _name_matches(node[0], section)]


def _name_matches(pattern: str, section: str) -> bool:
    """Say whether a node name or pattern of a parameter file means the node `section`."""
    if pattern == "/**":
        return True
    if section.startswith("/") and "*" not in pattern and pattern.count("/") > 1:
        return pattern == section
    return pattern.rpartition("/")[2] in (section.rpartition("/")[2], "*", "**")


def _collect(path: Path, mapping: yaml.MappingNode, prefix: str = "") -> dict[str, Given]:
    values: dict[str, Given] = {}
    for key, node in _items(path, mapping):
        dotted = f"{prefix}{key}"
        found = (
            _collect(path, node, f"{dotted}.")
            if isinstance(node, yaml.MappingNode)
            else {dotted: Given(_value(path, dotted, node), _at(path, node))}
        )
        for name, given in found.items():
            if name in values:
                raise _duplicate(given.source, name, values[name].source)
            values[name] = given
    return values


def _items(path: Path, mapping: yaml.MappingNode) -> list[tuple[str, yaml.Node]]:
    lines: dict[str, str] = {}
    for key, _ in mapping.value:
        if not isinstance(key, yaml.ScalarNode):
            raise ConfigError(_at(path, key), "key", "is not a text", "Write 'name: value'.")
        if key.value in lines:
            raise _duplicate(_at(path, key), key.value, lines[key.value])
        lines[key.value] = _at(path, key)
    return [(key.value, value) for key, value in mapping.value]


def _duplicate(source: str, key: str, first: str) -> ConfigError:
    return ConfigError(source, key, f"given twice (first at {first})", "Remove one of the two.")


def _value(path: Path, key: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return [_value(path, f"{key}[{i}]", item) for i, item in enumerate(node.value)]
    if isinstance(node, yaml.ScalarNode):
        return _scalar(node)
    raise ConfigError(
        _at(path, node), key, "found a mapping inside a list", "Give a list of plain values."
    )


def _scalar(node: yaml.ScalarNode) -> Any:
    text: str = node.value
    kind = node.tag.rpartition(":")[2]
    if kind == "bool":
        return text.lower() in _TRUE
    if kind == "int":
        return int(text, 16 if text.startswith("0x") else 10)
    if kind == "float":
        return float(text.lower().replace(".inf", "inf").replace(".nan", "nan"))
    return None if kind == "null" else text


def _at(path: Path, node: yaml.Node) -> str:
    return f"{path}:{node.start_mark.line + 1}"
