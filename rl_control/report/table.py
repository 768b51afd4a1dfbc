"""Tables on a terminal, plain text in a pipe."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table
from rich.text import Text

MISSING = "-"
WIDE = 110  # columns of a pipe, which has no width of its own


def console(stderr: bool = False) -> Console:
    """Return the console to print on: coloured on a terminal, plain and wide in a pipe."""
    made = Console(stderr=stderr, highlight=False)
    return made if made.is_terminal else Console(stderr=stderr, highlight=False, width=WIDE)


def table(
    title: str, columns: Sequence[str], rows: Iterable[Sequence[str | Text]], left: int = 1
) -> Table:
    """Return a table whose first `left` columns are words and the others numbers.

    Args:
        title: headline; "" for none.
        columns: their headings.
        rows: one text a column.
        left: number of left-aligned columns.
    """
    made = Table(
        title=escape(title) or None, title_justify="left", title_style="bold", box=SIMPLE_HEAD,
        header_style="bold", pad_edge=False,
    )  # fmt: skip
    for k, column in enumerate(columns):
        made.add_column(escape(column), justify="left" if k < left else "right")
    for row in rows:
        made.add_row(*row)
    return made


def number(value: float | None, digits: int = 2, scale: float = 1.0, unit: str = "") -> str:
    """Return `value` * `scale` with `digits` decimals and its unit; a dash for None."""
    return MISSING if value is None else f"{value * scale:.{digits}f}{unit}"


def percent(value: float | None) -> str:
    """Return a share as a percentage; a dash for None."""
    return number(value, 0, 100.0, " %")


def verdict(good: bool, yes: str = "yes", no: str = "no") -> Text:
    """Return a green or a red word."""
    return Text(yes, style="green") if good else Text(no, style="bold red")
