"""What pages for people promise: Python that runs, commands that exist with the flags they show."""

import argparse
import importlib
import re
import shlex

from rl_control.cli import VERBS
from rl_control.errors import UnknownNameError
from rl_control.run.launch_file import find_launch_file, read_arguments
from rl_control.run.sub_verbs import module_of, parser_of


def examples(text: str) -> list[str]:
    """Return the Python that is marked to be run."""
    return re.findall(r"<!-- run -->\n```python\n(.*?)```", text, flags=re.DOTALL)


def commands(text: str) -> list[list[str]]:
    """Return the words of every `rl_control` command in shell blocks, comments left out."""
    blocks = re.findall(r"^ *```(?:sh|bash)\n(.*?)^ *```", text, flags=re.DOTALL | re.MULTILINE)
    lines = [line.strip() for b in blocks for line in b.replace("\\\n", " ").splitlines()]
    return [shlex.split(line, comments=True) for line in lines if line.startswith("rl_control ")]


def problem(words: list[str]) -> str:
    """Return what is wrong with a command: no such verb, flag or launch argument; "" if nothing."""
    verb, rest = words[1], words[2:]
    if verb.startswith("--"):
        return ""
    if verb not in VERBS:
        return f"no verb {verb}"
    if verb == "launch":
        return _launch_problem(rest)
    module = importlib.import_module(f"rl_control.run.{verb}")
    if verb in ("bag", "replay"):
        what, *rest = rest
        if what not in module.VERBS:
            return f"no verb {verb} {what}"
        parser = parser_of(verb, what, module_of(verb, what))
    else:
        parser = argparse.ArgumentParser()
        module.add_arguments(parser)
    known = {flag for action in parser._actions for flag in action.option_strings}
    unknown = {w.partition("=")[0] for w in rest if re.match(r"--?[a-z]", w)} - known
    return f"no flag {', '.join(sorted(unknown))}" if unknown else ""


def _launch_problem(words: list[str]) -> str:
    name, *rest = words
    if name.isupper() or "/" in name:  # a placeholder, a file of the reader's own
        return ""
    try:
        known = {argument.name for argument in read_arguments(find_launch_file(name))}
    except UnknownNameError as error:
        return str(error)
    given = {word.partition(":=")[0] for word in rest if ":=" in word}
    return f"no argument {', '.join(sorted(given - known))}" if given - known else ""
