"""The YAML of launch files: entities with their keys checked, each knowing its line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from rl_control.errors import ConfigError, nearest

_KEYS = {
    "arg": ("name", "default", "description", "choice"),
    "node": (
        *("pkg", "exec", "name", "namespace", "output", "args"),
        *("param", "remap", "env", "if", "unless", "on_exit"),
    ),
    "include": ("file", "arg", "if", "unless"),
    "param": ("name", "value", "from"),
    "remap": ("from", "to"),
    "env": ("name", "value"),
    "choice": ("value",),
}


class Block(dict[str, Any]):
    """A YAML mapping that knows where it stands.

    Attributes:
        where: "file:line".
    """

    where: str = ""


def entities(path: Path) -> list[tuple[str, Block]]:
    """Return (kind, block) of every entity of a launch file, its keys checked.

    Raises:
        ConfigError: naming file and line, if it cannot be read or is not of the known subset.
    """
    try:
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
    except OSError as error:
        raise ConfigError(
            str(path), "file", error.strerror or "unreadable", "Give a path."
        ) from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        problem = getattr(error, "problem", None) or "not YAML"
        raise ConfigError(f"{path}:{line}", "YAML", problem, "Correct the syntax there.") from None
    tree = _construct(path, root) if root is not None else None
    if not isinstance(tree, Block) or list(tree) != ["launch"]:
        raise ConfigError(
            str(path), "launch", "is not the one top-level key", "Begin the file with 'launch:'."
        )
    found = []
    for block in blocks(tree, "launch"):
        for kind, inner in block.items():
            if kind not in ("arg", "node", "include"):
                raise ConfigError(
                    block.where, kind, "unknown entity", "Use arg, node or include here."
                )
            if not isinstance(inner, Block):
                raise ConfigError(block.where, kind, "is not a mapping", "Write 'key: value'.")
            _check_keys(kind, inner)
            found.append((kind, inner))
    return found


def _check_keys(kind: str, block: Block) -> None:
    for key, value in block.items():
        if key not in _KEYS[kind]:
            best = nearest(key, _KEYS[kind])
            hint = f"Did you mean '{best}'? " if best else ""
            raise ConfigError(
                block.where, key, f"unknown key of {kind}", f"{hint}Use: {', '.join(_KEYS[kind])}."
            )
        # An include's arguments have a name and a value, like parameters.
        inner_kind = "param" if (kind, key) == ("include", "arg") else key
        if inner_kind in _KEYS and isinstance(value, list):
            for inner in blocks(block, key):
                _check_keys(inner_kind, inner)


def blocks(block: Block, key: str) -> list[Block]:
    """Return the list of mappings under `key`; none where the key is missing.

    Raises:
        ConfigError: if it is something else.
    """
    found = block.get(key, [])
    if not isinstance(found, list) or not all(isinstance(item, Block) for item in found):
        raise ConfigError(block.where, key, "is not a list of mappings", "Write '- key: value'.")
    return found


def _construct(path: Path, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        block = Block()
        block.where = f"{path}:{node.start_mark.line + 1}"
        for key, value in node.value:
            block[str(key.value)] = _construct(path, value)
        return block
    if isinstance(node, yaml.SequenceNode):
        return [_construct(path, item) for item in node.value]
    return yaml.safe_load(yaml.serialize(node))
