"""The start of a node's process: quick to leave while it is still loading."""

from __future__ import annotations

import os
import signal
from importlib import import_module
from types import FrameType


def run_node(module: str, name: str) -> None:
    """Import the node class `name` from `module` and run it until it is asked to stop."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _leave)
    node_class = getattr(import_module(module), name)
    import_module("rl_control.ros.process").main(node_class)


def _leave(number: int, frame: FrameType | None) -> None:
    # Nothing has been commanded yet, so there is nothing to make safe.
    os._exit(0)
