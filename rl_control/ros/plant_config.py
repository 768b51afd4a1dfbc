"""The settings of an arm behind topics."""

from __future__ import annotations

from dataclasses import dataclass

from rl_control.config import setting


@dataclass(frozen=True)
class RosPlantConfig:
    """Where the arm's topics are, and what is expected of them."""

    period: float = setting(
        0.005, doc="Time between two joint states, by their stamps", unit="s", low=1e-4, high=1.0
    )
    timeout: float = setting(
        1.0,
        doc="Time without a new joint state after which the arm is lost",
        unit="s",
        low=0.01,
        high=60.0,
    )
    startup_timeout: float = setting(
        10.0,
        doc="Time in which joint states with all the arm's joints must appear",
        unit="s",
        low=1.0,
        high=300.0,
    )
    discovery_time: float = setting(
        3.5,
        doc="Time after the start in which others who command the arm become known; nodes make "
        "themselves known every 3 s",
        unit="s",
        low=0.0,
        high=60.0,
    )
    state_topic: str = setting("joint_states", doc="Topic of joint states")
    state_reliable: bool = setting(
        True, doc="Ask for reliable joint states; false for a driver that sends best effort"
    )
    command_topic: str = setting("effort_controller/commands", doc="Topic of effort commands")
    command_joints: tuple[str, ...] = setting(
        (), doc="Joint order of effort commands; none for the robot's own"
    )
    reset_service: str = setting(
        "arm_sim/reset", doc="Service that brings a simulated arm home; unused where there is none"
    )
    reset_speed: float = setting(
        0.1,
        doc="Greatest speed of a move to the start, as a share of the velocity limits",
        low=0.001,
        high=0.5,
    )
    reset_tolerance: float = setting(
        0.1,
        doc="How far a joint may be from its path before a move to the start is stopped",
        unit="rad or m",
        low=1e-4,
        high=1.0,
    )
