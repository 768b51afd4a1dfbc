"""The settings that every controller node has."""

from __future__ import annotations

from dataclasses import dataclass

from rl_control.config import setting
from rl_control.safety.settings import SafetyConfig
from rl_control.tasks.reach import ReachConfig


@dataclass(frozen=True)
class ControllerConfig:
    """Settings that every controller node has."""

    robot: str = setting("iiwa7", doc="Robot to control: a name, or the path of a URDF or xacro")
    tip: str = setting("", doc="Tip link; empty for the robot's own")
    autostart: bool = setting(True, doc="Configure and activate without being asked")
    realtime_priority: int = setting(
        20, doc="Real-time priority asked for once active, 1 to 99; 0 for none", low=0, high=99
    )
    velocity_scale: float = setting(
        1.0,
        doc="Share of the robot's velocity limits that may be used",
        low=0.01,
        high=1.0,
        live=True,
    )
    effort_scale: float = setting(
        1.0,
        doc="Share of the robot's effort limits that may be used",
        low=0.01,
        high=1.0,
        live=True,
    )
    state_topic: str = setting("joint_states", doc="Topic of joint states")
    state_reliable: bool = setting(
        True, doc="Ask for reliable joint states; false for a driver that sends best effort"
    )
    startup_timeout: float = setting(
        2.0,
        doc="Time in which joint states with all the arm's joints must appear once some come",
        unit="s",
        low=0.1,
        high=60.0,
    )
    tip_pose_topic: str = setting(
        "", doc="Topic of a sensor that measures the tip pose (PoseStamped); empty for none"
    )
    command_topic: str = setting("effort_controller/commands", doc="Topic to send commands on")
    command_interface: str = setting(
        "effort", doc="What the arm takes", choices=("effort", "velocity", "position")
    )
    command_joints: tuple[str, ...] = setting(
        (), doc="Joint order of commands; none for the robot's own"
    )
    rate: float = setting(
        200.0, doc="Joint states expected a second", unit="Hz", low=1.0, high=10_000.0
    )
    deadline_share: float = setting(
        0.8,
        doc="Share of the time between two states after which a command leaves, from an older "
        "plan if need be",
        low=0.05,
        high=1.0,
        live=True,
    )
    lock_step: bool = setting(
        False, doc="Wait for every plan and take stamps for the time, so that runs repeat exactly"
    )
    real_time_factor: float = setting(
        1.0,
        doc="Seconds of the states' stamps that pass in a second: arm_sim's setting of that name",
        low=0.01,
        high=100.0,
        live=True,
    )
    avoid_collision: bool = setting(
        True, doc="Refuse goals that end in collision with the floor or the arm (needs PyBullet)"
    )
    plan_rate: float = setting(
        10.0,
        doc="Plans and tip paths published a second",
        unit="Hz",
        low=0.1,
        high=100.0,
        live=True,
    )
    diagnostics_rate: float = setting(
        2.0, doc="Diagnostics a second", unit="Hz", low=0.1, high=50.0, live=True
    )
    task: ReachConfig = setting(
        default_factory=ReachConfig,
        doc="The reach; weights that are not given come from the robot's settings file",
    )
    safety: SafetyConfig = setting(default_factory=SafetyConfig, doc="The safety filter")
