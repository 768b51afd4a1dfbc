"""The reference page of the launch files."""

from __future__ import annotations

from pathlib import Path

from generate_text import cell, code, markdown_of, table

from rl_control.run.launch_file import LaunchArgument, read_arguments

LAUNCH = Path(__file__).resolve().parents[1] / "launch"
_SUFFIX = ".launch.yaml"
_INTRODUCTION = """\
# Launch files

```sh
rl_control launch NAME ARGUMENT:=VALUE                      # anywhere
ros2 launch rl_control NAME.launch.yaml ARGUMENT:=VALUE     # with a full ROS 2
rl_control launch NAME --show-args                          # what is below, for one
```

Both read the same file. What no argument sets is in the parameter file that `params_file` names;
[Parameters](parameters.md) has all there is.
"""


def launch_files_page() -> str:
    """Return every launch file with its comment and its arguments."""
    parts = [_INTRODUCTION]
    for path in sorted(LAUNCH.glob(f"*{_SUFFIX}")):
        parts.append(f"## {path.name.removesuffix(_SUFFIX)}\n\n{markdown_of(_comment(path))}")
        rows = [
            (code(a.name), _default(a), cell(a.description) + _choices(a))
            for a in read_arguments(path)
        ]
        parts.append(table(("argument", "default", "meaning"), rows))
    return "\n".join(parts)


def _comment(path: Path) -> str:
    """Return the lines before the first that is no comment; commands set apart."""
    lines: list[str] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            break
        text = line.removeprefix("#").removeprefix(" ")
        if lines and text.startswith(" ") != lines[-1].startswith(" "):
            lines.append("")
        lines.append(text)
    return "\n".join(lines)


def _default(argument: LaunchArgument) -> str:
    return "required" if argument.default is None else code(argument.default)


def _choices(argument: LaunchArgument) -> str:
    return f"; one of: {', '.join(argument.choices)}" if argument.choices else ""
