"""Verbs that have verbs of their own, each a module that is imported when it is called."""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Mapping
from types import ModuleType

from rl_control.errors import UnknownNameError

PROGRAM = "rl_control"


def add_sub_verbs(
    parser: argparse.ArgumentParser, verbs: Mapping[str, str], description: str, epilog: str
) -> None:
    """Let a parser take the name of a sub-verb and all that follows.

    Args:
        parser: of the verb.
        verbs: what each sub-verb does.
        description: of the verb.
        epilog: what follows the list of sub-verbs.
    """
    width = max(map(len, verbs))
    lines = "\n".join(f"  {name:<{width}}  {text}" for name, text in verbs.items())
    parser.description = f"{description}\n{lines}"
    parser.epilog = epilog
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("what", nargs="?", metavar="WHAT", help="one of those above")
    parser.add_argument("rest", nargs=argparse.REMAINDER, metavar="...", help="its arguments")


def module_of(verb: str, what: str) -> ModuleType:
    """Return the module of a sub-verb: rl_control.run.VERB_WHAT."""
    return importlib.import_module(f"rl_control.run.{verb}_{what.replace('-', '_')}")


def parser_of(verb: str, what: str, module: ModuleType) -> argparse.ArgumentParser:
    """Return the parser of a sub-verb."""
    parser = argparse.ArgumentParser(
        prog=f"{PROGRAM} {verb} {what}",
        description=module.HELP,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    module.add_arguments(parser)
    return parser


def call(verb: str, verbs: Mapping[str, str], args: argparse.Namespace) -> int:
    """Run the sub-verb that the arguments name; return its exit code.

    Raises:
        UnknownNameError: if there is no such sub-verb, or it has no such argument.
        RlControlError: what the sub-verb raises.
    """
    what = args.what or ""
    if what not in verbs:
        raise UnknownNameError(f"'{PROGRAM} {verb}' verb", what, list(verbs))
    module = module_of(verb, what)
    parser = parser_of(verb, what, module)
    parsed, unknown = parser.parse_known_args(args.rest)
    if unknown:
        valid = [flag for action in parser._actions for flag in action.option_strings]
        kind = f"argument of '{verb} {what}'"
        raise UnknownNameError(kind, unknown[0].partition("=")[0], valid)
    return int(module.run(parsed))
