"""Executable: the node mpc_controller (see `mpc_node`)."""

from __future__ import annotations

from rl_control.ros.entry import run_node


def main() -> None:
    """Run the node."""
    run_node("rl_control.ros.mpc_node", "MpcController")


if __name__ == "__main__":
    main()
