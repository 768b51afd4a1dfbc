"""`rl_control param` in the process that speaks ROS 2: ask, and say what was answered."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rl_control.config.reader import read_values
from rl_control.config.writer import value_text
from rl_control.errors import ConfigError, RlControlError, UnknownNameError
from rl_control.ros.param_client import Known, ParamClient, connected
from rl_control.ros.param_values import range_of, read_text, type_name
from rl_control.run import param
from rl_control.run.param_file import grouped, parameter_lines

# What every node has beside its own; files of parameters may be silent about it.
_HIDDEN = ("qos_overrides", "start_type_description_service")


@dataclass(frozen=True)
class _NoSettings:
    """Reads any name from a file."""


def main(argv: Sequence[str] | None = None) -> int:
    """Ask as `rl_control param` was told; return the exit code."""
    parser = argparse.ArgumentParser(prog="rl_control param", allow_abbrev=False)
    param.add_arguments(parser)
    args = parser.parse_args(argv)
    try:
        if args.what == "dump":
            return _dump(args)
        with connected(args.node, args.wait) as client:
            return _VERBS[args.what](client, args)
    except RlControlError as error:
        print(f"rl_control: error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        # The reader of our output has gone (`| head`): nothing is left to say to it.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _list(client: ParamClient, args: argparse.Namespace) -> int:
    known = _shown(client.everything())
    width = max(map(len, known), default=0)
    for name, one in known.items():
        print(f"{name:<{width}} {' ' if one.read_only else '*'} {value_text(one.value)}")
    return 0


def _get(client: ParamClient, args: argparse.Namespace) -> int:
    known = _named(client, args.rest)
    for name, one in known.items():
        print(value_text(one.value) if len(known) == 1 else f"{name}: {value_text(one.value)}")
    return 0


def _describe(client: ParamClient, args: argparse.Namespace) -> int:
    known = _named(client, args.rest) if args.rest else _shown(client.everything())
    for name, one in known.items():
        print(f"{name}: {one.descriptor.description}")
        facts = [type_name(one), range_of(one.descriptor), one.descriptor.additional_constraints]
        facts.append("fixed while the node runs" if one.read_only else "may change live")
        print(f"  {'; '.join(fact for fact in facts if fact)}; now {value_text(one.value)}")
    return 0


def _set(client: ParamClient, args: argparse.Namespace) -> int:
    texts = param.assigned(args.rest)
    known = _named(client, list(texts))
    values = {name: read_text(known[name], text) for name, text in texts.items()}
    refusal = client.set(values, known)
    if refusal:
        print(f"rl_control: nothing was set: {refusal}", file=sys.stderr)
        return 1
    for name, value in values.items():
        print(f"{name}: {value_text(known[name].value)} -> {value_text(value)}")
    return 0


def _dump(args: argparse.Namespace) -> int:
    texts = []
    for node in dict.fromkeys([args.node, *args.rest]):
        with connected(node, args.wait) as client:
            texts.append(_section(client))
    text = "\n".join(texts)
    if args.out:
        Path(args.out).write_text(text, encoding="utf-8")
        print(f"left {args.out}")
    else:
        print(text, end="")
    return 0


def _section(client: ParamClient) -> str:
    """What a parameter file says of a node."""
    known = _shown(client.everything())
    values = {name: one.value for name, one in known.items() if one.value is not None}
    comments = {name: one.descriptor.description for name, one in known.items()}
    section = f"/**/{client.name.rpartition('/')[2]}"
    return "\n".join(parameter_lines(section, grouped(values), comments)) + "\n"


def _load(client: ParamClient, args: argparse.Namespace) -> int:
    path = Path(args.rest[0])
    given = read_values(path, _NoSettings, client.name)
    if not given:
        raise ConfigError(
            str(path), "file", f"found nothing for node {client.name}",
            "Name its section after the node, or '/**'.",
        )  # fmt: skip
    known = client.everything()
    wrong = [name for name in given if name not in known]
    if wrong:
        raise UnknownNameError(f"parameter of {client.name}", wrong[0], list(_shown(known)))
    values = {name: read_text(known[name], one.value) for name, one in given.items()}
    changed = {name: value for name, value in values.items() if value != known[name].value}
    fixed = {name: value for name, value in changed.items() if known[name].read_only}
    live = {name: value for name, value in changed.items() if name not in fixed}
    refusal = client.set(live, known) if live else ""
    if refusal:
        print(f"rl_control: nothing was set: {refusal}", file=sys.stderr)
        return 1
    for name, value in live.items():
        print(f"{name}: {value_text(known[name].value)} -> {value_text(value)}")
    print(f"{len(live)} set, {len(values) - len(changed)} as they were")
    for name, value in fixed.items():
        print(f"needs a restart: {name}: {value_text(known[name].value)} -> {value_text(value)}")
    return 1 if fixed else 0


def _named(client: ParamClient, names: Sequence[str]) -> dict[str, Known]:
    known = client.everything()
    for name in names:
        if name not in known:
            raise UnknownNameError(f"parameter of {client.name}", name, list(_shown(known)))
    return {name: known[name] for name in names}


def _shown(known: Mapping[str, Known]) -> dict[str, Known]:
    return {k: one for k, one in known.items() if k.partition(".")[0] not in _HIDDEN}


_VERBS: dict[str, Any] = {
    "list": _list,
    "get": _get,
    "describe": _describe,
    "set": _set,
    "load": _load,
}

if __name__ == "__main__":
    os.environ.setdefault("FASTDDS_BUILTIN_TRANSPORTS", "UDPv4")
    sys.exit(main())
