"""The reference page of the nodes' parameters and of a robot's settings file."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

from rl_control.config import FieldInfo, fields_of, markdown_table
from rl_control.config.fields import members
from rl_control.robot.settings import FileSettings
from rl_control.ros.params import live_keys
from rl_control.run.launch_file import EXECUTABLES

ROS = Path(__file__).resolve().parents[1] / "rl_control" / "ros"
_INTRODUCTION = """\
# Parameters

```sh
rl_control param describe mpc_controller velocity_scale   # what this page says, from a running node
rl_control param set mpc_controller velocity_scale=0.5    # those marked live
rl_control param dump mpc_controller --out mine.yaml      # a file to start with
```

A parameter file has a section for each node; `config/` has some to begin with. Every node checks
its parameters before it starts: an unknown name, a wrong type or a value out of range ends it with
one message. Those marked *live* may change while it runs, by `rl_control param set` or
`ros2 param set`, and count from the next plan or command on.
"""
_ROBOT_FILE = """\
## Robot settings file

`NAME.robot.yaml` beside `NAME.urdf`, or `config/robots/NAME.yaml` for a robot that has a name; see
[Your own arm](../tutorial/2_own_arm.md). Under `weights` are defaults of the controllers'
`task.weights`, by the same names, one number each.
"""


def parameters_page() -> str:
    """Return the parameters of every node, and the settings of a robot's file."""
    parts = [_INTRODUCTION]
    for executable in EXECUTABLES:
        parts += _node_parts(executable, _node_class(executable))
    return "\n".join([*parts, _ROBOT_FILE, markdown_table(fields_of(FileSettings))])


def _node_parts(name: str, node: Any) -> list[str]:
    """Return a heading and a table for each group of settings.

    What is live is what the node passes on, not what could be passed on (`FieldInfo.live`).
    """
    live = live_keys(node.config_class, node.live_groups)
    titles = _titles(node.config_class)
    parts = [f"## {name}\n\n{_first_sentence(node.config_class)}\n"]
    groups: dict[str, list[FieldInfo]] = {"": []}
    for info in fields_of(node.config_class):
        groups.setdefault(info.group, []).append(info)
    for group, fields in groups.items():
        if group:
            parts.append(f"### {name}: {group}\n\n{titles[group]}.\n")
        parts.append(markdown_table(fields, live=lambda info: info.key in live))
    return parts


def _titles(cls: type, prefix: str = "") -> dict[str, str]:
    """Return what each group of settings is about, by its key."""
    found: dict[str, str] = {}
    for name, kind, field in members(cls):
        if hasattr(kind, "__dataclass_fields__"):
            (facts,) = field.metadata.values()
            found[prefix + name] = facts["doc"].rstrip(".")
            found.update(_titles(kind, f"{prefix}{name}."))
    return found


def _node_class(executable: str) -> Any:
    """Return the class of the node that an executable runs."""
    source = (ROS / f"{executable}.py").read_text(encoding="utf-8")
    found = re.search(r'run_node\("([\w.]+)", "(\w+)"\)', source)
    if found is None:
        raise LookupError(f"rl_control/ros/{executable}.py does not call run_node")
    return getattr(importlib.import_module(found[1]), found[2])


def _first_sentence(cls: type) -> str:
    return (cls.__doc__ or "").partition("\n")[0]
