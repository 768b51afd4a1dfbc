"""The reference page of the command line."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Iterable, Iterator
from types import ModuleType

from generate_text import cell, code, markdown_of, table

from rl_control.cli import PROGRAM, VERBS
from rl_control.run.sub_verbs import module_of, parser_of

_BY_TASK = {
    "Move an arm": ("demo", "reach", "robots", "launch"),
    "See": ("top", "view", "report", "rerun"),
    "Record, replay, ask why": ("record", "bag", "replay", "explain"),
    "Tune": ("param", "tune"),
    "Learn a model": ("collect", "fit", "learn"),
    "Train a policy": ("train", "evaluate", "compare"),
    "Look after it": ("doctor",),
}
_INTRODUCTION = f"""\
# Command line

`{PROGRAM} VERB --help` shows the same. Lengths are in m, angles in rad, times in s, efforts in
N m. Exit status: 0 done, 1 the verb's job failed, 2 bad input, 130 stopped by Ctrl-C.

A run is named by its folder, `runs/VERB-DATE-TIME`; a bag by the folder of a run, by its own
folder, or by one `.mcap` or `.db3` file.
"""


def command_line_page() -> str:
    """Return every verb with its arguments, ordered by task."""
    ordered = [verb for verbs in _BY_TASK.values() for verb in verbs]
    if sorted(ordered) != sorted(VERBS):
        raise LookupError(f"_BY_TASK must name the verbs {sorted(VERBS)}, each once")
    parts = [_INTRODUCTION]
    for task, verbs in _BY_TASK.items():
        rows = [(f"[{verb}](#{verb})", cell(VERBS[verb])) for verb in verbs]
        parts.append(table((task, ""), rows))
    for verb in ordered:
        parts += _verb_parts(verb)
    return "\n".join(parts)


def _verb_parts(verb: str) -> Iterator[str]:
    module = importlib.import_module(f"rl_control.run.{verb}")
    parser = argparse.ArgumentParser(prog=f"{PROGRAM} {verb}", description=module.HELP)
    module.add_arguments(parser)
    sub_verbs = getattr(module, "VERBS", None)
    if not isinstance(sub_verbs, dict):
        yield _entry(f"## {verb}", module, parser)
        return
    yield f"## {verb}\n\n{markdown_of(module.DESCRIPTION)}"
    rows = [(f"[{verb} {what}](#{verb}-{what})", cell(text)) for what, text in sub_verbs.items()]
    yield table(("verb", "what it does"), rows)
    yield markdown_of(module.EPILOG)
    for what in sub_verbs:
        inner = module_of(verb, what)
        yield _entry(f"### {verb} {what}", inner, parser_of(verb, what, inner))


def _entry(heading: str, module: ModuleType, parser: argparse.ArgumentParser) -> str:
    """Return heading, usage, description and arguments of a verb without sub-verbs."""
    parts = [f"{heading}\n", f"{module.HELP[0].upper()}{module.HELP[1:]}.\n"]
    parts.append(f"```text\n{_usage(parser)}\n```\n")
    if parser.description != module.HELP:
        parts.append(markdown_of(parser.description or ""))
    if parser.epilog:
        parts.append(markdown_of(parser.epilog))
    own = parser._positionals._group_actions + parser._optionals._group_actions
    parts += _arguments(own)
    for group in parser._action_groups:
        if group not in (parser._positionals, parser._optionals):
            title = str(group.title)
            parts += [f"{title[0].upper()}{title[1:]}:\n", *_arguments(group._group_actions)]
    return "\n".join(parts)


def _arguments(actions: Iterable[argparse.Action]) -> list[str]:
    """Return a table of arguments, if there are any."""
    rows = [(_name(action), _meaning(action)) for action in actions if _is_told(action)]
    return [table(("argument", "meaning"), rows)] if rows else []


def _is_told(action: argparse.Action) -> bool:
    # Every verb has --help.
    return not isinstance(action, argparse._HelpAction) and action.help is not argparse.SUPPRESS


def _usage(parser: argparse.ArgumentParser) -> str:
    """Return the usage in one line. What argparse says depends on its version."""
    places = [_place(a) for a in parser._actions if not a.option_strings]
    needed = [
        f"{action.option_strings[0]} {_value(action)}"
        for action in parser._actions
        if action.option_strings and action.required
    ]
    return " ".join([parser.prog, *places, *needed, "[options]"])


def _place(action: argparse.Action) -> str:
    name = str(action.metavar or action.dest)
    shapes = {"?": f"[{name}]", "*": f"[{name} ...]", "+": f"{name} [{name} ...]"}
    return shapes.get(str(action.nargs), name)


def _name(action: argparse.Action) -> str:
    if not action.option_strings:
        return code(str(action.metavar or action.dest))
    *short, last = action.option_strings
    if action.nargs != 0:
        last += f" {_value(action)}"
    return ", ".join(code(flag) for flag in (*short, last))


def _value(action: argparse.Action) -> str:
    """Return what stands for an option's value."""
    if isinstance(action.metavar, tuple):
        return " ".join(action.metavar)
    name = action.metavar or (
        "{" + ",".join(map(str, action.choices)) + "}" if action.choices else action.dest.upper()
    )
    many = {"*": f"[{name} ...]", "+": f"{name} [{name} ...]"}
    return many.get(str(action.nargs), name)


def _meaning(action: argparse.Action) -> str:
    """Return an argument's help, with its default where the help does not tell it."""
    default = action.default
    text = action.help or ""
    if isinstance(action, argparse.BooleanOptionalAction):  # before Python 3.13 it adds this
        text = text.removesuffix(" (default: %(default)s)")
    text = text.replace("%%", "%").replace("%(default)s", str(default))
    is_plain = isinstance(default, (str, int, float)) and not isinstance(default, bool)
    if is_plain and default not in ("", argparse.SUPPRESS) and "default" not in text:
        text += f" (default: {default})"
    return cell(text)
