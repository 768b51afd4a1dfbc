"""Plain help texts as Markdown: paragraphs, lists, and blocks whose columns must stay aligned."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import takewhile

_EXAMPLES = ("example:", "examples:")


def markdown_of(text: str) -> str:
    """Return a help text as Markdown.

    A block of lines that are indented, or have columns, stays as it is; so do examples, which are
    commands. A line that ends with a colon may stand before either, or before a list.
    """
    blocks = [block for block in re.split(r"\n\s*\n", text.rstrip()) if block.strip()]
    return "\n\n".join(part for block in blocks for part in _parts(block.splitlines())) + "\n"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table; its cells are Markdown."""
    lines = [header, ["---"] * len(header), *rows]
    return "".join("| " + " | ".join(cells) + " |\n" for cells in lines)


def cell(text: str) -> str:
    """Return plain text for a cell of a table: one line, nothing in it taken for Markdown."""
    return _escaped(" ".join(text.split())).replace("|", "\\|")


def code(text: str) -> str:
    """Return text as code within a line; of nothing, two quotes."""
    return f"`{text or repr(text)}`".replace("|", "\\|")


def _parts(lines: list[str]) -> list[str]:
    head, rest = lines[0], lines[1:]
    if rest and head.endswith(":") and (_is_aligned(rest) or rest[0].startswith("- ")):
        indented = list(takewhile(lambda line: line.startswith(" "), rest))
        if head in _EXAMPLES:
            return [head.capitalize(), _fenced(list(map(_commented, rest)), "sh")]
        after = rest[len(indented) :] if indented else rest
        block = [_fenced(indented, "text")] if indented else []
        return [_escaped(head), *block, *(_parts(after) if after else [])]
    if head.startswith("- "):
        return ["\n".join(map(_escaped, lines))]
    return [_fenced(lines, "text") if _is_aligned(lines) else "\n".join(map(_escaped, lines))]


def _commented(line: str) -> str:
    """Return an example with what is said of it, set apart by spaces, as a comment."""
    return re.sub(r"(?<=\S)(  +)(?=[^\s#])", r"\1# ", line, count=1)


def _is_aligned(lines: list[str]) -> bool:
    return any(re.search(r"^ |\S  +\S", line) for line in lines) and not lines[0].startswith("- ")


def _fenced(lines: list[str], language: str) -> str:
    indent = min(len(line) - len(line.lstrip()) for line in lines)
    return "\n".join([f"```{language}", *(line[indent:].rstrip() for line in lines), "```"])


def _escaped(text: str) -> str:
    """Return text with `*`, `_` and `<` as themselves outside of code."""
    pieces = re.split(r"(`[^`]*`)", text)
    special = re.compile(r"(\*|(?<!\w)_|_(?!\w))")  # a "_" within a word is one already
    pieces[::2] = [special.sub(r"\\\1", p).replace("<", "&lt;") for p in pieces[::2]]
    return "".join(pieces)
