"""Executable: the node browser_view (see `view_node`)."""

from __future__ import annotations

import sys
from importlib.util import find_spec

from rl_control.errors import MissingDependencyError
from rl_control.ros.entry import run_node


def main() -> None:
    """Run the node."""
    if find_spec("viser") is None:
        print(f"error: {MissingDependencyError('viser', 'browser_view', 'view')}", file=sys.stderr)
        sys.exit(2)
    run_node("rl_control.ros.view_node", "BrowserView")


if __name__ == "__main__":
    main()
