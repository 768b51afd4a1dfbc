"""Executable: the node arm_sim (see `arm_sim_node`)."""

from __future__ import annotations

from rl_control.ros.entry import run_node


def main() -> None:
    """Run the node."""
    run_node("rl_control.ros.arm_sim_node", "ArmSim")


if __name__ == "__main__":
    main()
