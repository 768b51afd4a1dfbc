"""`rl_control doctor`: what is installed, what works, and what to do about the rest."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from rl_control.run.checks import Finding

HELP = "check this installation and say how to mend what is amiss"
DESCRIPTION = """\
Looks at Python, the libraries, the shipped files, the named robots, the compiled kernels and ROS 2
(two processes are started to see whether they hear each other). Each finding that is not well
comes with its remedy. Exit status 1 if something is broken; a note is something you may not need.
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command-line arguments."""
    from rl_control.run.output import add_json_argument

    parser.description = DESCRIPTION
    parser.add_argument("--no-ros", action="store_true", help="do not start ROS 2 processes")
    add_json_argument(parser)


def run(args: argparse.Namespace) -> int:
    """Print the findings; return 1 if one is a fault."""
    from rl_control.report.table import console
    from rl_control.run import checks
    from rl_control.run.environment import machine_line, versions
    from rl_control.run.output import check_writable, write_json

    check_writable(args.json)
    out = console()
    out.print(f"rl_control {versions()['rl_control']} on {machine_line()}", soft_wrap=True)
    looks: list[tuple[str, Callable[[], Iterable[Finding]]]] = [
        ("Installation", lambda: [checks.check_python(), *checks.check_data()]),
        ("Libraries", checks.check_libraries),
        ("Robots", checks.check_robots),
        ("Kernels", checks.check_kernels),
        ("Screen", lambda: [checks.check_screen()]),
    ]
    if not args.no_ros:
        looks.append(("ROS 2", checks.check_ros))
    findings: list[Finding] = []
    for title, look in looks:
        with out.status(f"looking at: {title}"):
            found = list(look())
        _show(out, title, found)
        findings += found
    faults = [finding for finding in findings if finding.level == checks.FAULT]
    if args.json:
        write_json(args.json, {"findings": findings, "versions": versions()})
    _conclude(out, len(faults), sum(f.level == checks.NOTE for f in findings))
    return 1 if faults else 0


def _show(out: Console, title: str, findings: Iterable[Finding]) -> None:
    from rich.table import Table

    rows = Table.grid(padding=(0, 2, 0, 0))
    marks = {"ok": "[green]ok[/]", "note": "[yellow]note[/]", "fault": "[bold red]FAULT[/]"}
    for finding in findings:
        rows.add_row(f"  {marks[finding.level]}", finding.what, _plain(finding.found))
        if finding.remedy:
            rows.add_row("", "", f"[cyan]-> {_plain(finding.remedy)}[/]")
    if rows.row_count:
        out.print(f"\n[bold]{title}[/]")
        out.print(rows)


def _plain(text: str) -> str:
    """Return `text` with its square brackets kept from being read as colours."""
    return text.replace("[", "\\[")


def _conclude(out: Console, faults: int, notes: int) -> None:
    if faults:
        out.print(f"\n[bold red]{faults} fault(s)[/]: see the remedies above.")
    else:
        said = f", {notes} note(s) on what you may not need" if notes else ""
        out.print(f"\n[green]All is well[/]{said}.")
