"""Executable: the node bag_recorder (see `recorder_node`)."""

from __future__ import annotations

import os

from rl_control.ros.entry import run_node


def main() -> None:
    """Run the node."""
    # Before any library is loaded that would take every core for a small matrix.
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    run_node("rl_control.ros.recorder_node", "BagRecorder")


if __name__ == "__main__":
    main()
