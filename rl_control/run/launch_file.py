"""Reads ROS 2 launch files in YAML format: the subset that starts this project's nodes.

`ros2 launch` reads the very same files where a full ROS 2 is installed; whatever is not in the
subset is refused here by name instead of being ignored.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rl_control.errors import ConfigError, UnknownNameError, nearest
from rl_control.paths import PACKAGE, data_dir
from rl_control.run.launch_yaml import Block, blocks, entities

EXECUTABLES = (
    *("arm_sim", "mpc_controller", "policy_controller"),
    *("dynamics_learner", "gps_trainer"),
    "browser_view",
    "bag_player",
    "bag_recorder",
)
_SUFFIX = ".launch.yaml"
_TRUTH = {"true": True, "1": True, "false": False, "0": False}
_SUBSTITUTION = re.compile(r"\$\(([a-z-]+)(?: +([^()]*))?\)")


@dataclass(frozen=True)
class LaunchArgument:
    """An argument of a launch file; no default means that it must be given."""

    name: str
    default: str | None = None
    description: str = ""
    choices: tuple[str, ...] = ()


@dataclass(frozen=True)
class NodeSpec:
    """One node to start.

    Attributes:
        executable: module of rl_control.ros.
        name: node name; "" keeps the executable's own.
        namespace: "" for none.
        arguments: plain arguments before the ROS ones.
        ros_arguments: parameters and remappings as rcl reads them, in order.
        environment: variables set for this node alone.
        ends_all: whether its good end is the end of all nodes.
    """

    executable: str
    name: str = ""
    namespace: str = ""
    arguments: tuple[str, ...] = ()
    ros_arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    ends_all: bool = False

    @property
    def label(self) -> str:
        """Name to show, with the namespace."""
        return "/".join(p for p in (self.namespace.strip("/"), self.name or self.executable) if p)

    @property
    def command(self) -> tuple[str, ...]:
        """Arguments of `python -m` that start the node."""
        names = [f"__node:={self.name}"] if self.name else []
        if self.namespace:
            names.append(f"__ns:=/{self.namespace.strip('/')}")
        remaps = [part for rule in names for part in ("-r", rule)]
        module = f"{PACKAGE}.ros.{self.executable}"
        return (module, *self.arguments, "--ros-args", *remaps, *self.ros_arguments)


@dataclass(frozen=True)
class Launch:
    """What a launch file describes, with its arguments filled in."""

    arguments: tuple[LaunchArgument, ...]
    nodes: tuple[NodeSpec, ...]


def find_launch_file(name: str) -> Path:
    """Return the launch file of that path or, with or without suffix, of that name in launch/.

    Raises:
        UnknownNameError: if there is none.
    """
    if Path(name).is_file():
        return Path(name)
    folder = data_dir("launch")
    available = {file.name.removesuffix(_SUFFIX): file for file in folder.glob(f"*{_SUFFIX}")}
    chosen = available.get(name.removesuffix(_SUFFIX))
    if chosen is None:
        raise UnknownNameError("launch file", name, sorted(available))
    return chosen


def read_launch(path: Path, given: Mapping[str, str] | None = None) -> Launch:
    """Return the nodes that `path` starts when its arguments are `given`.

    Raises:
        ConfigError: naming file and line, if the file is not a launch file of the known subset.
        UnknownNameError: if an argument is given that the file does not have.
    """
    reader = _Reader(dict(given or {}))
    reader.read(path)
    names = [argument.name for argument in reader.arguments]
    for name in given or {}:
        if name not in names:
            raise UnknownNameError(f"argument of {path.name}", name, names)
    return Launch(tuple(reader.arguments), tuple(reader.nodes))


def read_arguments(path: Path) -> tuple[LaunchArgument, ...]:
    """Return the arguments a launch file declares itself.

    Raises:
        ConfigError: as `read_launch`.
    """
    reader = _Reader({})
    for kind, block in entities(path):
        if kind == "arg":
            reader.arg(block, fill=False)
    return tuple(reader.arguments)


class _Reader:
    """Walks a launch file and those it includes, in order, as `ros2 launch` does."""

    def __init__(self, variables: dict[str, str]) -> None:
        self.variables = variables
        self.arguments: list[LaunchArgument] = []
        self.nodes: list[NodeSpec] = []

    def read(self, path: Path, depth: int = 0) -> None:
        if depth > 8:
            raise ConfigError(
                str(path), "include", "files include each other", "Remove the circle."
            )
        for kind, block in entities(path):
            if kind == "arg":
                self.arg(block)
            elif not self._wanted(block):
                continue
            elif kind == "node":
                self.nodes.append(self._node(block))
            else:
                self._include(block, depth)

    def arg(self, block: Block, fill: bool = True) -> None:
        """Note an argument; `fill` gives it its default unless it has a value already."""
        name = self._needed(block, "name")
        default = block.get("default")
        if default is not None and not isinstance(default, str):
            raise ConfigError(
                block.where, "default", f"found {default!r}", "Write the default in quotes."
            )
        choices = tuple(self._needed(b, "value") for b in blocks(block, "choice"))
        argument = LaunchArgument(name, default, str(block.get("description", "")), choices)
        self.arguments.append(argument)
        if fill:
            self._fill(argument, block.where)

    def _fill(self, argument: LaunchArgument, where: str) -> None:
        name = argument.name
        if name not in self.variables:
            if argument.default is None:
                raise ConfigError(
                    where, name, "has no value and no default", f"Give it as {name}:=VALUE."
                )
            self.variables[name] = self._text(argument.default, where)
        if argument.choices and self.variables[name] not in argument.choices:
            raise ConfigError(
                where,
                name,
                f"found '{self.variables[name]}', not one of the choices",
                f"Choose: {', '.join(argument.choices)}.",
            )

    def _wanted(self, block: Block) -> bool:
        for key, expected in (("if", True), ("unless", False)):
            if key in block:
                text = self._text(block[key], block.where).strip().lower()
                if text not in _TRUTH:
                    raise ConfigError(
                        block.where, key, f"found '{text}'", "Use true, false, 1 or 0."
                    )
                if _TRUTH[text] is not expected:
                    return False
        return True

    def _node(self, block: Block) -> NodeSpec:
        package, executable = self._needed(block, "pkg"), self._needed(block, "exec")
        if package != PACKAGE:
            raise ConfigError(
                block.where,
                "pkg",
                f"found '{package}'; only nodes of {PACKAGE} can be started here",
                "Use ros2 launch on a full ROS 2 for others.",
            )
        if executable not in EXECUTABLES:
            raise UnknownNameError("executable", executable, EXECUTABLES)
        ros_arguments = [text for b in blocks(block, "param") for text in self._parameter(b)]
        for rule in blocks(block, "remap"):
            ros_arguments += ["-r", f"{self._needed(rule, 'from')}:={self._needed(rule, 'to')}"]
        return NodeSpec(
            executable,
            self._text(block.get("name", ""), block.where),
            self._text(block.get("namespace", ""), block.where),
            tuple(self._text(block.get("args", ""), block.where).split()),
            tuple(ros_arguments),
            {self._needed(b, "name"): self._needed(b, "value") for b in blocks(block, "env")},
            self._ends_all(block),
        )

    def _ends_all(self, block: Block) -> bool:
        wanted = block.get("on_exit", "")
        if wanted not in ("", "shutdown"):
            raise ConfigError(
                block.where, "on_exit", f"found {wanted!r}", "Write shutdown, or leave it away."
            )
        return bool(wanted)

    def _parameter(self, block: Block) -> list[str]:
        if "from" in block:
            return ["--params-file", self._needed(block, "from")]
        value = self._needed(block, "value")
        # rcl cannot read "name:=": an empty text must be written as one.
        return ["-p", f"{self._needed(block, 'name')}:={value or repr(value)}"]

    def _include(self, block: Block, depth: int) -> None:
        outer = dict(self.variables)
        for inner in blocks(block, "arg"):
            self.variables[self._needed(inner, "name")] = self._needed(inner, "value")
        self.read(Path(self._needed(block, "file")), depth + 1)
        self.variables = outer

    def _needed(self, block: Block, key: str) -> str:
        if key not in block:
            raise ConfigError(block.where, key, "is missing", f"Add '{key}:'.")
        return self._text(block[key], block.where)

    def _text(self, value: Any, where: str) -> str:
        """Return `value` with its substitutions made, as text that rcl reads as the same value."""
        if not isinstance(value, str):
            return json.dumps(value)

        def substitute(match: re.Match[str]) -> str:
            kind, argument = match[1], (match[2] or "").strip()
            if kind not in self._substitutions:
                raise ConfigError(
                    where,
                    f"$({kind} ...)",
                    "unknown substitution",
                    f"Use: {', '.join(self._substitutions)}.",
                )
            return self._substitutions[kind](self, argument, where)

        return _SUBSTITUTION.sub(substitute, value)

    def _variable(self, name: str, where: str) -> str:
        if name not in self.variables:
            best = nearest(name, self.variables)
            hint = f"Did you mean '{best}'? " if best else ""
            raise ConfigError(
                where, f"$(var {name})", "no such argument", f"{hint}Declare it with 'arg:' above."
            )
        return self.variables[name]

    def _share(self, package: str, where: str) -> str:
        if package != PACKAGE:
            raise ConfigError(where, "$(find-pkg-share)", f"found '{package}'", f"Use {PACKAGE}.")
        return str(data_dir("launch").parent)

    def _environment(self, argument: str, where: str) -> str:
        name, _, default = argument.partition(" ")
        if name not in os.environ and not default:
            raise ConfigError(
                where, f"$(env {name})", "not set", f"Set it, or write $(env {name} DEFAULT)."
            )
        return os.environ.get(name, default.strip().strip("'\""))

    _substitutions: Mapping[str, Callable[[_Reader, str, str], str]] = {
        "var": _variable,
        "find-pkg-share": _share,
        "env": _environment,
    }
