"""Executable: the node policy_controller (see `policy_node`)."""

from __future__ import annotations

from rl_control.ros.entry import run_node


def main() -> None:
    """Run the node."""
    run_node("rl_control.ros.policy_node", "PolicyController")


if __name__ == "__main__":
    main()
