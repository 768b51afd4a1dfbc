"""Writes the pages under docs/reference/ that follow from the code.

python docs/generate.py [--check]

With --check nothing is written; the exit status tells whether a page is out of date.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from generate_command_line import command_line_page
from generate_launch_files import launch_files_page
from generate_parameters import parameters_page

REFERENCE = Path(__file__).resolve().parent / "reference"
NOTE = "<!-- Written by docs/generate.py: change the code, then `make docs`. -->\n\n"
PAGES = {
    "parameters.md": parameters_page,
    "command_line.md": command_line_page,
    "launch_files.md": launch_files_page,
}


def main() -> int:
    """Write the pages, or compare them; return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--check", action="store_true", help="only say which pages are out of date")
    check = parser.parse_args().check
    texts = {REFERENCE / name: NOTE + make() for name, make in PAGES.items()}
    stale = [path for path, text in texts.items() if _content(path) != text]
    for path in stale:
        name = f"docs/reference/{path.name}"
        if check:
            print(f"{name} is out of date: run `make docs`.", file=sys.stderr)
        else:
            path.write_text(texts[path], encoding="utf-8")
            print(f"wrote {name}")
    return int(check and bool(stale))


def _content(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


if __name__ == "__main__":
    sys.exit(main())
