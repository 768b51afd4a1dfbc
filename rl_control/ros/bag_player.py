"""Executable: the node bag_player (see `player_node`)."""

from __future__ import annotations

from rl_control.ros.entry import run_node


def main() -> None:
    """Run the node."""
    run_node("rl_control.ros.player_node", "BagPlayer")


if __name__ == "__main__":
    main()
